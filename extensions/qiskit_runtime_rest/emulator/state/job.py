"""A job as the service records it, and the decisions about its life cycle."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

from attrs import asdict, evolve, frozen

from ..json_text import json_text
from .clock import isoformat
from .progress import Step

__all__ = ["LONGEST_RUN_SECONDS", "Job", "Status", "charge", "ends_at"]

_TIME_LIMIT_CODE = 1305
LONGEST_RUN_SECONDS = 10800
_LONGEST_REASON = 4000
MOST_RUNS_LOST = 2
PENDING_USAGE: dict[str, Any] = {"qpu_charge_time_seconds": 0, "status": "pending"}
"""Of jobs whose charge is not known yet. Do not change it."""


class Status(StrEnum):
    """The states of a job (`JobState.status`)."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    FAILED = "Failed"


@frozen(kw_only=True)
class Job:
    """One job. Times are seconds since the epoch, spans seconds; `instance` is a CRN."""

    id: str
    number: int
    """Its place in the queue; together with the service's seed it gives the seed of the simulation."""
    instance: str
    user_id: str
    program_id: str
    backend: str
    created: float
    cost: int = LONGEST_RUN_SECONDS
    """The longest run allowed."""
    status: Status = Status.QUEUED
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    private: bool = False
    mock: bool = False
    """It runs on a mock device."""
    calibration_id: str | None = None
    runtime: str | None = None
    log_level: str | None = None
    caller: str | None = None
    remote_storage: Mapping[str, Any] | None = None
    started: float | None = None
    finished: float | None = None
    runs_lost: int = 0
    """How often the service's process was killed while the job ran."""
    reads: int = 0
    """How often it was read since it entered its state."""
    reason: str | None = None
    reason_code: int | None = None
    reason_solution: str | None = None
    qpu_seconds: float = 0.0
    execution_ns: float = 0.0
    qiskit_version: str | None = None
    interim_at: float | None = None
    """When it last published an interim result."""
    deleted: bool = False
    """No longer visible; its usage still counts."""

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.status not in {Status.QUEUED, Status.RUNNING}

    @property
    def ran_too_long(self) -> bool:
        """Whether it reached its time limit."""
        return self.reason_code == _TIME_LIMIT_CODE

    @cached_property
    def described(self) -> str:
        """What the service says of it, without params: the text of a JSON object."""
        body = {
            "id": self.id,
            "backend": self.backend,
            "state": {"status": self.status} | self.given("reason", "reason_code", "reason_solution"),
            "status": "Cancelled - Ran too long" if self.ran_too_long else self.status,
            "program": {"id": self.program_id},
            "created": isoformat(self.created),
            "cost": self.cost,
            "tags": list(self.tags),
            "user_id": self.user_id,
            "usage": self.usage,
        }
        if self.private:
            body["private"] = True
        return json_text(body | self.given("session_id", "calibration_id", "runtime", "remote_storage"))

    @property
    def usage(self) -> dict[str, Any]:
        """What it was charged."""
        if self.finished is None:
            return PENDING_USAGE
        return {"qpu_charge_time_seconds": round(self.qpu_seconds), "status": "complete"}

    def given(self, *names: str) -> dict[str, Any]:
        """The attributes that have a value: the contract has no nulls."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def start(self, at: float) -> Job:
        """Queued → Running."""
        return evolve(self, status=Status.RUNNING, started=at, reads=0)

    def requeue(self) -> Job:
        """Running → Queued, because the service ends."""
        return evolve(self, status=Status.QUEUED, started=None, reads=0)

    def lose_run(self, at: float) -> Job:
        """Running → Queued, after the process that ran it was killed; the second time → Failed.

        A job that ends the service must not do so after every restart.
        """
        lost = evolve(self, runs_lost=self.runs_lost + 1)
        if lost.runs_lost < MOST_RUNS_LOST:
            return lost.requeue()
        reason = "Failed to run the job: the service's process ended twice while it ran."
        return lost.fail(at, code=5203, reason=reason, solution="Use a smaller job.")

    def complete(self, at: float) -> Job:
        """Running → Completed."""
        return evolve(self, status=Status.COMPLETED, finished=at)

    def fail(self, at: float, *, code: int, reason: str, solution: str) -> Job:
        """Any state → Failed."""
        return evolve(
            self,
            status=Status.FAILED,
            finished=at,
            reason=reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…",
            reason_code=code,
            reason_solution=solution or None,
        )

    def cancel(self, at: float, *, reason: str | None = None) -> Job:
        """Any state → Cancelled, by its user."""
        charged = charge(0.0) if self.status is Status.RUNNING and not self.mock else 0.0
        return evolve(self, status=Status.CANCELLED, finished=at, reason=reason, qpu_seconds=charged)

    def stop_at_limit(self, at: float) -> Job:
        """Running → Cancelled, because it ran longer than allowed; the reason code says so."""
        return evolve(
            self,
            status=Status.CANCELLED,
            finished=at,
            qpu_seconds=charge(0.0),
            # The service's own text: it does not fill in its template.
            reason="Job %!v(MISSING) ran longer than %!v(MISSING)",
            reason_code=_TIME_LIMIT_CODE,
            reason_solution="Split the job, or raise its maximum execution time.",
        )

    def as_record(self) -> dict[str, Any]:
        """A JSON object that `from_record` reads."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Job:
        """Read what `as_record` wrote."""
        return cls(**{**record, "status": Status(record["status"]), "tags": tuple(record["tags"])})


def charge(device_seconds: float) -> float:
    """What the service charges for that much time on a device: whole seconds, 2 of them for each job that started."""
    return float(round(2 + device_seconds))


def ends_at(job: Job, step: Step, *, now: float, computed_at: float | None) -> tuple[str, float] | None:
    """Decide whether a running job ends by now: `("completed" | "limit", when)`, or `None`.

    `computed_at` is when its outcome arrived; `None` if it has not. The time of the simulation does not count as time
    on the device.
    """
    started = job.started or 0.0
    if step.seconds > job.cost:
        return ("limit", started + job.cost) if now >= started + job.cost else None
    passed = step.passed_at(since=started, reads=job.reads, now=now)
    return None if passed is None or computed_at is None else ("completed", max(passed, computed_at))
