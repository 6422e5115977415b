"""One of the jobs that a wait follows, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import NotFound
from .states import JobSnapshot
from .wait_budget import LOOKS_FOR_MISSING

__all__ = ["EndedJob", "Watched"]

CLOCK_SKEW = timedelta(minutes=5)
"""So long before the moment that the answer to a submission bears the service may list the job's creation."""

ROUNDING = timedelta(seconds=1)


@dataclass(frozen=True)
class EndedJob:
    """A job that is waited for no more: its last JSON, or the `failure` for which there is none."""

    job_id: str
    raw: dict[str, Any]
    failure: NotFound | None = None


@dataclass
class Watched:
    """What a wait knows of one job.

    Attributes:
        job_id: the job.
        raw: its JSON as last read, by this wait or before.
        changed: when it came into its status, on the clock.
        snapshot: its state; None while this wait has not seen it.
        told: the status word that the caller was told last.
        position: its place in the queue, when it was last listed.
        looked_at: when the service last said anything about it, on the clock.
        failure: why it is given up.
    """

    job_id: str
    raw: dict[str, Any]
    changed: float
    snapshot: JobSnapshot | None = None
    told: str | None = None
    position: int | None = None
    looked_at: float = 0.0
    failure: NotFound | None = None
    _missing: int = field(default=0, init=False)

    @classmethod
    def from_raw(cls, job_id: str, raw: Mapping[str, Any], *, now: float) -> Watched:
        """Begin with what is known of the job; a final state needs no look."""
        snapshot = JobSnapshot.from_json(raw, job_id=job_id)
        return cls(job_id, dict(raw), changed=now, snapshot=snapshot if snapshot.is_final else None)

    @property
    def is_over(self) -> bool:
        """Whether it needs to be looked at no more."""
        return self.failure is not None or (self.snapshot is not None and self.snapshot.is_final)

    @property
    def status(self) -> str | None:
        """Its status word, as far as this wait has seen it."""
        return self.snapshot.status if self.snapshot is not None else None

    @property
    def ended(self) -> EndedJob:
        """How it came out of the wait."""
        return EndedJob(self.job_id, self.raw, self.failure)

    def see(self, raw: dict[str, Any], *, now: float) -> None:
        """Take in its JSON."""
        status = self.status
        self.raw, self.looked_at, self._missing, self.position = raw, now, 0, None
        self.snapshot = JobSnapshot.from_json(raw, job_id=self.job_id)
        if self.snapshot.status != status:
            self.changed = now

    def miss(self, failure: NotFound, *, now: float) -> None:
        """Take in that the service knows no such job; after some looks it is given up."""
        self._missing, self.looked_at = self._missing + 1, now
        if self._missing >= (2 if self.snapshot is None else LOOKS_FOR_MISSING):
            self.failure = failure

    def created_between(self) -> tuple[datetime | None, datetime | None]:
        """The moments, in UTC, between which the service lists its creation; None where nobody knows."""
        try:
            created = datetime.fromisoformat(self.raw["created"])
            moment = (created if created.tzinfo is not None else created.replace(tzinfo=UTC)).astimezone(UTC)
            listed = "status" in self.raw or "state" in self.raw
            return (moment - ROUNDING, moment + ROUNDING) if listed else (moment - CLOCK_SKEW, None)
        except (KeyError, TypeError, ValueError, OverflowError):
            return None, None
