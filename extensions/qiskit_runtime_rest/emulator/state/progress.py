"""How fast a job goes from Queued over Running to its end: what the option `pace` chooses.

A step lets a job pass at once, after N reads of the job, or after S seconds on the service's clock. The text
forms, used on the command line and in the control plane, are `immediate`, `reads:N`, `seconds:S` and `hold`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import frozen

__all__ = ["Progress", "Step"]


@frozen
class Step:
    """The reads and the seconds that a job needs before it leaves a state."""

    reads: int = 0
    seconds: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Step:
        """Read one of the text forms; raises `ValueError` that lists them."""
        kind, _, amount = text.strip().partition(":")
        try:
            if kind == "immediate" and not amount:
                return cls()
            if kind == "hold" and not amount:
                return cls(seconds=math.inf)
            if kind == "reads" and int(amount) >= 0:
                return cls(reads=int(amount))
            if kind == "seconds" and 0 <= float(amount) < math.inf:
                return cls(seconds=float(amount))
        except ValueError:
            pass
        raise ValueError(
            f"{text!r} is not a pace. Use 'immediate', 'reads:N', 'seconds:S' or 'hold' (N, S: 0 or more)."
        )

    def __str__(self) -> str:
        """The text form."""
        if self.reads:
            return f"reads:{self.reads}"
        if self.seconds == math.inf:
            return "hold"
        return f"seconds:{self.seconds:g}" if self.seconds else "immediate"

    def passed_at(self, *, since: float, reads: int, now: float) -> float | None:
        """When a job that entered its state at `since` has passed this step; `None` if it has not yet."""
        at = since + self.seconds
        return at if reads >= self.reads and at <= now else None


@frozen
class Progress:
    """The step out of Queued and the step out of Running."""

    queued: Step = Step()
    running: Step = Step()

    @property
    def counts_reads(self) -> bool:
        """Whether reading a job may move it on."""
        return bool(self.queued.reads or self.running.reads)

    @classmethod
    def parse(cls, value: Progress | str | Mapping[str, Any]) -> Progress:
        """Accept a `Progress`, one text form for both steps, or `{"queued": ..., "running": ...}` (`ValueError`)."""
        if isinstance(value, Progress):
            return value
        if isinstance(value, str):
            step = Step.parse(value)
            return cls(queued=step, running=step)
        if isinstance(value, Mapping) and value and set(value) <= {"queued", "running"}:
            return cls(**{state: Step.parse(str(text)) for state, text in value.items()})
        raise ValueError(
            f"{value!r} is not a pace. Give one text form such as 'seconds:5', "
            "or an object with 'queued' and 'running'."
        )

    def as_json(self) -> dict[str, str]:
        """Both steps in their text forms."""
        return {"queued": str(self.queued), "running": str(self.running)}
