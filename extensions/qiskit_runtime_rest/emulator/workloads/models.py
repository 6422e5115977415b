"""What a workload is, which of them belong to a list, and how the list is paged."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from ..jobs.job import Job, Status
from ..sessions.models import Session, SessionState

if TYPE_CHECKING:
    from ..service import Service

__all__ = ["Cursor", "Page", "Workload", "WorkloadFilter", "page", "workloads_of"]

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
    """A job of its own, or a session or batch with all its jobs. Times are seconds since the epoch."""

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
    def position(self) -> tuple[float, str]:
        """Where it stands in a list."""
        return self.created, self.id


@frozen(kw_only=True)
class WorkloadFilter:
    """What a list is narrowed to; `None` and empty do not narrow."""

    user_id: str | None = None
    backend: str | None = None
    search: str | None = None
    """Part of an id, or of a tag."""
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


def workloads_of(service: Service, *, instance: str) -> Iterator[Workload]:
    """All workloads of an instance, in no order."""
    in_sessions: dict[str, list[Job]] = {}
    for job in service.jobs.visible(instance=instance):
        if job.session_id is None:
            yield _of_job(job)
        else:
            in_sessions.setdefault(job.session_id, []).append(job)
    for session in service.sessions:
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
class Cursor:
    """A place between two workloads of a list: just after, or just before, one of them."""

    created: float
    id: str

    def as_text(self) -> str:
        """The form in which clients carry it around."""
        return base64.urlsafe_b64encode(json.dumps([self.created, self.id]).encode()).decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read `as_text`; raises `ValueError` for anything else."""
        created, identifier = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        return cls(float(created), str(identifier))

    @property
    def position(self) -> tuple[float, str]:
        """The workload's."""
        return self.created, self.id


@frozen
class Page:
    """A part of a list; the cursors are there when there is more on that side."""

    workloads: Sequence[Workload]
    total: int
    previous: Cursor | None
    next: Cursor | None


def page(
    workloads: Sequence[Workload], *, limit: int, descending: bool, after: Cursor | None, before: Cursor | None
) -> Page:
    """Cut the part of `limit` workloads after or before a cursor, or at the beginning."""
    ordered = sorted(workloads, key=lambda workload: workload.position, reverse=descending)
    start = 0
    if after is not None:
        start = sum(_comes_first(one, after, descending) or one.position == after.position for one in ordered)
    elif before is not None:
        start = max(0, sum(_comes_first(one, before, descending) for one in ordered) - limit)
    part = ordered[start : start + limit]
    more = start + limit < len(ordered)
    return Page(
        part,
        len(ordered),
        _cursor(part[0]) if part and start > 0 else None,
        _cursor(part[-1]) if part and more else None,
    )


def _comes_first(workload: Workload, cursor: Cursor, descending: bool) -> bool:
    if descending:
        return workload.position > cursor.position
    return workload.position < cursor.position


def _cursor(workload: Workload) -> Cursor:
    return Cursor(workload.created, workload.id)


def parse_cursor(text: str | None) -> Cursor | None:
    """Read a cursor that a client sent; none for an empty one; raises `ValueError`."""
    return Cursor.parse(text) if text else None
