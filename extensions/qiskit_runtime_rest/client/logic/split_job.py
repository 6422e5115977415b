"""Several jobs behind one handle: a program of the executor has one number of shots, and pubs may have several."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...arguments import check_timeout
from ...errors import Conflict, InvalidInput, RuntimeRestError
from ...plans.effects import InThread
from ...plans.plan import Plan
from ...waiting import StatusCallback, StatusUpdate, WaitBudget
from .job import JobLogic
from .job_group import JobGroup

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qiskit_runtime_api.models import JobMetrics

    from ...results import Result

__all__ = ["SplitJobLogic", "split_job"]

ONGOING = ("Queued", "Running")
BETWEEN = "+"
"""Between the ids of the jobs."""


class SplitJobLogic(JobLogic):
    """The handle of several jobs. Its result has the pubs of all of them, in their order.

    Attributes:
        id: their ids, joined by "+"; not an id of the service.
        raw: what they have in common, with the status of all together.
    """

    _jobs: list[Any]

    def _set_parts(self, parts: Sequence[Any]) -> None:
        self._jobs = list(parts)
        self._combine()

    @property
    def parts(self) -> list[Any]:
        """The handles of its jobs."""
        return self._jobs

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the handles of the jobs."""
        return split_job, (self.parts,)

    def _combine(self) -> dict[str, Any]:
        """Make `raw` of what is known of the jobs."""
        states = [part._snapshot().status for part in self.parts if "status" in part.raw or "state" in part.raw]
        ended = [status for status in states if status not in ONGOING]
        failed = [status for status in ended if status != "Completed"]
        status = "Queued" if not states else "Running"
        if failed:
            status = failed[0]
        elif len(ended) == len(self.parts):
            status = "Completed"
        elif set(states) == {"Queued"}:
            status = "Queued"
        first = self.parts[0].raw
        shared = {
            name: first[name] for name in ("backend", "program", "session_id", "private", "tags") if name in first
        }
        self.raw = {"id": self.id, **shared, "status": status, "state": {"status": status}}
        return self.raw

    @property
    def failure(self) -> RuntimeRestError | None:
        """The error of the first of the jobs that failed, if it is known without a request."""
        return next((part.failure for part in self.parts if part.failure is not None), None)

    def _refresh(self, *, params: bool = False) -> Plan[dict[str, Any]]:
        for part in self.parts:
            yield from part._refresh(params=params)
        return self._combine()

    def _wait(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        stop: threading.Event | None = None,
    ) -> Plan[StatusUpdate]:
        check_timeout(timeout)
        clock = self._connection.clock
        began = clock.monotonic()
        budget = WaitBudget(clock=clock, poll_interval=self._poll_interval, timeout=timeout, stop=stop)
        handles: JobGroup[Any] = JobGroup(self.parts, budget=budget, on_status=on_status)
        while handles.left:
            yield from handles.next_ended()
        self._combine()
        for part in self.parts:
            if part.failure is not None:
                # It has ended: this reads its log and raises its error.
                yield from part._wait(timeout=budget.left, stop=stop)
        return StatusUpdate.of(self._snapshot(), waited=clock.monotonic() - began)

    def _result(
        self,
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
        save_to: str | Path | None = None,
        executor: Executor | None = None,
    ) -> Plan[Result]:
        from ...results import decode_on

        check_timeout(timeout)
        clock = self._connection.clock
        began = clock.monotonic()
        if any(part._decoded is None for part in self.parts):
            yield from self._wait(timeout=timeout, on_status=on_status)
        read = []
        for part in self.parts:
            left = None if timeout is None else max(0.0, timeout - (clock.monotonic() - began))
            read.append((yield from part._result(timeout=left, save_to=save_to, executor=executor)).raw)
        if self._decoded is None:
            raw: bytes = yield InThread(lambda: b"[" + b",".join(read) + b"]")
            self._decoded = yield from decode_on(executor, raw, program_id=self.program_id)
        return self._decoded

    def _cancel(self) -> Plan[None]:
        refused: list[Conflict] = []
        for part in self.parts:
            try:
                yield from part._cancel()
            except Conflict as failure:
                refused.append(failure)
        if len(refused) == len(self.parts):
            raise refused[0]

    def _delete(self) -> Plan[None]:
        for part in self.parts:
            yield from part._delete()

    def _logs(self) -> Plan[str]:
        logs = []
        for part in self.parts:
            log = yield from part._logs()
            logs.append(log)
        return "\n".join(logs)

    def _metrics(self) -> Plan[JobMetrics]:
        raise InvalidInput(f"{len(self.parts)} jobs have metrics of their own: read those of each of `job.parts`.")
        yield

    def _replace_tags(self, tags: Sequence[str]) -> Plan[None]:
        for part in self.parts:
            yield from part._replace_tags(tags)
        self._combine()


@cache
def _class_of(kind: Any) -> Any:
    """The class of split jobs whose parts are of this class: its public methods run the plans above."""
    return type(f"Split{kind.__name__}", (SplitJobLogic, kind), {"__module__": __name__})


def split_job(parts: Sequence[Any]) -> Any:
    """The handle of several jobs, of the class of their handles."""
    first = parts[0]
    kind: Any = type(first)
    job_id = BETWEEN.join(part.id for part in parts)
    made = _class_of(kind)(first._where, job_id, poll_interval=first._poll_interval)
    made._set_parts(parts)
    return made
