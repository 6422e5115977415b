"""Sessions and batches: groups of jobs.

Generated from logic/sessions.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .job import AsyncJob, Job
from .logic.public import Awaited, Blocking
from .logic.sessions import WORKLOADS, AsyncSessionLogic, AsyncSessionsLogic, SessionsLogic, SyncSessionLogic
from .submit import AsyncSessionSubmissions, SessionSubmissions

if TYPE_CHECKING:
    import threading

    from ..arguments import Named
    from .listing import Listing
__all__ = ["AsyncSession", "AsyncSessions", "Session", "Sessions"]


class Session(SessionSubmissions, SyncSessionLogic):
    """A session of a `RuntimeClient`. Use it in a `with` statement."""

    _job = Job

    def status(self, *, timeout: float | None = None) -> str:
        """The session's state now: open, active, inactive or closed; the service may use further words.

        Raises: ApiError, TransportError. Source: operation `get_session`, schema `SessionState`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._status(), timeout)

    def wait(self, *, timeout: float | None = None, stop: threading.Event | None = None) -> Listing[Job]:
        """Wait until the session is closed and its jobs have ended, and return its jobs, oldest first.

        A session closes some time after `close()` or `cancel()`, when it was not used for a while, or at its maximum
        time. The `failure` of a job says how it ended, and its `result()` reads the result.

        Args:
            timeout: seconds for all together; None waits without a limit.
            stop: an event that ends the wait of a thread when it is set. (Cancel a task instead.)

        Raises:
            InvalidInput: `timeout` is not a number of seconds.
            WaitTimeout, WaitStopped: the wait ended; the session, or its jobs in the error's `job_ids`, go on.
            NotFound: the session does not exist.
            ApiError, TransportError: the service gave no usable answer for a long time.

        Source: operations `get_session`, `list_jobs`, `get_job`.
        """
        return self._run(self._wait(timeout=timeout, stop=stop), timeout)

    def close(self, *, timeout: float | None = None) -> None:
        """Accept no more jobs; queued jobs still run. Raises: ApiError. Source: operation `update_session`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        self._run(self._close(), timeout)

    def cancel(self, *, timeout: float | None = None) -> None:
        """End the session; queued jobs do not run. Raises: ApiError. Source: operation `delete_session_close`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        self._run(self._cancel(), timeout)


class AsyncSession(AsyncSessionSubmissions, AsyncSessionLogic):
    """A session of an `AsyncRuntimeClient`. Use it in an `async with` statement."""

    _job = AsyncJob

    async def status(self, *, timeout: float | None = None) -> str:
        """The session's state now: open, active, inactive or closed; the service may use further words.

        Raises: ApiError, TransportError. Source: operation `get_session`, schema `SessionState`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._status(), timeout)

    async def wait(self, *, timeout: float | None = None, stop: threading.Event | None = None) -> Listing[AsyncJob]:
        """Wait until the session is closed and its jobs have ended, and return its jobs, oldest first.

        A session closes some time after `close()` or `cancel()`, when it was not used for a while, or at its maximum
        time. The `failure` of a job says how it ended, and its `result()` reads the result.

        Args:
            timeout: seconds for all together; None waits without a limit.
            stop: an event that ends the wait of a thread when it is set. (Cancel a task instead.)

        Raises:
            InvalidInput: `timeout` is not a number of seconds.
            WaitTimeout, WaitStopped: the wait ended; the session, or its jobs in the error's `job_ids`, go on.
            NotFound: the session does not exist.
            ApiError, TransportError: the service gave no usable answer for a long time.

        Source: operations `get_session`, `list_jobs`, `get_job`.
        """
        return await self._run(self._wait(timeout=timeout, stop=stop), timeout)

    async def close(self, *, timeout: float | None = None) -> None:
        """Accept no more jobs; queued jobs still run. Raises: ApiError. Source: operation `update_session`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        await self._run(self._close(), timeout)

    async def cancel(self, *, timeout: float | None = None) -> None:
        """End the session; queued jobs do not run. Raises: ApiError. Source: operation `delete_session_close`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        await self._run(self._cancel(), timeout)


class Sessions(Blocking, SessionsLogic["Session"]):
    """`client.sessions` of a `RuntimeClient`."""

    _session = Session

    def get(self, session_id: str, *, timeout: float | None = None) -> Session:
        """The session with this id. Raises: InvalidInput, NotFound, ApiError. Source: operation `get_session`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._get(session_id), timeout)

    def list(
        self,
        *,
        mode: str | None = None,
        backend: str | None = None,
        limit: int = WORKLOADS,
        timeout: float | None = None,
    ) -> Listing[Session]:
        """The sessions and batches of the instance, newest first.

        Args:
            mode: `dedicated` or `batch`; None for both.
            backend: only those on this backend.
            limit: the largest number of them.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `find_instance_workloads`.
        """
        return self._run(self._list(mode=mode, backend=backend, limit=limit), timeout)

    def create(
        self,
        *,
        backend: str | Named,
        mode: str = "dedicated",
        max_time: float | None = None,
        cancel_on_error: bool = False,
        timeout: float | None = None,
    ) -> Session:
        """Open a session.

        Args:
            backend: name or handle of the backend that runs all its jobs.
            mode: `dedicated` (the backend waits for your jobs) or `batch` (the jobs are known beforehand; every plan
                offers it).
            max_time: seconds after which the session is closed, rounded up; None: the service's default of 8 hours,
                or the plan's.
            cancel_on_error: when an exception leaves the `with` block, let its queued jobs fail instead of closing.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `create_session`.
        """
        return self._run(
            self._create(backend=backend, mode=mode, max_time=max_time, cancel_on_error=cancel_on_error), timeout
        )


class AsyncSessions(Awaited, AsyncSessionsLogic):
    """`client.sessions` of an `AsyncRuntimeClient`."""

    _session = AsyncSession

    async def get(self, session_id: str, *, timeout: float | None = None) -> AsyncSession:
        """The session with this id. Raises: InvalidInput, NotFound, ApiError. Source: operation `get_session`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._get(session_id), timeout)

    async def list(
        self,
        *,
        mode: str | None = None,
        backend: str | None = None,
        limit: int = WORKLOADS,
        timeout: float | None = None,
    ) -> Listing[AsyncSession]:
        """The sessions and batches of the instance, newest first.

        Args:
            mode: `dedicated` or `batch`; None for both.
            backend: only those on this backend.
            limit: the largest number of them.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `find_instance_workloads`.
        """
        return await self._run(self._list(mode=mode, backend=backend, limit=limit), timeout)
