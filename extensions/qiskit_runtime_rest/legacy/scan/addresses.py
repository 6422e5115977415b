"""Classic addresses in text of any language, and what a file shows as a whole. Both are read from the tables.

A *hole* is a part of an address that only the running program knows. Python's are one character, `HOLE`. The text of
other languages is searched for their notations: `${id}`, `{id}`, `<id>`, `%s`, `" + id + "`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..sdk_table import SDK_USES
from ..table import HOSTS, Host, Route, find_host, find_route, without_spellings

__all__ = [
    "HOLE",
    "MARK",
    "METHODS",
    "Address",
    "Evidence",
    "addresses",
    "classic",
    "distinct",
    "holed",
    "imports",
    "path_address",
    "routes_of",
]

HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""All methods, in the order in which they are tried for a call whose method is not known."""

DISTINCT = ("/users/loginWithToken", "/stream/jobs/", "/analytics/usage-grouped")
"""Beginnings of paths that only the classic API has; so is `FACADE`."""
FACADE = "/facade/v1/"

_JOIN = r"\s*+(?:(?:[+.,&]|\.\.|<>|~)\s*+)?"
HOLES = re.compile(
    r"\$?\{\{?[\w.()\[\]$:-]*\}?\}|\$\w+|%[sd]|(?<=/)<[\w -]+>|(?<=/):\w+"
    rf"|[\"'`]{_JOIN}[\w.$()\[\]]+{_JOIN}[\"'`](?=/)"
)
"""Notations of holes. The last one: a string ends, something is added, the next string begins."""

_SEGMENT = rf"(?:[\w.~%@!*=&+$-]|{HOLE})*"
_PATH = rf"(?:/{_SEGMENT})*"
_NAMES = "|".join(re.escape(host.name) for host in HOSTS)
ADDRESS = re.compile(
    rf"(?P<scheme>(?:https?|wss?)://)?(?:(?<![\w.+:-])[\w.+:-]+@)?(?<![\w.-])(?P<host>{_NAMES})(?P<port>:\d+)?(?![\w-]|\.\w)"
    rf"(?P<path>{_PATH})(?P<query>\?[^\s\"'`<>]*)?",
    re.IGNORECASE,
)
PATH = re.compile(rf"(?P<path>{_PATH})(?P<query>\?[^\s\"'`<>]*)?")
CLASSIC = re.compile("|".join([_NAMES, *map(re.escape, (*DISTINCT, FACADE))]), re.IGNORECASE)
V1 = "quantum.cloud.ibm.com/api/v1"
REMARKS = re.compile(
    r"""^[ \t]*(?:(?:\#|//|\*|/\*|--|%)[^\n]*|(?:\"{3}.{0,5000}?\"{3}|'{3}.{0,5000}?'{3})[ \t]*$)""",
    re.MULTILINE | re.DOTALL,
)
"""Comments on lines of their own, and docstrings."""
IMPORT = re.compile(r"\b(?:from|import|require|source|include|load|mod|use)\b[^\n;]{0,200}")
OURS = re.compile(r"(/api)?/v1(/|$)")

MARK = "# qrr: "
"""The beginning of the comments of `fix`."""
ABOUT_FIELDS = re.compile(rf"^[^\n#]*{MARK}.*#(?!sdk-)[\w-]+\s*$", re.MULTILINE)
SDK = re.compile(
    r"\bIBMQ\b|\bqiskit_ibm_runtime\b|\bQiskitRuntimeService\b|\bibm_quantum\b|"
    + "|".join(re.escape(use.name) for use in SDK_USES if use.kind in ("package", "module"))
)


@dataclass(frozen=True, kw_only=True)
class Address:
    """One classic address.

    Attributes:
        start, end: its span in the text, without its query.
        host: the classic host; None for a path without a host.
        scheme: `https://` and the like, or empty.
        base_end: the end of host and spellings, before the route's path.
        path: the route's path, with holes; empty for a host only.
        query: from `?` on, or empty.
    """

    start: int
    end: int
    host: Host | None
    scheme: str
    base_end: int
    path: str
    query: str


def holed(text: str) -> str:
    """`text` with `HOLE` for each character of a hole, so that offsets stay the same."""
    return HOLES.sub(lambda match: HOLE * len(match[0]), text)


def classic(text: str) -> bool:
    """Whether the text has something that only the classic API had."""
    return CLASSIC.search(text) is not None


def addresses(text: str) -> Iterator[Address]:
    """The addresses with a classic host in `text`."""
    for match in ADDRESS.finditer(text):
        host = find_host(match["host"])
        path = match["path"]
        # A full stop or comma that ends a sentence does not belong to the address.
        path = path.rstrip(".,;!") if path.endswith((".", ",", ";", "!")) and not match["query"] else path
        bare = without_spellings(path)
        yield Address(
            start=match.start(),
            end=match.start("path") + len(path),
            host=host,
            scheme=(match["scheme"] or "").lower(),
            base_end=match.start("path") + len(path) - len(bare),
            path=bare.rstrip("/"),
            query=match["query"] or "",
        )


def path_address(text: str) -> Address | None:
    """The address if `text` is only a path, perhaps after a hole for the host; else None.

    A path that begins with `/v1/` is not classic, unless `/facade` stands before it.
    """
    skipped = len(text) - len(text.lstrip(HOLE))
    match = PATH.fullmatch(text, skipped)
    if not match or not match["path"] or OURS.match(match["path"]):
        return None
    bare = without_spellings(match["path"])
    return Address(
        start=skipped,
        end=match.end("path"),
        host=None,
        scheme="",
        base_end=match.end("path") - len(bare),
        path=bare.rstrip("/") if bare != "/" else "",
        query=match["query"] or "",
    )


@lru_cache(maxsize=10_000)
def routes_of(path: str, method: str | None) -> tuple[Route, ...]:
    """The rows for a route's path; those of all methods if the method is not known."""
    found = [find_route(one, path) for one in ([method] if method else METHODS)] if path else []
    return tuple(match.route for match in found if match)


def distinct(path: str, address: Address) -> bool:
    """Whether only the classic API had this path without a host."""
    return path[address.start :].startswith(FACADE) or address.path.startswith(DISTINCT)


def imports(text: str) -> set[str]:
    """The words of the imports in a text of any language."""
    return {word for line in IMPORT.findall(text) for word in re.findall(r"[\w-]+", line)}


@dataclass(frozen=True)
class Evidence:
    """What a file shows as a whole. Words such as "project" count only if something else in the file is classic.

    Attributes:
        addresses: whether it has a classic host, or a path that only the classic API had.
        fields: the same, or a comment of `fix` about a field.
        sdk: whether it uses an SDK of the classic service or of v1.
        left: whether it has any comment of `fix`.
    """

    addresses: bool
    fields: bool
    sdk: bool
    left: bool

    @classmethod
    def of(cls, text: str, *, linked: bool = False) -> Evidence:
        """The evidence in `text`. `linked`: whether it imports a file with a classic address.

        A program of v1 that names a classic host only in comments and docstrings shows nothing.
        """
        addresses = linked or (classic(text) and not (V1 in text and not classic(REMARKS.sub("", text))))
        fields = addresses or bool(ABOUT_FIELDS.search(text))
        return cls(addresses=addresses, fields=fields, sdk=bool(SDK.search(text)), left=MARK in text)

    def __bool__(self) -> bool:
        """Whether there is anything to search for."""
        return self.fields or self.sdk or self.left
