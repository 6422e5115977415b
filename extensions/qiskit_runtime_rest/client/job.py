"""A job: its status, its end, its result.

Generated from logic/job.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .logic.job import JobLogic
from .logic.public import Awaited, Blocking

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from concurrent.futures import Executor
    from pathlib import Path
    from typing import Any

    from qiskit_runtime_api.models import JobMetrics

    from ..results import Result
    from ..waiting import StatusCallback, StatusUpdate
__all__ = ["AsyncJob", "Job"]


class Job(Blocking, JobLogic):
    """A job of a `RuntimeClient`."""

    def refresh(self, *, params: bool = False, timeout: float | None = None) -> dict[str, Any]:
        """Read the job again, keep its JSON as `raw`, and return it.

        Args:
            params: include the submitted params.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: ApiError, TransportError. Source: operation `get_job`.
        """
        return self._run(self._refresh(params=params), timeout)

    def status(self, *, timeout: float | None = None) -> str:
        """The job's status now: Queued, Running, Completed, Cancelled, "Cancelled - Ran too long" or Failed.

        Raises: ApiError, TransportError. Source: operation `get_job`, schema `JobStatus`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._status(), timeout)

    def wait(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
    ) -> StatusUpdate:
        """Wait until the job has completed, and return its last status.

        Args:
            timeout: seconds; None waits without a limit.
            on_status: called with each new status, a `StatusUpdate`: a text with the attributes `job_id`, `waited`
                (seconds), `estimated_running_time_seconds`, and while the job is Queued `queue_length` and
                `wait_time` of its backend, for which the backends are listed once. With an async client it may return
                an awaitable.
            stop: an event that ends the wait of a thread when it is set. (Cancel a task instead.)

        Raises:
            InvalidInput: `timeout` is not a number of seconds.
            JobFailed, JobTimeLimit, JobCancelled: how the job ended, with code, reason, solution and end of the log.
            WaitTimeout, WaitStopped: the wait ended; the job goes on.
            ApiError, TransportError: the service gave no usable answer for a long time.

        Source: operations `get_job`, `get_job_logs`.
        """
        return self._run(self._wait(timeout=timeout, on_status=on_status, stop=stop), timeout)

    def result(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        save_to: str | Path | None = None,
        executor: Executor | None = None,
    ) -> Result:
        """Wait, read the result and decode it. The handle keeps it, because a private job's result is given only once.

        Args:
            timeout: seconds for everything; None waits without a limit.
            on_status: as for `wait`.
            save_to: a folder. The bytes of the result are saved there before they are decoded, as
                `<job id>.<program>.json`, which `client.load_result` reads. None: as the client's settings say.
            executor: decodes the result, such as a process pool or a cluster's `get_executor()`.

        Raises:
            InvalidInput, JobFailed, JobTimeLimit, JobCancelled, WaitTimeout, ApiError, TransportError: as for `wait`.
            ResultUnavailable: the job completed, but the service has no result for it (any more); this is known within
                a second. The error names a saved copy.
            ResultNotSaved: the result cannot be saved. Either it was not read, or its bytes are in the error's `raw`.
            ResultDecodeError: the result has no known form; its bytes are in the error's `raw`.

        Source: operation `get_job_results`.
        """
        return self._run(
            self._result(timeout=timeout, on_status=on_status, save_to=save_to, executor=executor), timeout
        )

    def cancel(self, *, timeout: float | None = None) -> None:
        """Cancel the job.

        Raises: Conflict (it has ended), ApiError, TransportError. Source: operation `cancel_job`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        self._run(self._cancel(), timeout)

    def delete(self, *, timeout: float | None = None) -> None:
        """Delete a job that has ended, with its params and its result.

        Raises: ApiError (the job has not ended, or does not exist), TransportError. Source: operation `delete_job`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        self._run(self._delete(), timeout)

    def logs(self, *, timeout: float | None = None) -> str:
        """The job's log. Raises: NotFound (it has none), ApiError, TransportError. Source: operation `get_job_logs`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._logs(), timeout)

    def metrics(self, *, timeout: float | None = None) -> JobMetrics:
        """Timestamps, charged QPU time (seconds) and more. Raises: ApiError. Source: operation `get_job_metrics`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._metrics(), timeout)

    def replace_tags(self, tags: Sequence[str], *, timeout: float | None = None) -> None:
        """Replace the tags of the job.

        Raises: InvalidInput, ApiError. Source: operation `replace_job_tags`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        self._run(self._replace_tags(tags), timeout)


class AsyncJob(Awaited, JobLogic):
    """A job of an `AsyncRuntimeClient`."""

    async def refresh(self, *, params: bool = False, timeout: float | None = None) -> dict[str, Any]:
        """Read the job again, keep its JSON as `raw`, and return it.

        Args:
            params: include the submitted params.
            timeout: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.

        Raises: ApiError, TransportError. Source: operation `get_job`.
        """
        return await self._run(self._refresh(params=params), timeout)

    async def status(self, *, timeout: float | None = None) -> str:
        """The job's status now: Queued, Running, Completed, Cancelled, "Cancelled - Ran too long" or Failed.

        Raises: ApiError, TransportError. Source: operation `get_job`, schema `JobStatus`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._status(), timeout)

    async def wait(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
    ) -> StatusUpdate:
        """Wait until the job has completed, and return its last status.

        Args:
            timeout: seconds; None waits without a limit.
            on_status: called with each new status, a `StatusUpdate`: a text with the attributes `job_id`, `waited`
                (seconds), `estimated_running_time_seconds`, and while the job is Queued `queue_length` and
                `wait_time` of its backend, for which the backends are listed once. With an async client it may return
                an awaitable.
            stop: an event that ends the wait of a thread when it is set. (Cancel a task instead.)

        Raises:
            InvalidInput: `timeout` is not a number of seconds.
            JobFailed, JobTimeLimit, JobCancelled: how the job ended, with code, reason, solution and end of the log.
            WaitTimeout, WaitStopped: the wait ended; the job goes on.
            ApiError, TransportError: the service gave no usable answer for a long time.

        Source: operations `get_job`, `get_job_logs`.
        """
        return await self._run(self._wait(timeout=timeout, on_status=on_status, stop=stop), timeout)

    async def result(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        save_to: str | Path | None = None,
        executor: Executor | None = None,
    ) -> Result:
        """Wait, read the result and decode it. The handle keeps it, because a private job's result is given only once.

        Args:
            timeout: seconds for everything; None waits without a limit.
            on_status: as for `wait`.
            save_to: a folder. The bytes of the result are saved there before they are decoded, as
                `<job id>.<program>.json`, which `client.load_result` reads. None: as the client's settings say.
            executor: decodes the result, such as a process pool or a cluster's `get_executor()`.

        Raises:
            InvalidInput, JobFailed, JobTimeLimit, JobCancelled, WaitTimeout, ApiError, TransportError: as for `wait`.
            ResultUnavailable: the job completed, but the service has no result for it (any more); this is known within
                a second. The error names a saved copy.
            ResultNotSaved: the result cannot be saved. Either it was not read, or its bytes are in the error's `raw`.
            ResultDecodeError: the result has no known form; its bytes are in the error's `raw`.

        Source: operation `get_job_results`.
        """
        return await self._run(
            self._result(timeout=timeout, on_status=on_status, save_to=save_to, executor=executor), timeout
        )

    async def cancel(self, *, timeout: float | None = None) -> None:
        """Cancel the job.

        Raises: Conflict (it has ended), ApiError, TransportError. Source: operation `cancel_job`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        await self._run(self._cancel(), timeout)

    async def delete(self, *, timeout: float | None = None) -> None:
        """Delete a job that has ended, with its params and its result.

        Raises: ApiError (the job has not ended, or does not exist), TransportError. Source: operation `delete_job`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        await self._run(self._delete(), timeout)

    async def logs(self, *, timeout: float | None = None) -> str:
        """The job's log. Raises: NotFound (it has none), ApiError, TransportError. Source: operation `get_job_logs`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._logs(), timeout)

    async def metrics(self, *, timeout: float | None = None) -> JobMetrics:
        """Timestamps, charged QPU time (seconds) and more. Raises: ApiError. Source: operation `get_job_metrics`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._metrics(), timeout)

    async def replace_tags(self, tags: Sequence[str], *, timeout: float | None = None) -> None:
        """Replace the tags of the job.

        Raises: InvalidInput, ApiError. Source: operation `replace_job_tags`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        await self._run(self._replace_tags(tags), timeout)
