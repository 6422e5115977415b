"""Jobs: submit, list, find, recover, and wait for many.

Generated from logic/jobs.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..waiting import PAGE
from .logic.jobs import JobsLogic
from .submit import AsyncSubmissions, Submissions

if TYPE_CHECKING:
    import builtins
    import datetime
    import threading
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from ..waiting import StatusCallback
    from .job import AsyncJob, Job
    from .listing import Listing
    from .logic.jobs import Recovered
__all__ = ["AsyncJobs", "Jobs"]


class Jobs(Submissions, JobsLogic["Job"]):
    """`client.jobs` of a `RuntimeClient`."""

    def get(self, job_id: str, *, timeout: float | None = None) -> Job:
        """The job with this id, read from the service.

        Raises: NotFound, ApiError, TransportError. Source: operation `get_job`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._get(job_id), timeout)

    def find(self, tag: str, *, timeout: float | None = None) -> Job | None:
        """The newest job that carries `tag`, or None.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._find(tag), timeout)

    def recover(self, *, timeout: float | None = None) -> builtins.list[Recovered[Job]]:
        """Find the jobs of submissions that a killed process left in the journal without an outcome.

        Each is looked up by its tag, for as long as the client's `SubmissionPolicy` says. Nothing is submitted. While
        another process still submits it, it has a `SubmissionUnknown` as its `error`.

        Raises: ConfigurationError (the client has no journal). Source: operation `list_jobs`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._recover(), timeout)

    def list(
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
        timeout: float | None = None,
    ) -> Iterator[Job]:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        return self._iterate(
            self._list(
                pending=pending,
                limit=limit,
                page_size=page_size,
                program=program,
                backend=backend,
                created_after=created_after,
                created_before=created_before,
                tags=tags,
                session_id=session_id,
                sort=sort,
                params=params,
            ),
            timeout,
        )

    def wait_all(
        self,
        jobs: Iterable[Job | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> Listing[Job]:
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
        return self._run(
            self._wait_all(
                jobs,
                timeout=timeout,
                on_status=on_status,
                stop=stop,
                results=results,
                at_once=at_once,
                executor=executor,
            ),
            timeout,
        )

    def as_completed(
        self,
        jobs: Iterable[Job | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> Iterator[Job]:
        """The jobs as they end, each handle once. Arguments and errors are those of `wait_all`.

        Nothing is requested while the caller works on a job. Results are read `at_once` ahead. A caller that leaves
        the loop early and has private jobs among `jobs` should pass handles, which keep what was read, or save results.
        """
        return self._iterate(
            self._as_completed(
                jobs,
                timeout=timeout,
                on_status=on_status,
                stop=stop,
                results=results,
                at_once=at_once,
                executor=executor,
            ),
            timeout,
        )


class AsyncJobs(AsyncSubmissions, JobsLogic["AsyncJob"]):
    """`client.jobs` of an `AsyncRuntimeClient`."""

    async def get(self, job_id: str, *, timeout: float | None = None) -> AsyncJob:
        """The job with this id, read from the service.

        Raises: NotFound, ApiError, TransportError. Source: operation `get_job`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._get(job_id), timeout)

    async def find(self, tag: str, *, timeout: float | None = None) -> AsyncJob | None:
        """The newest job that carries `tag`, or None.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._find(tag), timeout)

    async def recover(self, *, timeout: float | None = None) -> builtins.list[Recovered[AsyncJob]]:
        """Find the jobs of submissions that a killed process left in the journal without an outcome.

        Each is looked up by its tag, for as long as the client's `SubmissionPolicy` says. Nothing is submitted. While
        another process still submits it, it has a `SubmissionUnknown` as its `error`.

        Raises: ConfigurationError (the client has no journal). Source: operation `list_jobs`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._recover(), timeout)

    def list(
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
        timeout: float | None = None,
    ) -> AsyncIterator[AsyncJob]:
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
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        return self._iterate(
            self._list(
                pending=pending,
                limit=limit,
                page_size=page_size,
                program=program,
                backend=backend,
                created_after=created_after,
                created_before=created_before,
                tags=tags,
                session_id=session_id,
                sort=sort,
                params=params,
            ),
            timeout,
        )

    async def wait_all(
        self,
        jobs: Iterable[AsyncJob | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> Listing[AsyncJob]:
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
        return await self._run(
            self._wait_all(
                jobs,
                timeout=timeout,
                on_status=on_status,
                stop=stop,
                results=results,
                at_once=at_once,
                executor=executor,
            ),
            timeout,
        )

    def as_completed(
        self,
        jobs: Iterable[AsyncJob | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
        results: bool = True,
        at_once: int = 8,
        executor: Executor | None = None,
    ) -> AsyncIterator[AsyncJob]:
        """The jobs as they end, each handle once. Arguments and errors are those of `wait_all`.

        Nothing is requested while the caller works on a job. Results are read `at_once` ahead. A caller that leaves
        the loop early and has private jobs among `jobs` should pass handles, which keep what was read, or save results.
        """
        return self._iterate(
            self._as_completed(
                jobs,
                timeout=timeout,
                on_status=on_status,
                stop=stop,
                results=results,
                at_once=at_once,
                executor=executor,
            ),
            timeout,
        )
