"""Fault rules: which requests they spoil, how, and how often; and ready-made rules for the page."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import asdict, evolve, field, fields, frozen, validators

from .errors import BACKEND_RESERVED, INTERNAL_ERROR, INVALID_CREDENTIALS, TOO_MANY_REQUESTS, ErrorKind, error_body

__all__ = ["KINDS", "PRESETS", "FaultRule", "FaultRules", "Preset"]

_OUTAGE = ErrorKind(1999, 503, "Planned outage.", "Wait; the service will be back soon.")
_EDGE_HEADERS = {"CF-RAY": "8f0e0e0e0e0e0e0e-FRA", "Server": "cloudflare"}


def _html(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


def _page(title: str) -> dict[str, Any]:
    return {"html": _html(title)}


def _error(kind: ErrorKind) -> dict[str, Any]:
    return {"status": kind.status, "body": error_body(kind)}


# For each kind of fault: the default values of a rule's fields.
KINDS: Mapping[str, Mapping[str, Any]] = {
    "answer": {"status": 500},
    "server_error": _error(INTERNAL_ERROR),
    "unavailable": _error(_OUTAGE),
    "bad_gateway": {"status": 502, **_page("502 Bad Gateway")},
    "rate_limited": _error(TOO_MANY_REQUESTS),
    "expired_token": _error(INVALID_CREDENTIALS),
    "backend_reserved": _error(BACKEND_RESERVED),
    "edge_error": {
        "status": 520,
        "headers": _EDGE_HEADERS,
        **_page("Web server is returning an unknown error | 520"),
    },
    "edge_block": {"status": 403, "headers": _EDGE_HEADERS, **_page("Sorry, you have been blocked")},
    "reset": {"reset": True},
    "reset_after": {"reset": True, "when": "after"},
    "truncated": {"keep": 0.5},
    "slow": {"chunks": 10, "pause": 0.05},
    "delay": {"delay": 1.0},
    "unknown_status": {"replace": {"status": "Reticulating", "state.status": "Reticulating"}},
    "null": {"replace": {"created": None, "started_at": None, "timestamps": None}},
}


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_LONGEST_SECONDS = 86_400.0

_Check = Callable[[Any, Any, Any], None]


def _kind(*kinds: type) -> _Check:
    """A value of these types; `True` is not a number."""

    def check(_: Any, field: Any, value: Any) -> None:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"{field.name}={value!r:.100}: must be {' or '.join(kind.__name__ for kind in kinds)}.")

    return check


def _number(*, least: float, most: float = math.inf) -> list[_Check]:
    return [_kind(int, float), validators.ge(least), validators.le(most)]


def _count(*, least: int) -> list[_Check]:
    return [_kind(int), validators.ge(least)]


def _headers(_: Any, field: Any, value: Any) -> None:
    for name, text in value.items():
        if not _TOKEN.fullmatch(name) or not isinstance(text, str) or not _VALUE.fullmatch(text):
            raise ValueError(f"{field.name}: {name!r:.100}: {text!r:.100} cannot be sent as a header.")


def _header_value(_: Any, field: Any, value: Any) -> None:
    if not _VALUE.fullmatch(str(value)):
        raise ValueError(f"{field.name}={value!r:.100} cannot be sent in a header.")


def _utf8(_: Any, field: Any, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{field.name} cannot be sent as UTF-8.") from None


@frozen(kw_only=True)
class FaultRule:
    """One rule. Its effects happen in the order of the fields below `seed`.

    operation: plain name or contract id of an operation, with `*` and `?` as wildcards.
    times: the number of requests it spoils; `None` for no limit. probability: the share of requests, from 0 to 1.
    skip: the number of matching requests that it lets pass first. seed: makes the random choice repeatable.
    delay: seconds to wait first. when: `before` (the request has no effect) or `after` it took effect.
    reset: reset the connection. status, headers, body (JSON) or html: the response to send instead.
    replace: values by dotted path in the JSON response, where that path exists. retry_after: a Retry-After header.
    keep: end the connection after this part (below 1) or number of bytes of the body.
    chunks, pause: send the body in this many pieces, with this many seconds between them.
    """

    id: int = 0
    operation: str = field(default="*", validator=_kind(str))
    kind: str = field(default="answer", validator=[_kind(str), validators.in_(KINDS)])
    times: int | None = field(default=None, validator=validators.optional(_count(least=1)))
    probability: float = field(default=1.0, validator=_number(least=0, most=1))
    skip: int = field(default=0, validator=_count(least=0))
    seed: int | None = field(default=None, validator=validators.optional(_kind(int)))
    delay: float = field(default=0.0, validator=_number(least=0, most=_LONGEST_SECONDS))
    when: str = field(default="before", validator=[_kind(str), validators.in_(("before", "after"))])
    reset: bool = field(default=False, validator=_kind(bool))
    status: int | None = field(
        default=None, validator=validators.optional([_kind(int), validators.ge(200), validators.le(599)])
    )
    headers: Mapping[str, str] = field(factory=dict, validator=[_kind(Mapping), _headers])
    body: Any = None
    html: str | None = field(default=None, validator=validators.optional([_kind(str), _utf8]))
    replace: Mapping[str, Any] = field(factory=dict, validator=_kind(Mapping))
    retry_after: float | str | None = field(
        default=None, validator=validators.optional([_kind(int, float, str), _header_value])
    )
    keep: float | None = field(default=None, validator=validators.optional(_number(least=0)))
    chunks: int = field(default=1, validator=_count(least=1))
    pause: float = field(default=0.0, validator=_number(least=0, most=_LONGEST_SECONDS))
    fired: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> FaultRule:
        """Read a rule from a JSON object; raises `ValueError` for unknown fields and wrong values."""
        settable = {attribute.name for attribute in fields(cls)} - {"id", "fired"}
        if not isinstance(given, Mapping) or not set(given) <= settable:
            unknown = ", ".join(sorted(set(given) - settable)) if isinstance(given, Mapping) else repr(given)
            raise ValueError(f"Not part of a fault rule: {unknown}. Known: {', '.join(sorted(settable))}.")
        kind = given.get("kind", "answer")
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"{kind!r} is not a kind of fault. Known: {', '.join(KINDS)}.")
        defaults = {"times": None if "probability" in given else 1, **KINDS[kind]}
        if {"body", "html"} & set(given):
            defaults = {name: value for name, value in defaults.items() if name not in {"body", "html"}}
        return cls(**{**defaults, **given})

    @property
    def replaces_response(self) -> bool:
        """Whether it sends its own response instead of the service's."""
        return self.status is not None

    def as_json(self) -> dict[str, Any]:
        """The rule, with its id and how often it fired."""
        return asdict(self)


class FaultRules:
    """The active rules. The first one that matches a request, and whose random choice is yes, spoils it."""

    def __init__(self, operations: frozenset[str]) -> None:
        """Start without rules. `operations`: the names of all operations."""
        self._operations = operations
        self._rules: dict[int, FaultRule] = {}
        self._chances: dict[int, random.Random] = {}
        self._added = 0

    def checked(self, rule: FaultRule) -> FaultRule:
        """Return the rule; raises `ValueError` if it matches no operation."""
        if not any(fnmatchcase(name, rule.operation) for name in self._operations):
            raise ValueError(f"{rule.operation!r} matches no operation. Known: {', '.join(sorted(self._operations))}.")
        return rule

    def add(self, rule: FaultRule) -> FaultRule:
        """Activate a rule and return it with its id; raises `ValueError` as `checked` does."""
        rule = self.checked(rule)
        self._added += 1
        rule = evolve(rule, id=self._added)
        self._rules[rule.id] = rule
        self._chances[rule.id] = random.Random(rule.seed)
        return rule

    def remove(self, rule_id: int) -> bool:
        """Remove a rule; returns whether it existed."""
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()
        self._chances.clear()

    def all(self) -> list[FaultRule]:
        """The rules in the order in which they are tried, including those used up."""
        return list(self._rules.values())

    def take(self, names: frozenset[str]) -> FaultRule | None:
        """The rule that spoils a request to the operation with these names, which counts as fired."""
        for rule in self._rules.values():
            if (rule.times is not None and rule.fired >= rule.times) or not any(
                fnmatchcase(name, rule.operation) for name in names
            ):
                continue
            if rule.skip:
                self._rules[rule.id] = evolve(rule, skip=rule.skip - 1)
            elif self._chances[rule.id].random() < rule.probability:
                self._rules[rule.id] = evolve(rule, fired=rule.fired + 1)
                return rule
        return None


@frozen
class Preset:
    """A named fault rule for the page; `rule` is a body of `POST /_emulator/faults`, without `times`."""

    name: str
    title: str
    effect: str
    rule: Mapping[str, Any]

    def made(self, rule: FaultRule) -> bool:
        """Whether an active rule is this preset, for any operation and any number of requests."""
        preset = FaultRule.parse(self.rule)
        kept = {name: getattr(rule, name) for name in ("id", "fired", "times", "probability", "skip", "seed")}
        if "operation" not in self.rule:
            kept["operation"] = rule.operation
        return evolve(preset, **kept) == rule

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"name": self.name, "title": self.title, "effect": self.effect, "rule": dict(self.rule)}


PRESETS = (
    Preset("server-error", "500 internal error", "JSON error of the service", {"kind": "server_error"}),
    Preset("unavailable", "503 planned outage", "JSON error of the service", {"kind": "unavailable"}),
    Preset("bad-gateway", "502 bad gateway", "an HTML page", {"kind": "bad_gateway"}),
    Preset("rate-limited", "429 with Retry-After", "wait for 2 s", {"kind": "rate_limited", "retry_after": 2}),
    Preset("rate-limited-plain", "429 without Retry-After", "without a waiting time", {"kind": "rate_limited"}),
    Preset("expired-token", "401 expired token", "a new one is needed", {"kind": "expired_token"}),
    Preset("reserved", "423 backend reserved", "JSON error of the service", {"kind": "backend_reserved"}),
    Preset("edge-error", "520 from the edge", "an HTML page with a Ray ID", {"kind": "edge_error"}),
    Preset("edge-block", "403 from the edge", "an HTML page with a Ray ID", {"kind": "edge_block"}),
    Preset("reset", "connection reset", "before the request takes effect", {"kind": "reset"}),
    Preset("reset-after", "late connection reset", "after the request took effect", {"kind": "reset_after"}),
    Preset("truncated", "response cut in half", "the connection ends early", {"kind": "truncated"}),
    Preset("slow", "slow response", "10 pieces in half a second", {"kind": "slow"}),
    Preset("delay", "late response", "begins after 3 s", {"kind": "delay", "delay": 3.0}),
    Preset(
        "unknown-status",
        "unknown status word",
        "“Reticulating”",
        {"kind": "unknown_status", "operation": "get_job"},
    ),
    Preset(
        "null",
        "null out of contract",
        "created at null",
        {"kind": "null", "operation": "get_job", "replace": {"created": None}},
    ),
)
