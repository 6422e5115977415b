"""What lists and figures need of all jobs, kept up to date, so that no request has to look at all of them."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

from .job import Job

__all__ = ["JobIndex", "Position"]

_MEASURED_RUNS = 50

Position = tuple[float, str]
"""Creation time and id of a job or a session: a sort key."""


class JobIndex:
    """An index of `jobs`: ids in order of creation, by session, of those that ran; tags, charges, runs."""

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        """Make it."""
        self._jobs = jobs
        self.rebuild()

    def rebuild(self) -> None:
        """Make it anew, after the jobs were replaced."""
        self._visible: defaultdict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
        self._pending: defaultdict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
        self._tags: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._charges: defaultdict[str, _Charges] = defaultdict(_Charges)
        self._outside: defaultdict[tuple[str, bool], list[Position]] = defaultdict(list)
        self._of_session: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.ran: dict[str, None] = {}
        """The ids of all jobs that started and ended, also of deleted ones."""
        self._runs: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_MEASURED_RUNS))
        for job in self._jobs.values():
            self.changed(None, job)

    def changed(self, before: Job | None, after: Job) -> None:
        """Follow the change of a job; `before` is `None` for a new one."""
        place = after.instance, after.mock
        _keep(self._visible[place], after.id, not after.deleted)
        _keep(self._pending[place], after.id, not after.ended and not after.deleted)
        if after.session_id is not None:
            _keep(self._of_session[after.session_id], after.id, not after.deleted)
        elif (before is None or before.deleted) != after.deleted:
            _toggle(self._outside[place], (after.created, after.id))
        self._count_tags(before, -1)
        self._count_tags(after, 1)
        if after.finished is not None and (before is None or before.finished is None):
            self._charges[after.instance].add(after.finished, after.qpu_seconds)
            if after.started is not None:
                self.ran[after.id] = None
                self._runs[after.backend].append(after.finished - after.started)

    def ids(self, instance: str, *, pending: bool, mocks: bool) -> dict[str, None]:
        """The ids of an instance's visible jobs, oldest first; `pending`: only of pending ones.

        `mocks`: those of jobs of mock devices, too.
        """
        kept = self._pending if pending else self._visible
        ids, of_mocks = (kept.get((instance, mock), {}) for mock in (False, True))
        if not (mocks and of_mocks):
            return ids
        return dict.fromkeys(sorted((*ids, *of_mocks), key=lambda job_id: self._jobs[job_id].number))

    def outside_sessions(self, instance: str, *, mocks: bool) -> list[Sequence[Position]]:
        """When which visible jobs without a session were created: one or two lists, each in order."""
        return [self._outside.get((instance, mock), ()) for mock in ((False, True) if mocks else (False,))]

    def ids_in_session(self, session_id: str) -> Iterable[str]:
        """The ids of a session's visible jobs, oldest first."""
        return self._of_session.get(session_id, ())

    def tags(self, instance: str) -> Iterable[str]:
        """The tags of an instance's visible jobs."""
        return self._tags[instance].keys()

    def used_seconds(self, instance: str, *, since: float) -> float:
        """Seconds charged for the instance's jobs that ended since then; `since` never goes back."""
        return self._charges[instance].since(since)

    def runs(self, backend: str) -> Sequence[float]:
        """How many seconds the last runs on a device took."""
        return self._runs[backend]

    def _count_tags(self, job: Job | None, change: int) -> None:
        if job is None or job.deleted:
            return
        counts = self._tags[job.instance]
        for tag in job.tags:
            counts[tag] += change
            if not counts[tag]:
                del counts[tag]


class _Charges:
    """Charged seconds by the time of the charge, and their sum."""

    def __init__(self) -> None:
        self._charges: list[tuple[float, float]] = []
        self._total = 0.0

    def add(self, at: float, seconds: float) -> None:
        if seconds:
            bisect.insort(self._charges, (at, seconds))
            self._total += seconds

    def since(self, since: float) -> float:
        """The sum of the charges since then; forgets those before."""
        before = bisect.bisect_left(self._charges, (since, 0.0))
        self._total -= sum(seconds for _, seconds in self._charges[:before])
        del self._charges[:before]
        return self._total


def _keep(ids: dict[str, None], job_id: str, belongs: bool) -> None:
    if belongs:
        ids.setdefault(job_id)
    else:
        ids.pop(job_id, None)


def _toggle(positions: list[Position], position: Position) -> None:
    """Add a position where it belongs, or remove it if it is there."""
    place = bisect.bisect_left(positions, position)
    if positions[place : place + 1] == [position]:
        del positions[place]
    else:
        positions.insert(place, position)
