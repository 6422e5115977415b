"""All jobs of the service, and the rules for changing them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from ..errors import JOB_NOT_CANCELLED, JOB_NOT_FINAL, JOB_NOT_FOUND, LOGS_NOT_FOUND, ServiceError
from .job import Job, Status
from .job_index import JobIndex
from .pending import PendingJobs
from .storage import Records

if TYPE_CHECKING:
    from .clock import Clock
    from .identifiers import Identifiers
    from .storage import Storage

__all__ = ["JobFilter", "Jobs"]

_TABLE = "jobs"
_INTERIM_SECONDS = 2 * 86_400


@frozen(kw_only=True)
class JobFilter:
    """Conditions for a list of jobs; `None` means any. Times are seconds since the epoch."""

    pending: bool | None = None
    program: str | None = None
    backend: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    tags: Sequence[str] = ()
    """The job must have all of these."""
    session_id: str | None = None
    mocks: bool = True
    """Whether jobs of mock devices belong to the list."""

    @property
    def narrows(self) -> bool:
        """Whether it has more conditions than the index of jobs knows: `pending` jobs, and `mocks`."""
        return evolve(self, pending=None if self.pending else self.pending, mocks=True) != _ALL

    def matches(self, job: Job) -> bool:
        """Whether the job belongs to the list."""
        return (
            (self.pending is None or job.ended != self.pending)
            and (self.program is None or job.program_id == self.program)
            and (self.backend is None or job.backend == self.backend)
            and (self.created_after is None or job.created >= self.created_after)
            and (self.created_before is None or job.created <= self.created_before)
            and (self.session_id is None or job.session_id == self.session_id)
            and (self.mocks or not job.mock)
            and set(self.tags) <= set(job.tags)
        )


_ALL = JobFilter()


class Jobs:
    """The jobs of all instances. Each change is written to the storage at once."""

    def __init__(self, *, clock: Clock, storage: Storage, identifiers: Identifiers) -> None:
        """Load the jobs of an earlier run; those that were running are queued again, or fail the second time."""
        self._clock = clock
        self._storage = storage
        self._identifiers = identifiers
        self._jobs = Records(storage, _TABLE, read=Job.from_record, write=Job.as_record)
        self.pending = PendingJobs(self._jobs)
        self.index = JobIndex(self._jobs)
        with storage.transaction():
            for job in list(self.pending.running()):
                self.save(job.lose_run(clock.now()))
        # In the order of the queue again.
        self._rebuild()
        self._submitted = max((job.number for job in self._jobs.values()), default=0)

    def reset(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()
        self._rebuild()
        self._submitted = 0

    def _rebuild(self) -> None:
        self.pending.rebuild()
        self.index.rebuild()

    def create(self, *, params: Any, **fields: Any) -> Job:
        """Record a new job. The record is durable when this returns; if it fails, there is no job."""
        created = self._clock.now()
        identifier = self._identifiers.job(taken=self._jobs, created=created)
        job = Job(id=identifier, number=self._submitted + 1, created=created, **fields)
        with self._storage.transaction():
            # Like the service, it does not keep the order of keys.
            self._storage.put_text(job.id, "params", json.dumps(params, sort_keys=True))
            self.save(job)
        self._submitted = job.number
        return job

    def find(self, job_id: str, *, instance: str) -> Job:
        """Return a visible job of the instance; raises `ServiceError` 1291."""
        job = self._jobs.get(job_id)
        if job is None or job.deleted or job.instance != instance:
            raise ServiceError(JOB_NOT_FOUND, values={"job_id": job_id[:100]})
        return job

    def __getitem__(self, job_id: str) -> Job:
        """A job that exists, of any instance, deleted or not."""
        return self._jobs[job_id]

    def get(self, job_id: str) -> Job | None:
        """Return a job of any instance, deleted or not."""
        return self._jobs.get(job_id)

    def page(
        self, *, instance: str, where: JobFilter = _ALL, ascending: bool = False, offset: int = 0, limit: int
    ) -> tuple[list[Job], int]:
        """A part of the instance's jobs, the newest first unless `ascending`, and how many there are in all.

        Only conditions that narrow the list make it look at more jobs than it returns.
        """
        ids = self.index.ids(instance, pending=bool(where.pending), mocks=where.mocks)
        if where.narrows:
            ids = {job_id: None for job_id in ids if where.matches(self._jobs[job_id])}
        chosen = islice(ids if ascending else reversed(ids), offset, offset + limit)
        return [self._jobs[job_id] for job_id in chosen], len(ids)

    def accounted(self) -> Iterator[Job]:
        """All jobs ever recorded, deleted ones too, in order of creation."""
        return iter(self._jobs.values())

    def read(self, job: Job) -> Job:
        """Count a read of a pending job. The count is not stored."""
        if job.ended:
            return job
        job = evolve(job, reads=job.reads + 1)
        self._jobs[job.id] = job
        return job

    def save(self, job: Job) -> None:
        """Replace a job by its changed version."""
        self._storage.on_failure(self._rebuild)
        before = self._jobs.get(job.id)
        self._jobs.save(job.id, job)
        self.pending.changed(before, job)
        self.index.changed(before, job)

    def end(self, job: Job, *, result: str | None = None, logs: str = "") -> None:
        """Replace a job by its ended version and store its texts; delete a private job's inputs."""
        with self._storage.transaction():
            self.save(job)
            if result is not None:
                self._storage.put_text(job.id, "result", result)
            if logs:
                self._storage.put_text(job.id, "logs", logs)
            if job.private:
                self._storage.delete_texts(job.id, "params")

    def cancel(self, job: Job) -> Job:
        """End a pending job; raises `ServiceError` 3208 (409) for one that has ended."""
        if job.ended:
            raise ServiceError(JOB_NOT_CANCELLED, f"The job is {job.status}.")
        cancelled = job.cancel(self._clock.now())
        self.end(cancelled)
        return cancelled

    def delete(self, job: Job) -> None:
        """Hide a job that has ended and delete its texts; raises `ServiceError` 3209 for a pending one."""
        if not job.ended:
            raise ServiceError(JOB_NOT_FINAL, f"The job is {job.status}.")
        with self._storage.transaction():
            self.save(evolve(job, deleted=True))
            self._storage.delete_texts(job.id)

    def replace_tags(self, job: Job, tags: Sequence[str]) -> None:
        """Replace the job's tags."""
        self.save(evolve(job, tags=tuple(tags)))

    def params_text(self, job: Job) -> str | None:
        """The parameters as submitted, as JSON; `None` for a private job, and for one without."""
        text = None if job.private else self._storage.text(job.id, "params")
        return None if text == "null" else text

    def params(self, job: Job) -> Any:
        """The parameters as submitted; `None` for a private job."""
        return json.loads(self.params_text(job) or "null")

    def inputs(self, job: Job) -> Any:
        """The parameters as submitted, also of a private job: for running it."""
        return json.loads(self._storage.text(job.id, "params") or "null")

    def logs(self, job: Job) -> str:
        """The job's log so far; raises `ServiceError` (404) if it has not started and has none."""
        text = self._log(job)
        if not text and job.started is None:
            raise ServiceError(LOGS_NOT_FOUND)
        return text

    def _log(self, job: Job) -> str:
        return self._storage.text(job.id, "logs") or ""

    def publish_interim(self, job: Job, text: str) -> None:
        """Store an interim result of a job; replaces an earlier one."""
        with self._storage.transaction():
            self._storage.put_text(job.id, "interim", text)
            self.save(evolve(job, interim_at=self._clock.now()))

    def interim_results(self, job: Job) -> str | None:
        """The last interim result of a job; kept for two days."""
        if job.interim_at is None or self._clock.now() >= job.interim_at + _INTERIM_SECONDS:
            return None
        return self._storage.text(job.id, "interim")

    def shown_result(self, job: Job) -> str | None:
        """The result, for people who look at the service: this changes nothing. `None` for a private job."""
        return None if job.private else self._storage.text(job.id, "result")

    def take_result(self, job: Job) -> str | None:
        """Return the result, or the log of a failed job. The first read of a private result deletes it.

        `None` if there is no result yet, and for a private result that was read before.
        """
        if job.status is Status.FAILED:
            return self._log(job) or job.reason or ""
        text = self._storage.text(job.id, "result")
        if text is not None and job.private:
            with self._storage.transaction():
                self._storage.delete_texts(job.id, "result")
        return text
