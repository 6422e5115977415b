"""The findings of a check, safe to show and to keep, as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from attrs import asdict, define, field, frozen
from schemathesis.core.failures import CustomFailure, Failure
from schemathesis.openapi.checks import JsonSchemaError, UndefinedStatusCode

from ..base.redaction import LOOKS
from ..contract.response_check import wrong_type
from ..contract.sources import vendored
from ..errors import ApiError, RuntimeRestError
from .exemptions import Exemption

__all__ = ["Describe", "Finding", "Mask", "Report", "in_full", "without_response"]

LONGEST_MESSAGE = 400
LONGEST_EXPECTATION = 60


class Mask:
    """Replaces secrets and personal identifiers in texts."""

    def __init__(self, named: Mapping[str, str | None] | None = None) -> None:
        """`named`: texts that are known to be secret, by the name to write in their place."""
        self._named = {
            form: f"<{name}>" for name, text in (named or {}).items() if text for form in (text, quote(text))
        }

    def __call__(self, text: str) -> str:
        """The text without them, cut to a readable length."""
        for secret, place in self._named.items():
            text = text.replace(secret, place)
        for name, looks in LOOKS.items():
            text = looks.sub(f"<{name}>", text)
        return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"


@frozen(kw_only=True)
class Finding:
    """One disagreement of the service and the contract, with the first request that showed it."""

    operation: str
    failure: str
    status: int | None
    message: str
    request: str
    phase: str

    def __str__(self) -> str:
        """Two lines."""
        status = "no answer" if self.status is None else self.status
        return f"{self.operation}: {self.failure} ({status}, {self.phase}): {self.message}\n    {self.request}"


@define(kw_only=True)
class Report:
    """The outcome of one check."""

    target: str
    seed: int
    findings: dict[tuple[str, str, int | None], Finding] = field(factory=dict)
    seen: Counter[tuple[str, str, int | None]] = field(factory=Counter)
    answers: Counter[tuple[str, int]] = field(factory=Counter)
    """How often each operation answered each status."""
    requests: Counter[str] = field(factory=Counter)
    """By phase."""
    excused: Counter[Exemption] = field(factory=Counter)
    """How often each exemption was needed."""
    seconds: float = 0.0
    remarks: list[str] = field(factory=list)
    """Further facts for the reader."""

    @property
    def passed(self) -> bool:
        """Whether there are no findings."""
        return not self.findings

    def add(self, finding: Finding) -> None:
        """Count a finding; the first of its kind is shown."""
        key = (finding.operation, finding.failure, finding.status)
        self.findings.setdefault(key, finding)
        self.seen[key] += 1

    def unmet(self, expected: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """The operations and statuses that were expected and never came: the check did not get that far."""
        return sorted(set(expected) - self.answers.keys())

    def lines(self) -> list[str]:
        """The report for people."""
        phases = ", ".join(f"{count} in {phase}" for phase, count in self.requests.items())
        total = sum(self.requests.values())
        head = f"{self.target}: {total} requests ({phases}), seed {self.seed}, {self.seconds:.0f} s"
        shown = [f"{self.seen[key]} x {finding}" for key, finding in self.findings.items()]
        return [
            head,
            *self.remarks,
            *shown,
            f"{self.target}: {len(shown)} findings" if shown else f"{self.target}: no findings",
        ]

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "target": self.target,
            "seed": self.seed,
            "passed": self.passed,
            "requests": dict(self.requests),
            "seconds": round(self.seconds, 1),
            "findings": [{**asdict(one), "count": self.seen[key]} for key, one in self.findings.items()],
            "remarks": self.remarks,
            "excused": {f"{one.operation} {one.failure} {one.about}".strip(): n for one, n in self.excused.items()},
            "answers": {f"{name} {status}": count for (name, status), count in sorted(self.answers.items())},
        }


Describe = Callable[[Exception], str]
"""Gives the message of a finding."""


def in_full(error: Exception) -> str:
    """The failure with the values that are wrong."""
    return error.message if isinstance(error, Failure) else str(error)


def without_response(error: Exception) -> str:
    """The failure without values of the response, which may be private: the status, the place and the kind of error."""
    describe = next((describe for kind, describe in _DESCRIPTIONS.items() if isinstance(error, kind)), None)
    return type(error).__name__ if describe is None else describe(error)


def _against_schema(failure: JsonSchemaError) -> str:
    keyword = str(failure.schema_path[-1]) if failure.schema_path else "the schema"
    expected = failure.schema.get(keyword)
    found = failure.instance
    if keyword == "type":
        problem = wrong_type(found, expected)
    elif keyword == "required" and isinstance(expected, list) and isinstance(found, dict):
        problem = f"has no {', '.join(name for name in expected if name not in found)}"
    else:
        problem = f"does not fit {keyword}: {json.dumps(expected)[:LONGEST_EXPECTATION]}"
    return f"{_place(failure.instance_path)} {problem}"


def _place(path: list[str | int]) -> str:
    """A place in a response; names that are not in the contract are values themselves, and left out."""
    known = _property_names()
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" if step in known else ".*" for step in path]
    return "".join(["$", *steps])


@cache
def _property_names() -> frozenset[str]:
    def named(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            properties = part.get("properties")
            yield from properties if isinstance(properties, dict) else ()
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from named(inner)

    return frozenset(named(vendored()))


# The first kind that fits counts. The messages of our own checks and errors quote no response, except ApiError's, which
# contain the service's words.
_DESCRIPTIONS: Mapping[type[Exception], Callable[[Any], str]] = {
    JsonSchemaError: _against_schema,
    UndefinedStatusCode: lambda failure: failure.message,
    CustomFailure: lambda failure: failure.message,
    Failure: lambda failure: failure.title,
    ApiError: lambda error: f"{error.method} {error.url} was answered {error.status}.",
    RuntimeRestError: str,
}
