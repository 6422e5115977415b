"""The files of a device: those that qiskit-ibm-runtime ships, and those of a user."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import field, frozen

__all__ = ["Snapshot", "find", "names"]

# Two snapshots have internal names.
_RENAMED = {"alt_auckland": "ibm_auckland", "alt_cairo": "ibm_cairo"}

_NAME_IN_FILE = re.compile(r'"backend_name"\s*:\s*"([^"]+)"')


@frozen
class Snapshot:
    """Two JSON files, in the form of `get_backend_configuration` and `get_backend_properties`."""

    configuration: Path = field(repr=False)
    properties: Path = field(repr=False)

    @property
    def defaults(self) -> Path:
        """Pulse defaults, which current versions of qiskit-ibm-runtime do not ship."""
        return self.configuration.with_name(self.configuration.name.replace("conf_", "defs_"))


def names() -> tuple[str, ...]:
    """The names of the snapshots of qiskit-ibm-runtime, in alphabetical order."""
    return tuple(sorted(_shipped()))


def find(source: str) -> Snapshot:
    """The snapshot of that name, or of the files that `CONFIGURATION.json,PROPERTIES.json` names.

    Raises:
        KeyError: there is no snapshot of that name.
        ValueError: a file cannot be read, or is not of a device.
    """
    configuration, comma, properties = source.partition(",")
    if not comma:
        return _shipped()[source]
    snapshot = Snapshot(Path(configuration).resolve(), Path(properties).resolve())
    _check(snapshot.configuration, "n_qubits", "basis_gates", "gates", "backend_version", "online_date")
    _check(snapshot.properties, "qubits", "gates", "general", "last_update_date")
    return snapshot


def _check(path: Path, *members: str) -> None:
    try:
        content: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    missing = [member for member in members if not isinstance(content, dict) or member not in content]
    if missing:
        raise ValueError(f"{path}: expected a JSON object with {', '.join(missing)}.")


@cache
def _shipped() -> dict[str, Snapshot]:
    spec = find_spec("qiskit_ibm_runtime")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "The embedded service takes its devices from qiskit-ibm-runtime, which is not installed. "
            "Install it with: pip install 'qiskit-runtime-rest[emulator]'"
        )
    backends = Path(spec.submodule_search_locations[0], "fake_provider", "backends")
    found = {}
    for path in sorted(backends.glob("*/conf_*.json")):
        match = _NAME_IN_FILE.search(path.read_text())
        if match and path.stem == f"conf_{path.parent.name}":
            properties = path.with_name(f"props_{path.parent.name}.json")
            found[_RENAMED.get(match[1], match[1])] = Snapshot(path, properties)
    return found
