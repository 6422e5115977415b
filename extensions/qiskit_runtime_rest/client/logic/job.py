"""A job: its status, its end, its result."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qiskit_runtime_api.api import jobs as jobs_api

from ...arguments import check_timeout, folder_path
from ...base.html import facts_table
from ...base.json_members import member_moment, member_object, member_text, member_texts
from ...base.text import also_half_built, printable
from ...errors import (
    ApiError,
    JobError,
    NotFound,
    ResultDecodeError,
    ResultNotSaved,
    ResultUnavailable,
    RuntimeRestError,
    TransportError,
    WaitTimeout,
)
from ...http import Connection, Origin
from ...http.calls import call, fetch, json_object
from ...http.error_mapping import modelled
from ...plans.effects import InThread, stopped_by
from ...plans.mutex import Acquire, Mutex
from ...plans.plan import Plan
from ...submission import check_tags
from ...waiting import (
    EndedJob,
    JobSnapshot,
    Notify,
    PollInterval,
    StatusCallback,
    StatusUpdate,
    WaitBudget,
    wait,
)
from .handle import Handle
from .public import public

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qiskit_runtime_api.models import Job as JobModel
    from qiskit_runtime_api.models import JobMetrics

    from ...results import Result
    from ...results.large_documents import Source

__all__ = ["JobLogic"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

LOG_TAIL_LINES = 20
LOG_SECONDS = 10.0
"""Longest time, in seconds, to read the log of a failed job for its error."""


class JobLogic(Handle):
    """A job of the service.

    Attributes:
        id: the job's id.
        raw: the job's JSON as last read from the service; for a job that was just submitted, the submitted fields.
    """

    def __init__(
        self,
        connection: Connection | Origin,
        job_id: str,
        *,
        raw: Mapping[str, Any] | None = None,
        poll_interval: PollInterval | None = None,
    ) -> None:
        """Made by `client.jobs`; nothing is sent."""
        super().__init__(connection)
        self.id = job_id
        self.raw: dict[str, Any] = dict(raw or {})
        self._poll_interval = poll_interval or PollInterval()
        self._decoded: Result | None = None
        self._source: Source | None = None
        self._partial = b""
        self._mutex = Mutex()
        self._known_failure: RuntimeRestError | None = None

    @also_half_built
    def __repr__(self) -> str:
        """Id, program, backend and status, if known."""
        known = [self.program_id, self.backend, self.raw.get("status")]
        return printable(f"<{type(self).__name__} {' '.join([self.id, *(str(fact) for fact in known if fact)])}>")

    def __eq__(self, other: object) -> bool:
        """Two handles are equal if they belong to the same job of the same instance."""
        if not isinstance(other, JobLogic):
            return NotImplemented
        return (self.id, self._origin.instance) == (other.id, other._origin.instance)

    def __hash__(self) -> int:
        """By the job's id."""
        return hash(self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle id, origin and `raw`: no credentials, no result."""
        return _unpickled, (type(self), self._origin, self.id, self.raw)

    def facts(self) -> dict[str, Any]:
        """What is known of the job, as last read: for tables of jobs."""
        reason = member_text(member_object(self.raw, "state"), "reason")
        return {
            "id": self.id,
            "status": self.raw.get("status"),
            "program": self.program_id,
            "backend": self.backend,
            "created": member_moment(self.raw, "created"),
            "session": self.session_id,
            "tags": ", ".join(self.tags),
            "reason": reason,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.facts())

    @property
    def parts(self) -> list[Self]:
        """The handles of its jobs: itself, unless pubs with different numbers of shots made several jobs of it."""
        return [self]

    @property
    def backend(self) -> str | None:
        """Name of the backend, if known."""
        return member_text(self.raw, "backend")

    @property
    def program_id(self) -> str | None:
        """The program, such as `sampler`, if known."""
        return member_text(member_object(self.raw, "program"), "id")

    @property
    def session_id(self) -> str | None:
        """Id of the session, if known."""
        return member_text(self.raw, "session_id")

    @property
    def tags(self) -> list[str]:
        """The job's tags, as last read."""
        return member_texts(self.raw, "tags")

    @property
    def details(self) -> JobModel:
        """The job as last read, as the generated model `Job`.

        Raises:
            ResultUnavailable: the job was not read yet: call `refresh()` first.
            UnexpectedAnswer: the job's JSON does not match the contract; it is in `raw`.
        """
        from qiskit_runtime_api.models import Job as JobModel

        if "state" not in self.raw:
            raise ResultUnavailable(f"job {self.id} was not read yet: call refresh() first.", job_id=self.id)
        return modelled(JobModel, self.raw, what=f"job {self.id}")

    @property
    def failure(self) -> RuntimeRestError | None:
        """The error that `result` raises, if it is known without a request.

        It is known of a job that failed or was cancelled. After `wait_all` and `as_completed` it is also known of a
        job that no longer exists, or has no result.
        """
        return self._known_failure or self._snapshot().error()

    @public("jobs.get_job")
    def _refresh(self, *, params: bool = False) -> Plan[dict[str, Any]]:
        """Read the job again, keep its JSON as `raw`, and return it.

        Args:
            params: include the submitted params.

        Raises: ApiError, TransportError. Source: operation `get_job`.
        """
        response = yield from fetch(jobs_api.get_job, id=self.id, exclude_params=not params)
        self.raw = json_object(response)
        if isinstance(self._known_failure, NotFound):
            self._known_failure = None
        return self.raw

    @public("jobs.get_job")
    def _status(self) -> Plan[str]:
        """The job's status now: Queued, Running, Completed, Cancelled, "Cancelled - Ran too long" or Failed.

        Raises: ApiError, TransportError. Source: operation `get_job`, schema `JobStatus`.
        """
        yield from self._refresh()
        return self._snapshot().status

    def _snapshot(self) -> JobSnapshot:
        return JobSnapshot.from_json(self.raw, job_id=self.id)

    @public("jobs.get_job", "jobs.list_jobs", "jobs.get_job_logs", "backends.list_backends")
    def _wait(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
    ) -> Plan[StatusUpdate]:
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
        check_timeout(timeout)
        if isinstance(self._known_failure, NotFound):
            raise self._known_failure
        began = self._connection.clock.monotonic()
        if not self._snapshot().is_final:
            self.raw = yield from wait(
                self.id,
                clock=self._connection.clock,
                poll_interval=self._poll_interval,
                timeout=timeout,
                on_status=on_status,
                stop=stop,
            )
        elif on_status is not None:
            yield Notify(on_status, StatusUpdate.of(self._snapshot(), waited=0.0))
        snapshot = self._snapshot()
        if snapshot.failure is not None:
            raise (yield from self._failure(snapshot, stop))
        return StatusUpdate.of(snapshot, waited=self._connection.clock.monotonic() - began)

    def _failure(self, snapshot: JobSnapshot, stop: threading.Event | None) -> Plan[JobError]:
        text = ""
        with contextlib.suppress(ApiError, TransportError), stopped_by(stop):
            text = (yield from fetch(jobs_api.get_job_logs, budget=LOG_SECONDS, id=self.id)).text
        tail = "\n".join(text.splitlines()[-LOG_TAIL_LINES:])
        error = snapshot.error(log_tail=tail or None)
        assert error is not None
        return error

    @public("jobs.get_job", "jobs.list_jobs", "jobs.get_job_logs", "jobs.get_job_results", "backends.list_backends")
    def _result(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        save_to: str | Path | None = None,
        executor: Executor | None = None,
    ) -> Plan[Result]:
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
        folder = folder_path(save_to, "save_to")
        if isinstance(self._known_failure, ResultDecodeError) and not self._is_private:
            self._known_failure = None
        if self._known_failure is not None:
            raise self._known_failure
        check_timeout(timeout)
        began = self._connection.clock.monotonic()
        if self._decoded is None and self._source is None:
            yield from self._wait(timeout=timeout, on_status=on_status)
        waited = self._connection.clock.monotonic() - began
        try:
            if not (yield Acquire(self._mutex, None if timeout is None else max(0.0, timeout - waited))):
                raise WaitTimeout(job_id=self.id, status=self._snapshot().status, waited=waited)
            if self._decoded is None and self._source is None:
                yield from self._read_result(began, timeout, folder)
            elif folder is not None:
                yield from self._save_again(folder)
            if self._decoded is None:
                self._decoded = yield from self._decode(executor)
            return self._decoded
        except TransportError as failure:
            waited = self._connection.clock.monotonic() - began
            if timeout is None or waited < timeout:
                raise
            raise WaitTimeout(job_id=self.id, status="Completed", waited=waited) from failure
        finally:
            try:  # see `Lock`
                self._mutex.thread_lock.release()
            except RuntimeError:
                self._mutex.release_task()

    @property
    def _is_private(self) -> bool:
        """Whether its result can be read only once."""
        return bool(self.raw.get("private"))

    def _read_result(self, began: float, timeout: float | None, folder: Path | None) -> Plan[None]:
        from .result_reading import Reading

        reading = Reading(
            job_id=self.id,
            program_id=self.program_id,
            private=self._is_private,
            folder=folder or self._connection.settings.save_to,
            clock=self._connection.clock,
            began=began,
            timeout=timeout,
            partial=self._partial,
        )
        try:
            self._source = yield from reading.read()
        except ResultNotSaved as failure:
            self._source = failure.raw or None
            raise
        finally:
            self._partial = reading.partial

    def _decode(self, executor: Executor | None) -> Plan[Result]:
        """Decode the bytes that were read. They are kept when an executor fails or the caller is cancelled."""
        from ...results import decode_on

        assert self._source is not None
        try:
            result = yield from decode_on(executor, self._source, program_id=self.program_id)
        except ResultDecodeError:
            if not self._is_private:
                # The bytes are in the error. Another read may bring better ones.
                self._source = None
            raise
        self._source = None
        return result

    def _save_again(self, folder: Path) -> Plan[None]:
        from ...results.files import save_result, saved_copy

        raw = self._decoded.raw if self._decoded is not None else (self._source or b"")[:]
        if saved_copy(self.id, folder) is None:
            yield InThread(lambda: save_result(raw, self.id, program_id=self.program_id, folder=folder))

    def _combine(self) -> dict[str, Any]:
        """Its JSON, brought up to date with its jobs."""
        return self.raw

    def _take_end(self, ended: EndedJob) -> None:
        """Keep the end of the job, as a wait for many jobs saw it."""
        self.raw = ended.raw
        self._known_failure = ended.failure

    def _take_result(self, other: JobLogic) -> None:
        """Keep the result that `other`, a handle of the same job, has read."""
        self._decoded, self._source, self._known_failure = other._decoded, other._source, other._known_failure

    def _collect(self, budget: WaitBudget, executor: Executor | None = None) -> Plan[None]:
        """Read the result, if there can be one and time is left. `result` raises what goes wrong."""
        if budget.is_used_up or self._decoded is not None or self.failure is not None:
            return
        try:
            yield from self._result(timeout=budget.left, executor=executor)
        except (ResultUnavailable, ResultDecodeError) as failure:
            self._known_failure = failure
        except RuntimeRestError as failure:
            log.warning("the result of job %s was not read; job.result() reads it: %s", printable(self.id), failure)

    @public("jobs.cancel_job")
    def _cancel(self) -> Plan[None]:
        """Cancel the job.

        Raises: Conflict (it has ended), ApiError, TransportError. Source: operation `cancel_job`.
        """
        yield from fetch(jobs_api.cancel_job, id=self.id)

    @public("jobs.delete_job")
    def _delete(self) -> Plan[None]:
        """Delete a job that has ended, with its params and its result.

        Raises: ApiError (the job has not ended, or does not exist), TransportError. Source: operation `delete_job`.
        """
        yield from fetch(jobs_api.delete_job, id=self.id)

    @public("jobs.get_job_logs")
    def _logs(self) -> Plan[str]:
        """The job's log. Raises: NotFound (it has none), ApiError, TransportError. Source: operation `get_job_logs`."""
        return (yield from fetch(jobs_api.get_job_logs, id=self.id)).text

    @public("jobs.get_job_metrics")
    def _metrics(self) -> Plan[JobMetrics]:
        """Timestamps, charged QPU time (seconds) and more. Raises: ApiError. Source: operation `get_job_metrics`."""
        metrics: JobMetrics = yield from call(jobs_api.get_job_metrics, id=self.id)
        return metrics

    @public("jobs.replace_job_tags")
    def _replace_tags(self, tags: Sequence[str]) -> Plan[None]:
        """Replace the tags of the job.

        Raises: InvalidInput, ApiError. Source: operation `replace_job_tags`.
        """
        from qiskit_runtime_api.models import TagList

        check_tags(tags)
        yield from fetch(jobs_api.replace_job_tags, id=self.id, body=TagList(tags=list(tags)))
        self.raw["tags"] = list(tags)


def _unpickled(kind: type[JobLogic], origin: Origin, job_id: str, raw: dict[str, Any]) -> JobLogic:
    return kind(origin, job_id, raw=raw)
