"""A job as the service records it, and the decisions about its life cycle: no HTTP, no processes, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import asdict, evolve, frozen

from ..pace import Step

__all__ = ["FINAL", "PENDING", "TIME_LIMIT_CODE", "Job", "Status", "ends_at", "passed_at"]

TIME_LIMIT_CODE = 1305
LONGEST_RUN_SECONDS = 10800


class Status(StrEnum):
    """The states of a job (`JobState.status`)."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    FAILED = "Failed"


PENDING = frozenset({Status.QUEUED, Status.RUNNING})
FINAL = frozenset(Status) - PENDING


@frozen(kw_only=True)
class Job:
    """One job. Times are seconds since the epoch, spans seconds; `instance` is a CRN."""

    id: str
    number: int
    """Counts submissions; the order of the queue, and with the service's seed the seed of its simulation."""
    instance: str
    user_id: str
    program_id: str
    backend: str
    created: float
    cost: int = LONGEST_RUN_SECONDS
    """Longest run that is allowed."""
    status: Status = Status.QUEUED
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    private: bool = False
    calibration_id: str | None = None
    runtime: str | None = None
    log_level: str | None = None
    caller: str | None = None
    remote_storage: Mapping[str, Any] | None = None
    started: float | None = None
    finished: float | None = None
    reads: int = 0
    """How often it was read since it came into its state."""
    reason: str | None = None
    reason_code: int | None = None
    reason_solution: str | None = None
    qpu_seconds: float = 0.0
    execution_ns: float = 0.0
    qiskit_version: str | None = None
    interim_at: float | None = None
    """When it last published an interim result."""
    result_taken: bool = False
    deleted: bool = False
    """No longer visible, but still accounted for."""

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.status in FINAL

    @property
    def ran_too_long(self) -> bool:
        """Whether the time limit ended it."""
        return self.reason_code == TIME_LIMIT_CODE

    def start(self, at: float) -> Job:
        """Queued → Running."""
        return evolve(self, status=Status.RUNNING, started=at, reads=0)

    def requeue(self) -> Job:
        """Back into the queue: the process that ran it is gone."""
        return evolve(self, status=Status.QUEUED, started=None, reads=0)

    def complete(self, at: float) -> Job:
        """Running → Completed."""
        return evolve(self, status=Status.COMPLETED, finished=at)

    def fail(self, at: float, *, code: int, reason: str, solution: str) -> Job:
        """End with an error."""
        return evolve(
            self,
            status=Status.FAILED,
            finished=at,
            reason=reason,
            reason_code=code,
            reason_solution=solution or None,
        )

    def cancel(self, at: float, *, reason: str | None = None) -> Job:
        """End because somebody wants so."""
        return evolve(self, status=Status.CANCELLED, finished=at, reason=reason)

    def stop_at_limit(self, at: float) -> Job:
        """End because it ran longer than allowed: Cancelled, told apart by its reason code."""
        return evolve(
            self,
            status=Status.CANCELLED,
            finished=at,
            reason=f"Job ran longer than the allowed maximum of {self.cost} seconds.",
            reason_code=TIME_LIMIT_CODE,
            reason_solution="Split the job, or raise its maximum execution time.",
        )

    def as_record(self) -> dict[str, Any]:
        """A JSON object that `from_record` reads."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Job:
        """Read what `as_record` wrote."""
        return cls(**{**record, "status": Status(record["status"]), "tags": tuple(record["tags"])})


def passed_at(step: Step, *, since: float, reads: int, now: float) -> float | None:
    """When a job that came into its state at `since` had all the step asks for; `None`: not yet."""
    at = since + step.seconds
    return at if reads >= step.reads and at <= now else None


def ends_at(job: Job, step: Step, *, now: float, computed_at: float | None) -> tuple[str, float] | None:
    """Decide whether a running job ends by now: `("completed" | "limit", when)`, or `None`.

    `computed_at` is when its outcome was there; `None` when it is not.
    """
    started = job.started or 0.0
    limit = started + job.cost
    passed = passed_at(step, since=started, reads=job.reads, now=now)
    if passed is not None and computed_at is not None and max(passed, computed_at) <= limit:
        return "completed", max(passed, computed_at)
    overdue = computed_at is None or started + step.seconds > limit or computed_at > limit
    return ("limit", limit) if now >= limit and overdue else None
