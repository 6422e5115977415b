"""Worker processes that run programs, each one job at a time.

Jobs whose simulation is estimated to take long are heavy. They run one after the other in a process of their own, so
that light jobs never wait for them.

Killing a job does not affect others, and a worker that dies fails its own job only.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import Any

from attrs import evolve, field, frozen

from . import programs
from .devices import Device
from .programs import Heavy, Outcome, Policy
from .programs.outcome import Kind, failure
from .programs.policy import STRICT
from .worker import Worker
from .worker_process import Job
from .worker_template import TEMPLATE

__all__ = ["Workers"]


@frozen(eq=False)
class _Task:
    program_id: str
    params: Mapping[str, Any]
    device: Device
    seed: int
    policy: Policy
    on_heavy: Callable[[], None]
    future: Future[Outcome] = field(factory=Future)

    @property
    def job(self) -> Job:
        return (self.program_id, self.params, self.device, self.seed, self.policy)


class Workers:
    """A fixed number of worker processes, started when first needed, or at once with `warm`.

    Use it as a context manager, or call `close`. All methods may be called from any thread.
    """

    def __init__(self, *, count: int = 1, warm: bool = False, policy: Policy = STRICT) -> None:
        """Prepare `count` workers; with `warm`, start them now and let them import the primitives."""
        self._policy = policy
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._heavy_tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._count, self._warm = count, warm
        self._spare: list[Worker] = []
        self._lock = threading.Lock()
        self._queued: set[Future[Outcome]] = set()
        self._running: dict[Future[Outcome], Worker] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(self._tasks,), name=f"emulator-worker-{number}", daemon=True)
            for number in range(count)
        ]
        self._threads.append(
            threading.Thread(target=self._serve, args=(self._heavy_tasks,), name="emulator-worker-heavy", daemon=True)
        )
        TEMPLATE.hold()
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        program_id: str,
        params: Mapping[str, Any],
        *,
        device: Device,
        seed: int,
        on_heavy: Callable[[], None] = lambda: None,
    ) -> Future[Outcome]:
        """Queue a job; the arguments are those of `programs.run`.

        `on_heavy` is called, in another thread, when the job turns out to be heavy and leaves its worker to others.

        The future is running as soon as a worker has the job. It always ends with an outcome: a cancelled job and a
        job whose worker died are failures, too.

        Raises:
            RuntimeError: the workers are closed.
        """
        task = _Task(program_id, params, device, seed, self._policy, on_heavy)
        with self._lock:
            if self._closed:
                raise RuntimeError("The workers are closed, so no job can be submitted.")
            self._queued.add(task.future)
            self._tasks.put(task)
        return task.future

    def cancel(self, future: Future[Outcome]) -> bool:
        """Cancel a job, queued or running; its worker is killed and replaced. False if the job is done already."""
        with self._lock:
            if future in self._running:
                self._running[future].kill()
                return True
            if future not in self._queued:
                return False
            self._queued.remove(future)
        _settle(future, failure(Kind.CANCELLED))
        return True

    def close(self) -> None:
        """Kill all workers and cancel all jobs. May be called again."""
        with self._lock:
            was_closed, self._closed = self._closed, True
            queued, self._queued = self._queued, set()
            for process in self._running.values():
                process.kill()
        for future in queued:
            _settle(future, failure(Kind.CANCELLED))
        for _ in range(self._count):
            self._tasks.put(None)
        self._heavy_tasks.put(None)
        for thread in self._threads:
            thread.join()
        for process in self._spare:
            process.end()
        self._spare.clear()
        if not was_closed:
            TEMPLATE.release()

    def __enter__(self) -> Workers:
        """The workers themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _serve(self, tasks: queue.SimpleQueue[_Task | None]) -> None:
        heavy = tasks is self._heavy_tasks
        process: Worker | None = None
        if self._warm and not heavy:
            with contextlib.suppress(OSError):  # the first job tries again, and says why it cannot run
                process = Worker(warm=True)
        try:
            while (task := tasks.get()) is not None:
                if process is not None and not process.responds():
                    process.end()
                    process = None
                try:
                    process = process or self._new_process(heavy=heavy)
                # Whatever it is, it fails this job only: the thread lives on.
                except Exception as error:
                    detail = f"no worker process could be started ({error})"
                    self._refuse(task, failure(Kind.EXECUTION_FAILED, detail=detail))
                else:
                    self._run(task, process)
        finally:
            if process is not None:
                process.end()

    def _new_process(self, *, heavy: bool) -> Worker:
        with self._lock:
            if self._spare and not heavy:
                return self._spare.pop()
        return Worker(warm=self._warm)

    def _refuse(self, task: _Task, outcome: Outcome) -> None:
        with self._lock:
            self._queued.discard(task.future)
        _settle(task.future, outcome)

    def _run(self, task: _Task, process: Worker) -> None:
        with self._lock:
            if task.future not in self._queued:
                return
            self._queued.remove(task.future)
            # A heavy job is running since it left the other workers.
            if not task.future.running() and not task.future.set_running_or_notify_cancel():
                return
            self._running[task.future] = process
        outcome = process.run(task.job)
        with self._lock:
            del self._running[task.future]
            if process.killed:
                outcome = failure(Kind.CANCELLED)
            if isinstance(outcome, Heavy) and not self._closed:
                self._queued.add(task.future)
                self._heavy_tasks.put(evolve(task, policy=evolve(self._policy, light_seconds=None)))
        if isinstance(outcome, Heavy):
            task.on_heavy()
        else:
            task.future.set_result(outcome)
            self._warm_others(task)

    def _warm_others(self, task: _Task) -> None:
        """Start the other processes once one has run a program, so that no later job waits for imports."""
        with self._lock:
            if self._warm or self._closed or programs.PROGRAMS.get(task.program_id) is None:
                return
            self._warm = True
            with contextlib.suppress(OSError):
                self._spare += [Worker(warm=True) for _ in range(self._count - 1)]


def _settle(future: Future[Outcome], outcome: Outcome) -> None:
    """Set the outcome, unless the future was cancelled by its own method while it was queued."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(outcome)
