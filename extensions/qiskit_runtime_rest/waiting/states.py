"""What the status words of a job mean.

Source: schemas `JobStatus` and `JobState` of the contract; words it does not list count as not finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.json_members import member_number, member_object, member_text
from ..errors import JobCancelled, JobError, JobFailed, JobTimeLimit

__all__ = ["JobSnapshot", "status_of"]

KNOWN = frozenset({"Queued", "Running", "Completed", "Cancelled", "Cancelled - Ran too long", "Failed"})
ENDINGS: dict[str, type[JobError] | None] = {
    "Completed": None,
    "Cancelled": JobCancelled,
    "Cancelled - Ran too long": JobTimeLimit,
    "Failed": JobFailed,
}
RAN_TOO_LONG = "1305"
"""The reason code, which comes as a number or a numeric string."""


def status_of(job: Mapping[str, Any]) -> str | None:
    """The status word in a job's JSON, wherever it stands; None without one."""
    return member_text(job, "status") or member_text(member_object(job, "state"), "status")


@dataclass(frozen=True)
class JobSnapshot:
    """A job's state at one moment, from the JSON of `get_job` or `list_jobs`, whatever is missing or odd there."""

    job_id: str
    status: str
    reason: str | None = None
    reason_code: int | str | None = None
    solution: str | None = None
    estimated_running_time_seconds: float | None = None

    @classmethod
    def from_json(cls, job: Mapping[str, Any], *, job_id: str) -> JobSnapshot:
        """Read the job `job_id` as the service answers it."""
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
        """The error that stands for how the job ended; None if it completed, or goes on."""
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
