"""Find the instance that a hub/group/project stands for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ..messages import INVALID_INPUT, UNKNOWN_INSTANCE, ClassicError

__all__ = ["ANY_NAME", "Instances", "named_instance"]

VARIABLE = "QRR_CLASSIC_INSTANCES"
"""Environment variable with the mapping: JSON, or the path of a JSON file."""

ALL = "*"
ANY_NAME = "ibm-q/open/main"
"""The name that all users had: it stands for the instance if there is no mapping."""
CRN = "crn:"
PARTS = ("hub", "group", "project")
WHOLE = ("provider", "instance")
HEADER = "service-crn"


class Instances:
    """Map `hub/group/project` to the CRN of an instance; the entry `*` stands for all other names."""

    def __init__(self, mapping: Mapping[str, str] | str | Path | None = None, *, default: str | None = None) -> None:
        """Read the mapping, or else that of the environment.

        Args:
            mapping: `{"ibm-q/open/main": "crn:..."}`, or the path of a JSON file with it.
            default: the CRN if there is no mapping, and for calls that name no instance.

        Raises:
            ConfigurationError: the mapping cannot be read, or has another form.
        """
        self._mapping = _checked(mapping if mapping is not None else os.environ.get(VARIABLE))
        self._default = default

    @property
    def is_mapped(self) -> bool:
        """Whether there is a mapping, rather than one instance for all."""
        return bool(self._mapping)

    @property
    def any(self) -> str | None:
        """An instance for calls that name none."""
        return self._mapping.get(ALL) or self._default or next(iter(self._mapping.values()), None)

    @property
    def names(self) -> list[str]:
        """Every hub/group/project of the mapping."""
        return [name for name in self._mapping if name != ALL]

    @property
    def crns(self) -> list[str]:
        """Every CRN of the mapping, once."""
        return list(dict.fromkeys(self._mapping.values()))

    def crn(self, name: str | None) -> str | None:
        """The CRN for `name`; None: that of the settings.

        Args:
            name: hub/group/project, or a CRN, which stands for itself; None if the call names no instance.

        Raises:
            ClassicError: 403: the mapping has no entry for the name.
        """
        if name is None:
            return self.any
        if name.startswith(CRN):
            return name
        if not self._mapping:
            return self._default
        found = self._mapping.get(name) or self._mapping.get(ALL)
        if found is None:
            raise ClassicError(UNKNOWN_INSTANCE, f"{name!r} is not in the mapping.")
        return found

    def name_of(self, crn: str | None) -> str | None:
        """The hub/group/project with this `crn`, if there is exactly one."""
        names = [name for name in self.names if self._mapping[name] == crn]
        return names[0] if len(names) == 1 else None


def _checked(given: Mapping[str, str] | str | Path | None) -> dict[str, str]:
    if given is None or given == "":
        return {}
    value = given if isinstance(given, Mapping) else _read(given)
    if not isinstance(value, Mapping):
        raise ConfigurationError(_form("it is not a JSON object"))
    for name, crn in value.items():
        if not isinstance(crn, str) or not crn.startswith(CRN):
            raise ConfigurationError(_form(f"the value of {name!r} is not a CRN"))
        if name != ALL and len(str(name).split("/")) != len(PARTS):
            raise ConfigurationError(_form(f"{name!r} does not have the form hub/group/project"))
    return dict(value)


def _read(given: str | Path) -> object:
    inline = isinstance(given, str) and given.lstrip().startswith("{")
    try:
        return json.loads(str(given) if inline else Path(given).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the mapping from hub/group/project to CRN: {error}.") from error
    except ValueError as error:
        raise ConfigurationError(_form(f"it is not JSON ({error})")) from error


def _form(why: str) -> str:
    return (
        f"the mapping from hub/group/project to CRN is not valid: {why}. "
        'Expected for example {"ibm-q/open/main": "crn:v1:...", "*": "crn:v1:..."}.'
    )


def named_instance(
    path: Mapping[str, str], query: Mapping[str, list[str]], body: Any, headers: Mapping[str, str]
) -> str | None:
    """The instance that a request names, as `hub/group/project` or CRN; None if it names none.

    Args:
        path: the names in the path, of which some may be `PARTS`.
        query, body, headers: of the request.

    Raises:
        ClassicError: 400: a field is not a string, or only some of hub, group and project are given.
    """
    given: dict[str, Any] = {name: path[name] for name in PARTS if name in path}
    given |= {name: values[-1] for name, values in query.items() if name in (*PARTS, *WHOLE)}
    if isinstance(body, dict):
        given |= {name: body[name] for name in (*PARTS, *WHOLE) if body.get(name) is not None}
    if any(not isinstance(value, str) for value in given.values()):
        raise ClassicError(INVALID_INPUT, "hub, group, project, provider and instance must be strings.")
    for name in WHOLE:
        if given.get(name):
            return str(given[name])
    parts = [given.get(name) for name in PARTS]
    if any(parts):
        if not all(parts):
            raise ClassicError(INVALID_INPUT, "hub, group and project must be given together.")
        return "/".join(str(part) for part in parts)
    return headers.get(HEADER) or None
