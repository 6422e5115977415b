"""The queued and running jobs, counted and in order, so that no request has to look at all of them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping

from .job import Job, Status

__all__ = ["PendingJobs"]


class PendingJobs:
    """The pending jobs among `jobs`. Each instance has a queue for each device."""

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        """Find them."""
        self._jobs = jobs
        self.rebuild()

    def rebuild(self) -> None:
        """Find them anew, after the jobs were replaced."""
        self._running: dict[str, None] = {}
        self._queues: dict[tuple[str, str], OrderedDict[str, None]] = {}
        self.by_instance: Counter[str] = Counter()
        """How many each instance has. Those that have none are not in it; so, too, in the others."""
        self.by_backend: Counter[str] = Counter()
        self.by_session: Counter[str] = Counter()
        for job in self._jobs.values():
            self.changed(None, job)

    def changed(self, before: Job | None, after: Job) -> None:
        """Follow the change of a job; `before` is `None` for a new one."""
        if before is not None and before.status is after.status:
            return
        if before is not None and not before.ended:
            self._remove(before)
            self._count(before, -1)
        if not after.ended:
            self._add(after)
            self._count(after, 1)

    def __iter__(self) -> Iterator[Job]:
        """All of them: first the running ones, then queue by queue."""
        yield from self.running()
        for queue in self.queues():
            yield from queue

    def running(self) -> Iterator[Job]:
        """The running ones; they may change meanwhile."""
        return (self._jobs[job_id] for job_id in tuple(self._running))

    def queues(self) -> Iterator[Iterator[Job]]:
        """The queues that are not empty, each in its order."""
        for queue in tuple(self._queues.values()):
            yield (self._jobs[job_id] for job_id in queue)

    def queued(self, backend: str) -> int:
        """How many jobs wait for a device."""
        return sum(len(queue) for (_, name), queue in self._queues.items() if name == backend)

    def _add(self, job: Job) -> None:
        if job.status is Status.QUEUED:
            self._queues.setdefault((job.instance, job.backend), OrderedDict())[job.id] = None
        else:
            self._running[job.id] = None

    def _remove(self, job: Job) -> None:
        if job.status is not Status.QUEUED:
            del self._running[job.id]
            return
        place = (job.instance, job.backend)
        del self._queues[place][job.id]
        if not self._queues[place]:
            del self._queues[place]

    def _count(self, job: Job, change: int) -> None:
        counts = [(self.by_instance, job.instance), (self.by_backend, job.backend)]
        if job.session_id is not None:
            counts.append((self.by_session, job.session_id))
        for count, key in counts:
            count[key] += change
            if not count[key]:
                del count[key]
