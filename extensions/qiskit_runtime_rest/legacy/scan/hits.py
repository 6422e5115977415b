"""What a reader of one language notes, and what it may rely on in the rest of the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from ..sdk_table import SDK_USES
from ..table import FIELDS, Field, Route
from . import rules
from .finding import Rule
from .matching import Address, classic

__all__ = ["MARK", "Evidence", "Hit", "Lines", "address_rule", "classic_fields", "field_named", "is_ordinary"]

MARK = "# qrr: "
"""How the comments of `fix` begin."""

ABOUT_FIELDS = re.compile(rf"{MARK}.*#(?!sdk-)[\w-]+\s*$", re.MULTILINE)

SDK = re.compile(
    r"\bIBMQ\b|\bqiskit_ibm_runtime\b|\bQiskitRuntimeService\b|\bibm_quantum\b|"
    + "|".join(re.escape(use.name) for use in SDK_USES if use.kind in ("package", "module"))
)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A finding within one piece of text: `line` and `column` from 1."""

    line: int
    column: int
    found: str
    rule: Rule
    becomes: str
    safe: bool = False


@dataclass(frozen=True)
class Evidence:
    """What a file shows as a whole: words like "project" count only where something else is classic.

    Attributes:
        addresses: a classic host, or a path that nothing else has.
        fields: that, or a comment of `fix` about one.
        sdk: an SDK that spoke to the classic service, or speaks to v1.
        left: any comment of `fix`.
    """

    addresses: bool
    fields: bool
    sdk: bool
    left: bool

    @classmethod
    def of(cls, text: str) -> Evidence:
        """What `text` shows."""
        addresses = classic(text)
        fields = addresses or bool(ABOUT_FIELDS.search(text))
        return cls(addresses=addresses, fields=fields, sdk=bool(SDK.search(text)), left=MARK in text)

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return self.fields or self.sdk or self.left


class Lines:
    """Mutex offsets into lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        """Find the lines of `text`."""
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def address_rule(address: Address, routes: Iterable[Route]) -> tuple[Rule, str]:
    """The rule of an address, and what it becomes: that of the first call it may be, with all of them named."""
    routes = tuple(routes)
    if routes:
        return rules.route_rule(routes[0]), rules.becomes_of(routes)
    if address.host is None:
        raise ValueError("A path without a host that no row has is no finding.")
    rule = rules.host_rule(address.host)
    return rule, rule.becomes


def field_named(name: str) -> Field | None:
    """The row for a header, parameter or key; headers in any case."""
    return next(
        (one for one in FIELDS if name == one.name or (one.where == "header" and name.lower() == one.name)), None
    )


def is_ordinary(field: Field) -> bool:
    """Whether the name is an ordinary word, which by itself says nothing."""
    return field.name.isalpha() and field.name.islower()


def classic_fields(names: Iterable[str]) -> bool:
    """Whether keys that stand together can only be those of a classic body."""
    fields = [field for field in map(field_named, names) if field]
    words = {field.name for field in fields}
    return any(not is_ordinary(field) for field in fields) or ("hub" in words and bool(words & {"group", "project"}))
