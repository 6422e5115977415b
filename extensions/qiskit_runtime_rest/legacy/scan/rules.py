"""The rows of the tables as rules: the name of each in findings, and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..sdk_table import SDK_USES, SdkUse
from ..table import FIELDS, HOSTS, MIGRATION_COMMAND, ROUTES, Field, Host, Route
from .addresses import Address

__all__ = [
    "LEFT",
    "RULES",
    "TAKES_IAM",
    "TOKEN",
    "Rule",
    "address_rule",
    "classic_fields",
    "field_named",
    "field_rule",
    "is_ordinary",
    "leftover",
    "sdk_rule",
]

V1_HOST = "quantum.cloud.ibm.com"
V1_BASE = f"https://{V1_HOST}/api/v1"
IAM_BASE, IAM_TOKEN_PATH = "https://iam.cloud.ibm.com/identity", "/token"
IAM = f"POST {IAM_BASE}{IAM_TOKEN_PATH} with an IBM Cloud API key"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the tables.

    Attributes:
        id: its kind and name: `route/get-jobs`.
        title: its name in the table.
        becomes: what to write now.
        anchor: its anchor on the migration page.
    """

    id: str
    title: str
    becomes: str
    anchor: str

    @property
    def link(self) -> str:
        """The command that shows the rule on the migration page."""
        return f"{MIGRATION_COMMAND}#{self.anchor}"


def base_of(host: Host) -> str:
    """The replacement of the host's address."""
    return IAM if host.serves == "auth" else V1_BASE


def host_rule(host: Host) -> Rule:
    """The rule of a host."""
    return Rule(id=f"host/{host.name}", title=f"https://{host.name}", becomes=base_of(host), anchor=host.anchor)


def route_rule(route: Route) -> Rule:
    """The rule of a call."""
    return Rule(
        id=f"route/{route.anchor}",
        title=f"{route.method} {route.path}",
        becomes=becomes_of([route]),
        anchor=route.anchor,
    )


def field_rule(field: Field) -> Rule:
    """The rule of a header, parameter or key."""
    return Rule(id=f"{field.where}/{field.name}", title=f"{field.name}", becomes=field.instead, anchor=field.anchor)


def sdk_rule(use: SdkUse) -> Rule:
    """The rule of a use of an SDK."""
    return Rule(id=f"sdk/{use.kind}/{use.name}", title=use.name, becomes=use.instead, anchor=use.anchor)


LEFT = Rule(
    id="left-to-do",
    title="# qrr:",
    becomes="do what the comment says, then remove it",
    anchor="left-to-do",
)
"""A comment of `fix` that is still there."""


def becomes_of(routes: Iterable[Route]) -> str:
    """The distinct replacements of calls; for removed calls, with the reason."""
    texts = (
        route.instead if not route.removed else f"{route.removed}. {route.instead}".rstrip(". ") for route in routes
    )
    return "; ".join(dict.fromkeys(texts))


def leftover(route: Route) -> bool:
    """Whether more than the address must be changed."""
    return not same_names(route) or (route.instead != route.v1 and renamed(route) == {})


def same_names(route: Route) -> bool:
    """Whether the address in v1 differs in host and hyphens only."""
    if route.v1 is None:
        return False
    old, new = route.path.split("/"), v1_path(route).split("/")
    return len(old) == len(new) and all(
        one.startswith("{") == other.startswith("{") and (one.startswith("{") or one.replace("-", "_") == other)
        for one, other in zip(old, new, strict=True)
    )


def renamed(route: Route) -> dict[int, str]:
    """The segments of the path that have another spelling in v1, by place. `same_names` must hold."""
    pairs = zip(route.path.split("/"), v1_path(route).split("/"), strict=True)
    return {place: new for place, (old, new) in enumerate(pairs) if not old.startswith("{") and old != new}


def v1_path(route: Route) -> str:
    """The path in v1, without `/v1`."""
    return (route.v1 or "").partition(" ")[2].removeprefix("/v1")


RULES: tuple[Rule, ...] = (
    *map(host_rule, HOSTS),
    *map(route_rule, ROUTES),
    *map(field_rule, FIELDS),
    *map(sdk_rule, SDK_USES),
    LEFT,
)


TOKEN = next(one for one in FIELDS if one.where == "header")
TAKES_IAM = re.compile(
    "|".join(map(re.escape, ("iam.cloud.ibm.com", V1_HOST, *(one.name for one in HOSTS if one.serves == "cloud"))))
)
"""Services that take the bearer tokens that v1 takes; a program that speaks to one of them has such a token."""


def address_rule(address: Address, routes: Iterable[Route]) -> tuple[Rule, str]:
    """The rule of an address: that of the first route, or of the host; and the replacements of all routes."""
    routes = tuple(routes)
    if routes:
        return route_rule(routes[0]), becomes_of(routes)
    if address.host is None:
        raise ValueError("expected an address with a host or with routes")
    rule = host_rule(address.host)
    return rule, rule.becomes


def field_named(name: str) -> Field | None:
    """The row for a header, parameter or key; the case of headers does not matter."""
    return next(
        (one for one in FIELDS if name == one.name or (one.where == "header" and name.lower() == one.name)), None
    )


def is_ordinary(field: Field) -> bool:
    """Whether the name is an ordinary word, which alone is not evidence."""
    return field.name.isalpha() and field.name.islower()


def classic_fields(names: Iterable[str]) -> bool:
    """Whether keys of one object can only be those of a classic body."""
    fields = [field for field in map(field_named, names) if field]
    words = {field.name for field in fields}
    return any(not is_ordinary(field) for field in fields) or ("hub" in words and bool(words & {"group", "project"}))
