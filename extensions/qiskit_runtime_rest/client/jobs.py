"""Jobs: submit them, find them."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_runtime_api.api import jobs as jobs_api

from ..arguments import positive_whole
from ..errors import ConfigurationError, InvalidInput, RuntimeRestError
from ..http import Connection, Origin
from ..http.calls import fetch, json_object
from ..plans.effects import InThread, Together
from ..plans.faces import AsyncFace, SyncFace, operation, stream
from ..plans.plan import Effect, Item, Plan
from ..submission import Entry, Submitter, check_tags, find_by_tag
from ..waiting import PAGE, JobPages, PollInterval, StatusCallback, WaitBudget
from .job import AsyncJob, Job
from .job_group import JobGroup
from .submit import J, SubmitOperations

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["AsyncJobs", "Jobs", "Recovered"]

SORTS = ("ASC", "DESC")
RECOVERED_AT_ONCE = 8


@dataclass(frozen=True)
class Recovered:
    """A submission of the journal that was looked for.

    Attributes:
        entry: what the journal says of it.
        job: what it became; None if it became none, or nobody can say.
        error: why nobody can say; it stays in the journal.
    """

    entry: Entry
    job: Job | AsyncJob | None
    error: RuntimeRestError | None = None


class JobsOperations(SubmitOperations[J]):
    """`client.jobs`."""

    _poll_interval: PollInterval

    def __init__(self, connection: Connection, *, submitter: Submitter, poll_interval: PollInterval | None) -> None:
        """Made by the client."""
        self._connection = connection
        self._submitter = submitter
        self._poll_interval = poll_interval or PollInterval()

    def __repr__(self) -> str:
        """Which instance on which host; never a secret."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @operation
    def get(self, job_id: str) -> Plan[J]:
        """The job with this id, read from the service.

        Raises: NotFound, ApiError, TransportError. Source: operation `get_job`.
        """
        _check_id(job_id)
        response = yield from fetch(jobs_api.get_job, id=job_id, exclude_params=True)
        return self._handle(json_object(response), job_id)

    def handle(self, job_id: str) -> J:
        """The job with this id, of which nothing is known yet: nothing is sent.

        For a wait whose deadline holds for all that is asked: `client.jobs.handle(job_id).wait(timeout=3)`.

        Raises: InvalidInput.
        """
        _check_id(job_id)
        return self._handle({}, job_id)

    @operation
    def find(self, tag: str) -> Plan[J | None]:
        """The newest job that carries `tag`, or None.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        check_tags([tag])
        job = yield from find_by_tag(tag)
        return None if job is None else self._handle(job, job["id"])

    @operation
    def recover(self) -> Plan[list_type[Recovered]]:
        """Settle what killed processes left in the journal: each submission whose outcome nobody wrote down.

        Each is looked for by its tag, for as long as the client's `SubmissionPolicy` says; nothing is submitted.

        Raises: ConfigurationError (the client keeps no journal). Source: operation `list_jobs`.
        """
        journal = self._submitter.journal
        if journal is None:
            raise ConfigurationError("there is no journal: make the client with journal=True, or with a path.")
        entries: Sequence[Entry] = yield InThread(journal.unfinished)
        recovered: list_type[Recovered] = yield Together(map(self._recovered, entries), RECOVERED_AT_ONCE)
        return recovered

    def _recovered(self, entry: Entry) -> Plan[Recovered]:
        try:
            job = yield from self._submitter.recover(entry.tag, began=entry.began)
        except RuntimeRestError as failure:
            return Recovered(entry, None, failure)
        return Recovered(entry, None if job is None else self._handle(job, job["id"]))

    @stream
    def list(
        self,
        *,
        pending: bool | None = None,
        limit: int = PAGE,
        program: str | None = None,
        backend: str | None = None,
        created_after: datetime.datetime | str | None = None,
        created_before: datetime.datetime | str | None = None,
        tags: Sequence[str] | None = None,
        session_id: str | None = None,
        sort: str | None = None,
        params: bool = False,
    ) -> Generator[Effect | Item[J], Any, None]:
        """All jobs that match, over all pages, each once, the newest first; pages are asked for as they are needed.

        Jobs may come, end, or be deleted meanwhile, also by whoever reads the list: none is left out for that.

        Args:
            pending: True for jobs that are queued or running, False for those that are over, None for both.
            limit: jobs a page, 1 to 200: how much one request brings, not how many jobs come in all (for that,
                `itertools.islice`).
            program, backend, session_id: only jobs of it.
            created_after, created_before: a `datetime`, or a text that names one; without an offset, local time.
            tags: all of these, 8 at most.
            sort: DESC (newest first, the default) or ASC.
            params: with the submitted params.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        if not isinstance(limit, int) or not 1 <= limit <= PAGE:
            raise InvalidInput(f"limit={limit!r}: a page has 1 to {PAGE} jobs.")
        if sort not in (None, *SORTS):
            raise InvalidInput(f"sort={sort!r}: {' or '.join(SORTS)}.")
        if tags is not None:
            check_tags(tags)
        filters: dict[str, Any] = {
            "pending": pending,
            "program": program,
            "backend": backend,
            "created_after": _moment(created_after, "created_after"),
            "created_before": _moment(created_before, "created_before"),
            "tags": tags,
            "session_id": session_id,
            "sort": sort,
        }
        chosen = {name: value for name, value in filters.items() if value is not None}
        pages = JobPages(limit=limit, params=params, **chosen)
        while not pages.done:
            for job in (yield from pages.next()):
                yield Item(self._handle(job, job["id"]))

    @operation
    def wait_all(
        self,
        jobs: Iterable[J | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> Plan[list_type[J]]:
        """Wait until all `jobs` are over, with few requests; the outcome is their handles, in the order given.

        They are followed through the list of pending jobs: a thousand cost 6 requests a look at most. A job that
        failed, or is gone, does not end the wait: its `failure` says so, and its `result()` raises it.

        Args:
            jobs: handles, or ids.
            timeout: seconds for all together; None waits as long as it takes.
            on_status: called with each new status of each job, a `StatusUpdate`. While one is Queued the backends
                are listed for it, once a minute at most. On an async client it may return an awaitable.
            stop: an event that ends the wait of a thread when set (a task is cancelled instead).
            results: read the results of those that completed, as they end, and keep them on the handles, so that
                `job.result()` costs no request more; it reads one that could not be read in time.
            at_once: how many results are read at a time.
            executor: where they are decoded, such as a process pool or a cluster's `get_executor()`.

        Raises:
            InvalidInput: `jobs`, `timeout` or `at_once` cannot be.
            WaitTimeout, WaitStopped: the jobs in the error's `job_ids` go on.
            ApiError, TransportError: the service could not be asked, for long.

        Source: operations `list_jobs`, `get_job`, `get_job_results`, `list_backends`.
        """
        given = self._given(jobs, at_once)
        handles = JobGroup(given, wait_budget=self._wait_budget(timeout, stop), on_status=on_status)
        while handles.left:
            ended = yield from handles.next_ended()
            if results:
                yield from handles.collect(ended, at_once=at_once, executor=executor)
        return given

    @stream
    def as_completed(
        self,
        jobs: Iterable[J | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> Generator[Effect | Item[J], Any, None]:
        """The jobs as they end, each handle once; arguments and errors as for `wait_all`.

        Nothing is asked while the caller is busy with a job that it was given. Results are read `at_once` ahead: who
        leaves the loop early, and has private jobs among them, passes handles (they keep what was read) or saves them.
        """
        given = self._given(jobs, at_once)
        handles = JobGroup(given, wait_budget=self._wait_budget(timeout, stop), on_status=on_status)
        while handles.left:
            ended = yield from handles.next_ended()
            for first in range(0, len(ended), at_once):
                some = ended[first : first + at_once]
                if results:
                    yield from handles.collect(some, at_once=at_once, executor=executor)
                for job in some:
                    for handle in handles.all_of(job):
                        yield Item(handle)

    def _wait_budget(self, timeout: float | None, stop: threading.Event | None) -> WaitBudget:
        return WaitBudget(clock=self._connection.clock, poll_interval=self._poll_interval, timeout=timeout, stop=stop)

    def _given(self, jobs: Iterable[J | str], at_once: int) -> list_type[J]:
        positive_whole(at_once, "at_once")
        if isinstance(jobs, str) or not isinstance(jobs, Iterable):
            raise InvalidInput(f"jobs={jobs!r}: pass a list of jobs, or of their ids.")
        return [self._of_this_client(job) for job in jobs]

    def _of_this_client(self, job: J | str) -> J:
        if isinstance(job, str) and job:
            return self._job(self._connection, job, poll_interval=self._poll_interval)
        if not isinstance(job, self._job):
            raise InvalidInput(f"{job!r} is neither a {self._job.__name__} nor a job's id.")
        here, there = self._connection.origin, job._origin
        if (here.instance, here.base_url) != (there.instance, there.base_url):
            raise InvalidInput(f"job {job.id} is of another instance or service: wait for it with its own client.")
        if isinstance(job._where, Origin):
            # It came from another process, and might find no credentials of its own in this one.
            job._connection = self._connection
        return job

    def _handle(self, job: dict[str, Any], job_id: str) -> J:
        return self._job(self._connection, job_id, raw=job, poll_interval=self._poll_interval)


def _check_id(job_id: str) -> None:
    if not isinstance(job_id, str) or not job_id:
        raise InvalidInput(f"job_id={job_id!r} is no job's id.")


list_type = list  # the name inside the class is the operation's


def _moment(value: datetime.datetime | str | None, name: str) -> datetime.datetime | None:
    """A moment with an offset: the service compares in UTC."""
    if isinstance(value, str):
        value = _read_moment(value, name)
    if value is not None and not isinstance(value, datetime.datetime):
        raise InvalidInput(f"{name}={value!r}: pass a datetime, or a text such as 2026-04-15T12:00:00Z.")
    return value if value is None or value.tzinfo is not None else value.astimezone()


def _read_moment(text: str, name: str) -> datetime.datetime:
    from dateutil import parser

    try:
        return parser.parse(text, tzinfos=_offset)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{name}={text!r} names no date; write it as 2026-04-15T12:00:00Z.") from None


def _offset(zone: str | None, seconds: int | None) -> int | None:
    """Seconds east of UTC; None for local time. The parser would leave an unknown zone out, and mean another moment."""
    if zone is not None and seconds is None and zone not in time.tzname:
        raise ValueError(zone)
    return seconds


class Jobs(SyncFace, JobsOperations[Job]):
    """`client.jobs` of a `RuntimeClient`."""

    _job = Job


class AsyncJobs(AsyncFace, JobsOperations[AsyncJob]):
    """`client.jobs` of an `AsyncRuntimeClient`."""

    _job = AsyncJob
