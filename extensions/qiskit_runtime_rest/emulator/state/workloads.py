"""Workloads: jobs, sessions and batches in one list, with conditions and pages."""

from __future__ import annotations

import base64
import bisect
import heapq
import json
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from attrs import astuple, frozen

from .job import Job, Status
from .job_index import Position
from .sessions import Session, SessionState

if TYPE_CHECKING:
    from .jobs import Jobs
    from .sessions import Sessions

__all__ = ["Page", "Position", "Workload", "WorkloadFilter", "Workloads", "cursor", "page", "parse_cursor"]

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

    @property
    def narrows(self) -> bool:
        """Whether it has any condition."""
        return any(astuple(self, recurse=False))

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


class Workloads:
    """All workloads of an instance."""

    def __init__(self, jobs: Jobs, sessions: Sessions, *, instance: str, mocks: bool = True) -> None:
        """Without `mocks`, none is a job of a mock device."""
        self._jobs, self._mocks = jobs, mocks
        self._sessions = {session.id: session for session in sessions if session.instance == instance}
        self._outside = jobs.index.outside_sessions(instance, mocks=mocks)

    def page(
        self, where: WorkloadFilter, *, limit: int, descending: bool, after: Position | None, before: Position | None
    ) -> tuple[Page, list[Workload]]:
        """A page, and its workloads. Only conditions make it look at more workloads than it returns."""
        positions = self._positions()
        if where.narrows:
            everything = chain.from_iterable(positions)
            positions = [sorted(place for place in everything if where.matches(self._at(place)))]
        part = page(positions, limit=limit, descending=descending, after=after, before=before)
        return part, [self._at(place) for place in part.positions]

    def _positions(self) -> list[Sequence[Position]]:
        return [*self._outside, sorted((session.created, session.id) for session in self._sessions.values())]

    def _at(self, position: Position) -> Workload:
        _, identifier = position
        session = self._sessions.get(identifier)
        if session is None:
            return _of_job(self._jobs[identifier])
        own = (self._jobs[job_id] for job_id in self._jobs.index.ids_in_session(identifier))
        return _of_session(session, [job for job in own if self._mocks or not job.mock])


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
    """A part of a list, with its first or last position on each side that has more."""

    positions: Sequence[Position]
    total: int
    previous: Position | None
    next: Position | None


def page(
    lists: Sequence[Sequence[Position]],
    *,
    limit: int,
    descending: bool,
    after: Position | None,
    before: Position | None,
) -> Page:
    """The `limit` positions after or before another one, or the first ones, of several lists in ascending order."""
    part: list[Position] = []
    if after is None and before is not None:
        part = list(islice(_beyond(lists, before, descending=not descending), limit))[::-1]
    if len(part) < limit:
        part = list(islice(_beyond(lists, after, descending=descending), limit))
    total = sum(map(len, lists))
    if not part:
        return Page(part, total, None, None)
    lower = sum(bisect.bisect_left(one, min(part)) for one in lists)
    higher = total - lower - len(part)
    earlier, later = (higher, lower) if descending else (lower, higher)
    return Page(part, total, part[0] if earlier else None, part[-1] if later else None)


def _beyond(lists: Sequence[Sequence[Position]], start: Position | None, *, descending: bool) -> Iterator[Position]:
    """All positions behind `start`, or all, in order."""

    def of(one: Sequence[Position]) -> Iterator[Position]:
        if descending:
            end = len(one) if start is None else bisect.bisect_left(one, start)
            return (one[place] for place in range(end - 1, -1, -1))
        begin = 0 if start is None else bisect.bisect_right(one, start)
        return (one[place] for place in range(begin, len(one)))

    return heapq.merge(*map(of, lists), reverse=descending)


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
