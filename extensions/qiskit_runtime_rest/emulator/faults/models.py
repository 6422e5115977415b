"""Fault rules: which requests they spoil, how often, and how. No HTTP here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import asdict, evolve, field, fields, frozen, validators

from ..errors import BACKEND_RESERVED, INTERNAL_ERROR, INVALID_CREDENTIALS, TOO_MANY_REQUESTS, ErrorKind, error_body

__all__ = ["KINDS", "FaultRule", "FaultRules"]

_OUTAGE = ErrorKind(1999, 503, "Planned outage.", "Wait; the service will be back soon.")
_EDGE_HEADERS = {"CF-RAY": "8f0e0e0e0e0e0e0e-FRA", "Server": "cloudflare"}


def _html(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


def _page(title: str) -> dict[str, Any]:
    return {"html": _html(title)}


def _error(kind: ErrorKind) -> dict[str, Any]:
    return {"status": kind.status, "body": error_body(kind)}


# Each kind of fault as the fields that it presets; whoever adds a rule can override them.
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


@frozen(kw_only=True)
class FaultRule:
    """One rule. What it says of an answer is done in the order of the fields below `seed`.

    operation: plain name or contract id of an operation, with `*` and `?` as wildcards.
    times: how many requests it spoils; `None` without end. probability: the share of requests, from 0 to 1.
    skip: how many matching requests pass before. seed: makes the chance repeatable.
    delay: seconds before anything else. when: `before` (the request has no effect) or `after` it took effect.
    reset: reset the connection. status, headers, body (JSON) or html: the answer instead.
    replace: values by dotted path in the JSON answer, where it has that path. retry_after: a Retry-After header.
    keep: the part (below 1) or number of bytes of the body after which the connection ends.
    chunks, pause: send the body in so many pieces, with so many seconds between them.
    """

    id: int = 0
    operation: str = "*"
    kind: str = field(default="answer", validator=validators.in_(KINDS))
    times: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    probability: float = field(default=1.0, validator=[validators.ge(0), validators.le(1)])
    skip: int = field(default=0, validator=validators.ge(0))
    seed: int | None = None
    delay: float = field(default=0.0, validator=validators.ge(0))
    when: str = field(default="before", validator=validators.in_(("before", "after")))
    reset: bool = False
    status: int | None = field(default=None, validator=validators.optional([validators.ge(200), validators.le(599)]))
    headers: Mapping[str, str] = field(factory=dict)
    body: Any = None
    html: str | None = None
    replace: Mapping[str, Any] = field(factory=dict)
    retry_after: float | str | None = None
    keep: float | None = field(default=None, validator=validators.optional(validators.ge(0)))
    chunks: int = field(default=1, validator=validators.ge(1))
    pause: float = field(default=0.0, validator=validators.ge(0))
    fired: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> FaultRule:
        """Read a rule from a JSON object; raises `ValueError` for anything that is not part of one."""
        settable = {attribute.name for attribute in fields(cls)} - {"id", "fired"}
        if not isinstance(given, Mapping) or not set(given) <= settable:
            unknown = ", ".join(sorted(set(given) - settable)) if isinstance(given, Mapping) else repr(given)
            raise ValueError(f"Not part of a fault rule: {unknown}. Known: {', '.join(sorted(settable))}.")
        kind = given.get("kind", "answer")
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of fault. Known: {', '.join(KINDS)}.")
        defaults = {"times": None if "probability" in given else 1, **KINDS[kind]}
        if {"body", "html"} & set(given):
            defaults = {name: value for name, value in defaults.items() if name not in {"body", "html"}}
        try:
            return cls(**{**defaults, **given})
        except TypeError as error:
            raise ValueError(f"A value of the fault rule is of the wrong type: {error}") from None

    @property
    def answers(self) -> bool:
        """Whether it puts an answer of its own in place of the service's."""
        return self.status is not None

    def as_json(self) -> dict[str, Any]:
        """The rule with its id and how often it fired."""
        return asdict(self)


class FaultRules:
    """The rules in force. The first one that matches a request, and whose chance comes up, spoils it."""

    def __init__(self, operations: frozenset[str]) -> None:
        """Start without rules. `operations`: the names that there are."""
        self._operations = operations
        self._rules: dict[int, FaultRule] = {}
        self._chances: dict[int, random.Random] = {}
        self._added = 0

    def checked(self, rule: FaultRule) -> FaultRule:
        """The rule, if there is an operation that it could spoil; else raises `ValueError`."""
        if not any(fnmatchcase(name, rule.operation) for name in self._operations):
            raise ValueError(
                f"{rule.operation!r} is no operation, and matches none. Known: {', '.join(sorted(self._operations))}."
            )
        return rule

    def add(self, rule: FaultRule) -> FaultRule:
        """Put a rule in force and give it back with its id; raises `ValueError` as `checked` does."""
        rule = self.checked(rule)
        self._added += 1
        rule = evolve(rule, id=self._added)
        self._rules[rule.id] = rule
        self._chances[rule.id] = random.Random(rule.seed)
        return rule

    def remove(self, rule_id: int) -> bool:
        """Take a rule back; tells whether it was there."""
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """Take all rules back."""
        self._rules.clear()
        self._chances.clear()

    def all(self) -> list[FaultRule]:
        """The rules in the order in which they are tried; those used up are listed, too."""
        return list(self._rules.values())

    def take(self, names: frozenset[str]) -> FaultRule | None:
        """Find the rule that spoils a request to the operation of these names, and count it."""
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
