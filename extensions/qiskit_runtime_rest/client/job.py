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

    def refresh(self, *, params: bool = False) -> dict[str, Any]:
        """Read the job again, keep its JSON as `raw`, and return it.

        Args:
            params: include the submitted params.

        Raises: ApiError, TransportError. Source: operation `get_job`.
        """
        return self._run(self._refresh(params=params))

    def status(self) -> str:
        """The job's status now: Queued, Running, Completed, Cancelled, "Cancelled - Ran too long" or Failed.

        Raises: ApiError, TransportError. Source: operation `get_job`, schema `JobStatus`.
        """
        return self._run(self._status())

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
        return self._run(self._wait(timeout=timeout, on_status=on_status, stop=stop))

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
        return self._run(self._result(timeout=timeout, on_status=on_status, save_to=save_to, executor=executor))

    def cancel(self) -> None:
        """Cancel the job.

        Raises: Conflict (it has ended), ApiError, TransportError. Source: operation `cancel_job`.
        """
        self._run(self._cancel())

    def delete(self) -> None:
        """Delete a job that has ended, with its params and its result.

        Raises: ApiError (the job has not ended, or does not exist), TransportError. Source: operation `delete_job`.
        """
        self._run(self._delete())

    def logs(self) -> str:
        """The job's log. Raises: NotFound (it has none), ApiError, TransportError. Source: operation `get_job_logs`."""
        return self._run(self._logs())

    def metrics(self) -> JobMetrics:
        """Timestamps, charged QPU time (seconds) and more. Raises: ApiError. Source: operation `get_job_metrics`."""
        return self._run(self._metrics())

    def replace_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags of the job.

        Raises: InvalidInput, ApiError. Source: operation `replace_job_tags`.
        """
        self._run(self._replace_tags(tags))


class AsyncJob(Awaited, JobLogic):
    """A job of an `AsyncRuntimeClient`."""

    async def refresh(self, *, params: bool = False) -> dict[str, Any]:
        """Read the job again, keep its JSON as `raw`, and return it.

        Args:
            params: include the submitted params.

        Raises: ApiError, TransportError. Source: operation `get_job`.
        """
        return await self._run(self._refresh(params=params))

    async def status(self) -> str:
        """The job's status now: Queued, Running, Completed, Cancelled, "Cancelled - Ran too long" or Failed.

        Raises: ApiError, TransportError. Source: operation `get_job`, schema `JobStatus`.
        """
        return await self._run(self._status())

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
        return await self._run(self._wait(timeout=timeout, on_status=on_status, stop=stop))

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
        return await self._run(self._result(timeout=timeout, on_status=on_status, save_to=save_to, executor=executor))

    async def cancel(self) -> None:
        """Cancel the job.

        Raises: Conflict (it has ended), ApiError, TransportError. Source: operation `cancel_job`.
        """
        await self._run(self._cancel())

    async def delete(self) -> None:
        """Delete a job that has ended, with its params and its result.

        Raises: ApiError (the job has not ended, or does not exist), TransportError. Source: operation `delete_job`.
        """
        await self._run(self._delete())

    async def logs(self) -> str:
        """The job's log. Raises: NotFound (it has none), ApiError, TransportError. Source: operation `get_job_logs`."""
        return await self._run(self._logs())

    async def metrics(self) -> JobMetrics:
        """Timestamps, charged QPU time (seconds) and more. Raises: ApiError. Source: operation `get_job_metrics`."""
        return await self._run(self._metrics())

    async def replace_tags(self, tags: Sequence[str]) -> None:
        """Replace the tags of the job.

        Raises: InvalidInput, ApiError. Source: operation `replace_job_tags`.
        """
        await self._run(self._replace_tags(tags))
