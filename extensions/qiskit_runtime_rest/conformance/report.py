"""What a check found: data, safe to show and to keep, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from attrs import asdict, define, field, frozen

from ..base.redaction import LOOKS
from .exceptions import Exception_

__all__ = ["Finding", "Mask", "Report"]

_LONGEST = 400


class Mask:
    """Takes out of a text what is nobody else's business."""

    def __init__(self, named: Mapping[str, str | None] | None = None) -> None:
        """`named`: texts known to be secret, by what to write in their place."""
        self._named = {
            form: f"<{name}>" for name, text in (named or {}).items() if text for form in (text, quote(text))
        }

    def __call__(self, text: str) -> str:
        """The text without them, cut to a length that people read."""
        for secret, place in self._named.items():
            text = text.replace(secret, place)
        for name, looks in LOOKS.items():
            text = looks.sub(f"<{name}>", text)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@frozen(kw_only=True)
class Finding:
    """One way in which the service and the contract disagree, with the first request that showed it."""

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
    excused: Counter[Exception_] = field(factory=Counter)
    """How often each exception was needed."""
    seconds: float = 0.0
    remarks: list[str] = field(factory=list)
    """What a reader has to know besides."""

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, finding: Finding) -> None:
        """Count a finding; the first of its kind is the one that is shown."""
        key = (finding.operation, finding.failure, finding.status)
        self.findings.setdefault(key, finding)
        self.seen[key] += 1

    def unmet(self, stations: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """Which of these answers never came: a check that did not get that far shows nothing."""
        return sorted(set(stations) - self.answers.keys())

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
