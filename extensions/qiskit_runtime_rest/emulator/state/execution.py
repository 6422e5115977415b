"""Moves jobs from state to state: starts them in worker processes and records their outcomes."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from attrs import evolve, frozen

from ..programs.outcome import Failure
from .job import Job, Status, charge, ends_at
from .storage import NotStored

if TYPE_CHECKING:
    from ..devices import Device
    from ..programs.outcome import Outcome
    from .clock import Clock
    from .fleet import Fleet
    from .identifiers import Identifiers
    from .jobs import Jobs
    from .progress import Progress
    from .sessions import Session, Sessions

__all__ = ["Execution", "WorkerPool"]

_LONGEST_WAIT_SECONDS = 120.0
_PAUSE_SECONDS = 1.0
"""Before moves that could not be stored are tried again."""
_log = logging.getLogger("qiskit_runtime_rest.emulator.execution")


class WorkerPool(Protocol):
    """The methods of `emulator.workers.Workers` used here."""

    def submit(
        self,
        program_id: str,
        params: Mapping[str, Any],
        *,
        device: Device,
        seed: int,
        on_heavy: Callable[[], None],
    ) -> Future[Outcome]:
        """Run a program in a worker process; `on_heavy` says, in another thread, that it leaves its place to others."""

    def cancel(self, future: Future[Outcome]) -> bool:
        """Stop a program, queued or running."""

    def close(self) -> None:
        """Stop all workers."""


@frozen
class _Computed:
    outcome: Outcome
    at: float


class Execution:
    """Moves the pending jobs on, as far as `progress`, the clock and the workers allow.

    Everything runs on the event loop that serves the requests. The workers' callbacks come from other threads
    and are passed to the loop.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        sessions: Sessions,
        clock: Clock,
        identifiers: Identifiers,
        progress: Progress,
        workers: int,
        pool: Callable[[int], WorkerPool],
        fleet: Fleet,
        transaction: Callable[[], AbstractContextManager[None]],
        may_run: Callable[[str], bool],
    ) -> None:
        """`pool` makes the worker pool when the first job needs it; `workers` jobs run at the same time.

        `may_run(crn)` tells whether an instance's jobs may leave the queue, `transaction()` is that of the storage.
        """
        self.progress = progress
        self._fleet = fleet
        self._may_run = may_run
        self._transaction = transaction
        self._jobs = jobs
        self._sessions = sessions
        self._clock = clock
        self._identifiers = identifiers
        self._workers = workers
        self._make_pool = pool
        self._pool: WorkerPool | None = None
        self._running: dict[str, Future[Outcome]] = {}
        self._heavy: set[str] = set()
        self._computed: dict[str, _Computed] = {}
        self._arrivals: dict[str, asyncio.Event] = {}
        self._slot_freed_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._next_due = 0.0

    def settle(self) -> None:
        """Apply all moves that are due. Call it after every change of jobs, sessions, clock or progress.

        A move that cannot be stored has not happened, and is tried again later. So the change that led to it stands.
        """
        try:
            while self._apply_moves(self._clock.now()):
                pass
        except NotStored as error:
            _log.warning("%s Jobs and sessions stay as they are until it works again.", error)
            self._try_again()
        else:
            self._set_timer()

    def catch_up(self) -> None:
        """Apply the moves that became due because time has passed; cheap if there are none."""
        if self._clock.now() >= self._next_due:
            self.settle()

    async def read(self, jobs: Sequence[Job]) -> list[Job]:
        """Count a read of each job, which may move it on, and return the jobs as they are afterwards."""
        if not self.progress.counts_reads:
            return list(jobs)
        for job in jobs:
            if not job.ended:
                self._jobs.read(job)
                await self.settled(job.id)
        return [self._jobs.get(job.id) or job for job in jobs]

    async def settled(self, job_id: str | None = None) -> None:
        """Settle, and wait for those outcomes (of one job, or of all) that are overdue, for up to 120 seconds."""
        deadline = asyncio.get_running_loop().time() + _LONGEST_WAIT_SECONDS
        self.settle()
        while waiting := [job for job in self._overdue() if job_id in {None, job.id}]:
            remaining = deadline - asyncio.get_running_loop().time()
            arrival = self._arrivals[waiting[0].id]
            try:
                await asyncio.wait_for(arrival.wait(), timeout=remaining)
            except TimeoutError:
                return
            self.settle()

    def start_workers(self) -> WorkerPool:
        """Return the worker pool; the first call makes it."""
        if self._pool is None:
            self._pool = self._make_pool(self._workers)
        return self._pool

    def cancel(self, job: Job) -> None:
        """Cancel a pending job and its program; raises `ServiceError` 3208 for one that has ended."""
        with self._transaction():
            self._sessions.job_ended(self._jobs.cancel(job))
        self._stop(job.id)
        self.settle()

    def close_session(self, session: Session) -> None:
        """Close a session at once; its queued jobs fail."""
        with self._transaction():
            self._sessions.close(session)
            self._fail_queued(session.id, self._clock.now())
        self.settle()

    def reset(self) -> None:
        """Stop all running programs and forget their outcomes."""
        for job_id in list(self._running):
            self._stop(job_id)
        self._computed.clear()
        self.settle()

    def close(self) -> None:
        """Stop the worker processes; running jobs run again after a restart."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            with self._transaction():
                for job in self._jobs.pending.running():
                    self._jobs.save(job.requeue())
        except NotStored as error:
            _log.warning("%s The jobs that were running count as lost.", error)
        self._running.clear()
        self._heavy.clear()
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _apply_moves(self, now: float) -> bool:
        with self._transaction():
            for session_id in self._sessions.settle(now, busy=self._jobs.pending.by_session):
                self._fail_queued(session_id, now)
        ended = [job for job in self._jobs.pending.running() if self._try_end(job, now)]
        return self._start_next(now) or bool(ended)

    def _start_next(self, now: float) -> bool:
        """Start the first job that may leave the queue, if a worker is free."""
        if not self._has_slot():
            return False
        found = [job for queue in self._jobs.pending.queues() if (job := self._ready(queue, now)) is not None]
        first = min(found, key=lambda job: job.number, default=None)
        if first is None:
            return False
        passed = first.created + self.progress.queued.seconds
        started = first.start(max(passed, self._slot_freed_at))
        with self._transaction():
            self._jobs.save(started)
            self._sessions.job_started(started)
        self._submit(started)
        return True

    def _ready(self, queue: Iterator[Job], now: float) -> Job | None:
        """The first job of a queue that may leave it. Only reads let a job overtake another."""
        step = self.progress.queued
        first = next(queue)
        if self._fleet.condition(first.backend).status != "online" or not self._may_run(first.instance):
            return None
        for job in (first, *queue) if step.reads else (first,):
            if step.passed_at(since=job.created, reads=job.reads, now=now) is not None:
                return job
        return None

    def _try_end(self, job: Job, now: float) -> bool:
        computed = self._computed.get(job.id)
        if computed is None and self._clock.virtual and self._is_overdue(job, now):
            return False
        computed_at = None
        if computed is not None:
            computed_at = job.started if self._clock.virtual else computed.at
        end = ends_at(job, self.progress.running, now=now, computed_at=computed_at)
        if end is None:
            return False
        verdict, at = end
        with self._transaction():
            if verdict == "completed" and computed is not None:
                self._end(job, computed.outcome, at)
            else:
                self._jobs.end(job.stop_at_limit(at))
            self._sessions.job_ended(evolve(job, finished=at))
        self._stop(job.id)
        return True

    def _end(self, job: Job, outcome: Outcome, at: float) -> None:
        if isinstance(outcome, Failure):
            charged = evolve(job, qpu_seconds=float(outcome.charge))
            ended = charged.fail(at, code=outcome.code, reason=outcome.reason, solution=outcome.solution)
            self._jobs.end(ended, logs=outcome.log or outcome.reason)
            return
        job = evolve(
            job,
            qpu_seconds=0.0 if job.mock else charge(outcome.metrics.quantum_seconds),
            execution_ns=outcome.metrics.circuits_execution_time_ns,
        )
        if outcome.metrics.quantum_seconds > job.cost:
            self._jobs.end(job.stop_at_limit(at), logs=outcome.log)
        else:
            self._jobs.end(job.complete(at), result=outcome.body, logs=outcome.log)

    def _fail_queued(self, session_id: str, now: float) -> None:
        queued = [job for queue in self._jobs.pending.queues() for job in queue if job.session_id == session_id]
        for job in queued:
            ended = job.fail(
                now, code=1217, reason="Session has been closed", solution="Submit the job in a new session."
            )
            self._jobs.end(ended)

    def _submit(self, job: Job) -> None:
        loop = asyncio.get_running_loop()

        def turn_heavy() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._turned_heavy, job.id)

        future = self._future(job, turn_heavy)
        self._running[job.id] = future
        self._arrivals[job.id] = asyncio.Event()

        def notify_loop(done: Future[Outcome]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._arrived, job.id, done)

        future.add_done_callback(notify_loop)

    def _future(self, job: Job, on_heavy: Callable[[], None]) -> Future[Outcome]:
        """Submit the job to a worker. It is recorded already, so an error here fails the job, not its submission."""
        try:
            return self.start_workers().submit(
                job.program_id,
                self._jobs.inputs(job) or {},
                device=self._fleet[job.backend].calibrated(job.calibration_id),
                seed=self._identifiers.simulation_seed(job.number),
                on_heavy=on_heavy,
            )
        except Exception as error:
            failed: Future[Outcome] = Future()
            failed.set_result(
                Failure(code=5203, reason=f"No worker could take the job: {error}", solution="Try again.")
            )
            return failed

    def _arrived(self, job_id: str, future: Future[Outcome]) -> None:
        if self._running.get(job_id) is not future:
            return
        outcome = future.result()
        self._free_slot(job_id)
        self._computed[job_id] = _Computed(outcome, self._clock.now())
        self._arrivals[job_id].set()
        self.settle()

    def _has_slot(self) -> bool:
        """Whether a light job could start. Heavy ones wait for each other, in a process of their own."""
        return len(self._running) - len(self._heavy) < self._workers

    def _turned_heavy(self, job_id: str) -> None:
        if job_id in self._running:
            if not self._has_slot() and not self._clock.virtual:
                self._slot_freed_at = self._clock.now()
            self._heavy.add(job_id)
            self.settle()

    def _free_slot(self, job_id: str) -> None:
        # On a virtual clock computing takes no time, so no job waits for a worker.
        if not self._has_slot() and not self._clock.virtual:
            self._slot_freed_at = self._clock.now()
        self._running.pop(job_id, None)
        self._heavy.discard(job_id)

    def _stop(self, job_id: str) -> None:
        self._computed.pop(job_id, None)
        arrival = self._arrivals.pop(job_id, None)
        if arrival is not None:
            arrival.set()
        future = self._running.get(job_id)
        if future is not None:
            self._free_slot(job_id)
            if self._pool is not None:
                self._pool.cancel(future)

    def _overdue(self) -> list[Job]:
        now = self._clock.now()
        return [job for job in self._jobs.pending.running() if job.id in self._running and self._is_overdue(job, now)]

    def _is_overdue(self, job: Job, now: float) -> bool:
        """Whether the job could end now if its outcome were there."""
        started = job.started or 0.0
        passed = self.progress.running.passed_at(since=started, reads=job.reads, now=now)
        return passed is not None and passed <= started + job.cost

    def _set_timer(self) -> None:
        now = self._clock.now()
        # Of a queue only the first job matters: while it waits for a worker, so do the others.
        heads = [next(queue) for queue in self._jobs.pending.queues()]
        due = [at for job in (*heads, *self._jobs.pending.running()) for at in self._due(job) if at > now]
        self._next_due = min(due, default=math.inf)
        self._settle_in(math.inf if self._clock.virtual else self._next_due - now)
        self._next_due = min(self._next_due, self._sessions.next_due(busy=self._jobs.pending.by_session))

    def _try_again(self) -> None:
        self._next_due = 0.0
        self._settle_in(_PAUSE_SECONDS)

    def _settle_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.settle) if seconds < math.inf else None

    def _due(self, job: Job) -> tuple[float, ...]:
        if job.status is Status.QUEUED:
            return (job.created + self.progress.queued.seconds,)
        started = job.started or 0.0
        return (started + self.progress.running.seconds, started + job.cost)
