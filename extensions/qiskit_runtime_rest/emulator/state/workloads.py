"""Workloads: jobs, sessions and batches in one list, with conditions and pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from .job import Job, Status
from .jobs import JobFilter
from .sessions import Session, SessionState

if TYPE_CHECKING:
    from .jobs import Jobs
    from .sessions import Sessions

__all__ = ["Page", "Position", "Workload", "WorkloadFilter", "cursor", "page", "parse_cursor", "workloads_of"]

Position = tuple[float, str]
"""Creation time and id of a workload: its sort key."""

_JOB_STATUS = {
    Status.QUEUED: "pending",
    Status.RUNNING: "in_progress",
    Status.COMPLETED: "completed",
    Status.CANCELLED: "canceled",
    Status.FAILED: "failed",
}
_SESSION_STATUS = {
    SessionState.OPEN: "pending",
    SessionState.ACTIVE: "in_progress",
    SessionState.INACTIVE: "in_progress",
    SessionState.CLOSED: "completed",
}


@frozen(kw_only=True)
class Workload:
    """A job outside sessions, or a session or batch with all its jobs. Times are seconds since the epoch."""

    id: str
    created: float
    ended: float | None
    backend: str
    instance: str
    user_id: str
    accepting_jobs: bool | None
    mode: str
    status: str
    status_reason: str | None
    tags: tuple[str, ...]
    usage_seconds: float

    @property
    def position(self) -> Position:
        """Its sort key."""
        return self.created, self.id


@frozen(kw_only=True)
class WorkloadFilter:
    """Conditions for a list; `None` and empty mean any."""

    user_id: str | None = None
    backend: str | None = None
    search: str | None = None
    """A part of the id or of a tag."""
    statuses: Collection[str] = ()
    mode: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    tags: Collection[str] = ()

    def matches(self, workload: Workload) -> bool:
        """Whether the workload belongs to the list."""
        return (
            (self.user_id is None or workload.user_id == self.user_id)
            and (not self.backend or workload.backend == self.backend)
            and (not self.search or any(self.search in text for text in (workload.id, *workload.tags)))
            and (not self.statuses or workload.status in self.statuses)
            and (self.mode is None or workload.mode == self.mode)
            and (self.created_after is None or workload.created >= self.created_after)
            and (self.created_before is None or workload.created <= self.created_before)
            and set(self.tags) <= set(workload.tags)
        )


def workloads_of(jobs: Jobs, sessions: Sessions, *, instance: str, mocks: bool = True) -> Iterator[Workload]:
    """All workloads of an instance, unordered; without `mocks`, none that is a job of a mock device."""
    in_sessions: dict[str, list[Job]] = {}
    for job in jobs.visible(instance=instance, where=JobFilter(mocks=mocks)):
        if job.session_id is None:
            yield _of_job(job)
        else:
            in_sessions.setdefault(job.session_id, []).append(job)
    for session in sessions:
        if session.instance == instance:
            yield _of_session(session, in_sessions.get(session.id, []))


def _of_job(job: Job) -> Workload:
    return Workload(
        id=job.id,
        created=job.created,
        ended=job.finished,
        backend=job.backend,
        instance=job.instance,
        user_id=job.user_id,
        accepting_jobs=None,
        mode="job",
        status=_JOB_STATUS[job.status],
        status_reason=job.reason,
        tags=job.tags,
        usage_seconds=job.qpu_seconds,
    )


def _of_session(session: Session, jobs: Sequence[Job]) -> Workload:
    return Workload(
        id=session.id,
        created=session.created,
        ended=session.closed_at,
        backend=session.backend or (jobs[0].backend if jobs else ""),
        instance=session.instance,
        user_id=session.user_id,
        accepting_jobs=session.accepting_jobs,
        mode="batch" if session.mode == "batch" else "session",
        status=_SESSION_STATUS[session.state],
        status_reason=session.state_reason,
        tags=tuple(sorted({tag for job in jobs for tag in job.tags})),
        usage_seconds=sum(job.qpu_seconds for job in jobs),
    )


@frozen
class Page:
    """A part of a list, with the position of its first or last workload on each side that has more."""

    workloads: Sequence[Workload]
    total: int
    previous: Position | None
    next: Position | None


def page(
    workloads: Sequence[Workload], *, limit: int, descending: bool, after: Position | None, before: Position | None
) -> Page:
    """The `limit` workloads after or before a position, or the first ones."""
    ordered = sorted(workloads, key=lambda workload: workload.position, reverse=descending)
    start = 0
    if after is not None:
        start = sum(one.position == after or _comes_first(one.position, after, descending) for one in ordered)
    elif before is not None:
        start = max(0, sum(_comes_first(one.position, before, descending) for one in ordered) - limit)
    part = ordered[start : start + limit]
    more = start + limit < len(ordered)
    return Page(
        part,
        len(ordered),
        part[0].position if part and start > 0 else None,
        part[-1].position if part and more else None,
    )


def cursor(position: Position) -> str:
    """A position as the opaque text that clients send back for the neighbouring page."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def parse_cursor(text: str | None) -> Position | None:
    """Read a cursor that a client sent; `None` if it is empty; raises `ValueError`, whatever is wrong with it."""
    if not text:
        return None
    try:
        created, identifier = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        return float(created), str(identifier)
    except (ArithmeticError, RecursionError, TypeError) as error:
        raise ValueError(str(error)) from None


def _comes_first(position: Position, other: Position, descending: bool) -> bool:
    return position > other if descending else position < other
