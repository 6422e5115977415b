"""The tables as rules: what each row is called in findings, and what it becomes."""

from __future__ import annotations

from collections.abc import Iterable

from ..sdk_table import SDK_USES, SdkUse
from ..table import FIELDS, HOSTS, ROUTES, Field, Host, Route
from .finding import Rule

__all__ = ["LEFT", "RULES", "base_of", "becomes_of", "field_rule", "host_rule", "leftover", "route_rule", "sdk_rule"]

V1_BASE = "https://quantum.cloud.ibm.com/api/v1"
IAM = "POST https://iam.cloud.ibm.com/identity/token with an IBM Cloud API key"


def base_of(host: Host) -> str:
    """What takes the place of the host's address."""
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
"""A comment that `fix` left and nobody has dealt with."""


def becomes_of(routes: Iterable[Route]) -> str:
    """What calls become, each once, removed ones with the reason."""
    texts = (
        route.instead if not route.removed else f"{route.removed}. {route.instead}".rstrip(". ") for route in routes
    )
    return "; ".join(dict.fromkeys(texts))


def leftover(route: Route) -> bool:
    """Whether there is more to change than the address."""
    return not same_names(route) or (route.instead != route.v1 and renamed(route) == {})


def same_names(route: Route) -> bool:
    """Whether the address of v1 differs in host and hyphens only."""
    if route.v1 is None:
        return False
    old, new = route.path.split("/"), v1_path(route).split("/")
    return len(old) == len(new) and all(
        one.startswith("{") == other.startswith("{") and (one.startswith("{") or one.replace("-", "_") == other)
        for one, other in zip(old, new, strict=True)
    )


def renamed(route: Route) -> dict[int, str]:
    """The segments of the path that are spelled otherwise now, where `same_names` holds."""
    pairs = zip(route.path.split("/"), v1_path(route).split("/"), strict=True)
    return {place: new for place, (old, new) in enumerate(pairs) if not old.startswith("{") and old != new}


def v1_path(route: Route) -> str:
    """The path of v1, without `/v1`."""
    return (route.v1 or "").partition(" ")[2].removeprefix("/v1")


RULES: tuple[Rule, ...] = (
    *map(host_rule, HOSTS),
    *map(route_rule, ROUTES),
    *map(field_rule, FIELDS),
    *map(sdk_rule, SDK_USES),
    LEFT,
)
