"""The state of a job: what its status words mean, and what a wait knows of it.

Source: schemas `JobStatus` and `JobState` of the contract; a status that they do not list counts as not finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..base.json_members import member_number, member_object, member_text
from ..errors import JobCancelled, JobError, JobFailed, JobTimeLimit, NotFound
from .wait_budget import CHECKS_FOR_MISSING

__all__ = ["EndedJob", "JobSnapshot", "WatchedJob", "status_of"]

KNOWN = frozenset({"Queued", "Running", "Completed", "Cancelled", "Cancelled - Ran too long", "Failed"})
ENDINGS: dict[str, type[JobError] | None] = {
    "Completed": None,
    "Cancelled": JobCancelled,
    "Cancelled - Ran too long": JobTimeLimit,
    "Failed": JobFailed,
}
RAN_TOO_LONG = "1305"
"""The reason code; the service sends it as a number or a numeric string."""

CLOCK_SKEW = timedelta(minutes=5)
"""The service may list a job as created this long before the `Date` of the response to its submission."""

ROUNDING = timedelta(seconds=1)


def status_of(job: Mapping[str, Any]) -> str | None:
    """The status word in a job's JSON, at its top or in its `state`; None without one."""
    return member_text(job, "status") or member_text(member_object(job, "state"), "status")


@dataclass(frozen=True)
class JobSnapshot:
    """A job's state at one moment, from the JSON of `get_job` or `list_jobs`; members may be missing or malformed."""

    job_id: str
    status: str
    reason: str | None = None
    reason_code: int | str | None = None
    solution: str | None = None
    estimated_running_time_seconds: float | None = None

    @classmethod
    def from_json(cls, job: Mapping[str, Any], *, job_id: str) -> JobSnapshot:
        """Read the JSON of the job `job_id`."""
        state = member_object(job, "state")
        code = state.get("reason_code")
        return cls(
            job_id=job_id,
            status=status_of(job) or "unknown",
            reason=member_text(state, "reason"),
            reason_code=code if isinstance(code, int | str) else None,
            solution=member_text(state, "reason_solution"),
            estimated_running_time_seconds=member_number(job, "estimated_running_time_seconds"),
        )

    @property
    def is_known(self) -> bool:
        """Whether the contract lists the status."""
        return self.status in KNOWN

    @property
    def is_final(self) -> bool:
        """Whether the job will not change any more."""
        return self.status in ENDINGS

    @property
    def failure(self) -> type[JobError] | None:
        """The class of the error for how the job ended; None if it completed, or goes on."""
        ending = ENDINGS.get(self.status)
        return JobTimeLimit if ending is not None and str(self.reason_code) == RAN_TOO_LONG else ending

    def error(self, *, log_tail: str | None = None) -> JobError | None:
        """The error to raise for a job that ended without a result, or None. `log_tail`: the end of its log."""
        kind = self.failure
        if kind is None:
            return None
        return kind(
            job_id=self.job_id,
            status=self.status,
            reason=self.reason,
            code=self.reason_code,
            solution=self.solution,
            log_tail=log_tail,
        )


@dataclass(frozen=True)
class EndedJob:
    """A job that a wait is finished with: its last JSON, or the `failure` that explains why there is none."""

    job_id: str
    raw: dict[str, Any]
    failure: NotFound | None = None


@dataclass
class WatchedJob:
    """What a wait knows of one job.

    Attributes:
        job_id: the job.
        raw: its JSON as last read, by this wait or before.
        changed: when its status changed last, on the clock.
        snapshot: its state; None while this wait has not read it.
        notified: the last status word that the caller was notified of.
        position: its place in the queue, when it was last listed.
        checked_at: when the last response about it came, on the clock.
        failure: why it is given up.
    """

    job_id: str
    raw: dict[str, Any]
    changed: float
    snapshot: JobSnapshot | None = None
    notified: str | None = None
    position: int | None = None
    checked_at: float = 0.0
    failure: NotFound | None = None
    _missing: int = field(default=0, init=False)

    @classmethod
    def from_raw(cls, job_id: str, raw: Mapping[str, Any], *, now: float) -> WatchedJob:
        """Begin with what is known of the job; a job in a final state is not checked."""
        snapshot = JobSnapshot.from_json(raw, job_id=job_id)
        return cls(job_id, dict(raw), changed=now, snapshot=snapshot if snapshot.is_final else None)

    @property
    def is_over(self) -> bool:
        """Whether it needs no more checks."""
        return self.failure is not None or (self.snapshot is not None and self.snapshot.is_final)

    @property
    def status(self) -> str | None:
        """Its status word; None while this wait has not read it."""
        return self.snapshot.status if self.snapshot is not None else None

    @property
    def ended(self) -> EndedJob:
        """The outcome of the wait for it."""
        return EndedJob(self.job_id, self.raw, self.failure)

    def update(self, raw: dict[str, Any], *, now: float) -> None:
        """Take its JSON."""
        status = self.status
        self.raw, self.checked_at, self._missing, self.position = raw, now, 0, None
        self.snapshot = JobSnapshot.from_json(raw, job_id=self.job_id)
        if self.snapshot.status != status:
            self.changed = now

    def record_missing(self, failure: NotFound, *, now: float) -> None:
        """Count a check that did not find the job; after some it is given up."""
        self._missing, self.checked_at = self._missing + 1, now
        if self._missing >= (2 if self.snapshot is None else CHECKS_FOR_MISSING):
            self.failure = failure

    def created_between(self) -> tuple[datetime | None, datetime | None]:
        """The moments, in UTC, between which the service lists its creation; None where that is unknown."""
        try:
            created = datetime.fromisoformat(self.raw["created"])
            moment = (created if created.tzinfo is not None else created.replace(tzinfo=UTC)).astimezone(UTC)
            listed = "status" in self.raw or "state" in self.raw
            return (moment - ROUNDING, moment + ROUNDING) if listed else (moment - CLOCK_SKEW, None)
        except (KeyError, TypeError, ValueError, OverflowError):
            return None, None
