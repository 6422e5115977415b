"""Jobs: submit, list, find, recover, and wait for many."""

from __future__ import annotations

import datetime
import math
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from qiskit_runtime_api.api import jobs as jobs_api

from ...arguments import is_iterable, is_one_of, is_text, positive_whole
from ...base.text import also_half_built, shown
from ...errors import ConfigurationError, InvalidInput, RuntimeRestError
from ...http import Connection, Origin
from ...http.calls import fetch, json_object
from ...plans.effects import InThread, Together
from ...plans.plan import Item, Plan, StreamPlan
from ...submission import Entry, Submitter, check_tags, find_by_tag
from ...waiting import PAGE, JobPages, PollInterval, StatusCallback, WaitBudget
from ..listing import Listing
from .job_group import JobGroup
from .moments import moment
from .public import public, refuse_secrets
from .submit import J, SubmitLogic

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["JobsLogic", "Recovered"]

SORTS = ("ASC", "DESC")
RECOVERED_AT_ONCE = 8


@dataclass(frozen=True)
class Recovered(Generic[J]):
    """A submission of the journal, and the job that was found for it.

    Attributes:
        entry: the journal's entry.
        job: its job; None if there is no job, or if that is unknown.
        error: why it is unknown; the entry stays in the journal.
    """

    entry: Entry
    job: J | None
    error: RuntimeRestError | None = None


class JobsLogic(SubmitLogic[J]):
    """`client.jobs`."""

    _poll_interval: PollInterval

    def __init__(
        self, connection: Connection, *, submitter: Submitter, poll_interval: PollInterval | None, job_class: type[J]
    ) -> None:
        """Made by the client."""
        self._connection = connection
        self._submitter = submitter
        self._poll_interval = poll_interval or PollInterval()
        self._job = job_class

    @also_half_built
    def __repr__(self) -> str:
        """Instance and host."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @public("jobs.get_job")
    def _get(self, job_id: str) -> Plan[J]:
        """The job with this id, read from the service.

        Raises: NotFound, ApiError, TransportError. Source: operation `get_job`.
        """
        _check_id(job_id)
        response = yield from fetch(jobs_api.get_job, id=job_id, exclude_params=True)
        return self._handle(json_object(response), job_id)

    def handle(self, job_id: str) -> J:
        """A handle of the job with this id, without a request.

        Use it when a time-out must include all requests: `client.jobs.handle(job_id).wait(timeout=3)`.

        Raises: InvalidInput.
        """
        refuse_secrets(self, {"job_id": job_id})
        _check_id(job_id)
        return self._handle({}, job_id)

    @public("jobs.list_jobs")
    def _find(self, tag: str) -> Plan[J | None]:
        """The newest job that carries `tag`, or None.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        check_tags([tag])
        job = yield from find_by_tag(tag)
        return None if job is None else self._handle(job, job["id"])

    @public("jobs.list_jobs")
    def _recover(self) -> Plan[list[Recovered[J]]]:
        """Find the jobs of submissions that a killed process left in the journal without an outcome.

        Each is looked up by its tag, for as long as the client's `SubmissionPolicy` says. Nothing is submitted. While
        another process still submits it, it has a `SubmissionUnknown` as its `error`.

        Raises: ConfigurationError (the client has no journal). Source: operation `list_jobs`.
        """
        journal = self._submitter.journal
        if journal is None:
            raise ConfigurationError(
                "this client has no journal: create it with journal=True, or with the path of a file."
            )
        entries: Sequence[Entry] = yield InThread(journal.unfinished)
        recovered: list[Recovered[J]] = yield Together(map(self._recovered, entries), RECOVERED_AT_ONCE)
        return recovered

    def _recovered(self, entry: Entry) -> Plan[Recovered[J]]:
        try:
            job = yield from self._submitter.recover(entry.tag, entry)
        except RuntimeRestError as failure:
            return Recovered(entry, None, failure)
        return Recovered(entry, None if job is None else self._handle(job, job["id"]))

    @public("jobs.list_jobs")
    def _list(
        self,
        *,
        pending: bool | None = None,
        limit: int | None = None,
        page_size: int = PAGE,
        program: str | None = None,
        backend: str | None = None,
        created_after: datetime.datetime | str | None = None,
        created_before: datetime.datetime | str | None = None,
        tags: Sequence[str] | None = None,
        session_id: str | None = None,
        sort: str | None = None,
        params: bool = False,
    ) -> StreamPlan[J]:
        """All jobs that match, over all pages, each once, newest first. Pages are requested as they are needed.

        Jobs may be created, end or be deleted meanwhile, also by the caller: no other job is left out because of that.

        Args:
            pending: True for jobs that are queued or running, False for those that have ended, None for both.
            limit: the largest number of jobs in all; None: no limit.
            page_size: jobs per request, 1 to 200.
            program, backend, session_id: only jobs of this program, backend, session.
            created_after, created_before: a `datetime`, or a text: a date, or "yesterday", "3 days ago", "2h". Without
                an offset it is local time.
            tags: only jobs that have all of these tags, 8 at most.
            sort: DESC (newest first, the default) or ASC.
            params: include the submitted params.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        if not isinstance(page_size, int) or isinstance(page_size, bool) or not 1 <= page_size <= PAGE:
            raise InvalidInput(f"page_size={shown(page_size)}: must be between 1 and {PAGE}.")
        left = math.inf if limit is None else positive_whole(limit, "limit")
        if sort is not None and not is_one_of(sort, SORTS):
            raise InvalidInput(f"sort={shown(sort)}: must be {' or '.join(SORTS)}.")
        if tags is not None:
            check_tags(tags)
        now = self._connection.clock.time()
        filters: dict[str, Any] = {
            "pending": pending,
            "program": program,
            "backend": backend,
            "created_after": moment(created_after, "created_after", now=now),
            "created_before": moment(created_before, "created_before", now=now),
            "tags": tags,
            "session_id": session_id,
            "sort": sort,
        }
        chosen = {name: value for name, value in filters.items() if value is not None}
        pages = JobPages(limit=int(min(page_size, left)), params=params, **chosen)
        while not pages.done and left:
            for job in (yield from pages.next()):
                yield Item(self._handle(job, job["id"]))
                left -= 1
                if not left:
                    return

    @public("jobs.list_jobs", "jobs.get_job", "jobs.get_job_results", "backends.list_backends")
    def _wait_all(
        self,
        jobs: Iterable[J | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> Plan[Listing[J]]:
        """Wait until all `jobs` have ended, with few requests, and return their handles in the given order.

        The client follows them through the list of pending jobs: a thousand jobs cost at most 6 requests per look. A
        job that failed, or no longer exists, does not end the wait: its `failure` says so, and its `result()` raises
        it.

        Args:
            jobs: handles, or job ids.
            timeout: seconds for all together; None waits without a limit.
            on_status: called with each new status of each job, a `StatusUpdate`. While a job is Queued the backends
                are listed, at most once a minute. With an async client it may return an awaitable.
            stop: an event that ends the wait of a thread when it is set. (Cancel a task instead.)
            results: read the results of completed jobs as they end, and keep them on the handles, so that
                `job.result()` needs no further request. It reads a result that could not be read in time.
            at_once: number of results that are read at the same time.
            executor: decodes the results, such as a process pool or a cluster's `get_executor()`.

        Raises:
            InvalidInput: `jobs`, `timeout` or `at_once` is not valid.
            WaitTimeout, WaitStopped: the wait ended; the jobs in the error's `job_ids` go on.
            ApiError, TransportError: the service gave no usable answer for a long time.

        Source: operations `list_jobs`, `get_job`, `get_job_results`, `list_backends`.
        """
        given = self._given(jobs, at_once)
        single = [part for job in given for part in job.parts]
        handles = JobGroup(single, budget=self._budget(timeout, stop), on_status=on_status)
        while handles.left:
            ended = yield from handles.next_ended()
            if results:
                yield from handles.collect(ended, at_once=at_once, executor=executor)
        for job in given:
            job._combine()
        return Listing(given)

    @public("jobs.list_jobs", "jobs.get_job", "jobs.get_job_results", "backends.list_backends")
    def _as_completed(
        self,
        jobs: Iterable[J | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> StreamPlan[J]:
        """The jobs as they end, each handle once. Arguments and errors are those of `wait_all`.

        Nothing is requested while the caller works on a job. Results are read `at_once` ahead. A caller that leaves
        the loop early and has private jobs among `jobs` should pass handles, which keep what was read, or save results.
        """
        given = self._given(jobs, at_once)
        single = [part for job in given for part in job.parts]
        whole = {id(part): job for job in given for part in job.parts if part is not job}
        left = Counter(map(id, whole.values()))
        handles = JobGroup(single, budget=self._budget(timeout, stop), on_status=on_status)
        while handles.left:
            ended = yield from handles.next_ended()
            for first in range(0, len(ended), at_once):
                some = ended[first : first + at_once]
                if results:
                    yield from handles.collect(some, at_once=at_once, executor=executor)
                for job in some:
                    for handle in handles.all_of(job):
                        owner = whole.get(id(handle), handle)
                        left[id(owner)] -= 1
                        if left[id(owner)] <= 0:
                            owner._combine()
                            yield Item(owner)

    def _budget(self, timeout: float | None, stop: threading.Event | None) -> WaitBudget:
        return WaitBudget(clock=self._connection.clock, poll_interval=self._poll_interval, timeout=timeout, stop=stop)

    def _given(self, jobs: Iterable[J | str], at_once: int) -> list[J]:
        positive_whole(at_once, "at_once")
        if isinstance(jobs, str) or not is_iterable(jobs):
            raise InvalidInput(f"jobs={shown(jobs)}: expected a list of jobs, or of job ids.")
        return [self._of_this_client(job) for job in jobs]

    def _of_this_client(self, job: J | str) -> J:
        if is_text(job) and job:
            return self._job(self._connection, job, poll_interval=self._poll_interval)
        if not isinstance(job, self._job):
            raise InvalidInput(f"{shown(job)}: expected a {self._job.__name__} or a job id.")
        here, there = self._connection.origin, job._origin
        if (here.instance, here.base_url) != (there.instance, there.base_url):
            raise InvalidInput(
                f"job {job.id} belongs to another instance or service: wait for it with a client of that instance."
            )
        if isinstance(job._where, Origin):
            # An unpickled handle may find no credentials in this process.
            job._connection = self._connection
        return job

    def _handle(self, job: dict[str, Any], job_id: str) -> J:
        return self._job(self._connection, job_id, raw=job, poll_interval=self._poll_interval)


def _check_id(job_id: str) -> None:
    if not is_text(job_id) or not job_id:
        raise InvalidInput(f"job_id={shown(job_id)}: expected a job id.")
