"""Worker processes that run programs, each one job at a time.

Jobs whose simulation is estimated to take long are heavy. They run one after the other in a process of their own, so
that light jobs never wait for them.

Killing a job does not affect others, and a worker that dies fails its own job only. Workers end with the server,
however it ends: each waits on a pipe whose other end the server holds. They are started as `python -c` and not
by multiprocessing, whose child processes import the user's script again.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import IO, Any

from attrs import evolve, field, frozen

from . import programs
from .devices import Device
from .programs import Heavy, Outcome, Policy
from .programs.outcome import Kind, failure
from .programs.policy import STRICT

# More than one thread makes small circuits slower, and the workers would compete for the cores.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LOG_TAIL_BYTES = 16_384
# The errors of reading from and writing to a process that has ended.
_DEAD = (EOFError, OSError, pickle.UnpicklingError)
# A worker's processor time beyond the limit of a job, for imports and for what the estimate leaves out.
_GRACE_SECONDS = 30
# Address space of a worker beside its simulation: libraries, and threads of libraries.
_OTHER_MEMORY_BYTES = 4 * 2**30
# From linux/prctl.h.
_PR_SET_PDEATHSIG = 1


# Program id, params, device, seed and policy.
_Job = tuple[str, dict[str, Any], Device, int, Policy]


@frozen(eq=False)
class _Task:
    program_id: str
    params: Mapping[str, Any]
    device: Device
    seed: int
    policy: Policy
    on_heavy: Callable[[], None]
    future: Future[Outcome] = field(factory=Future)


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
        self._spare: list[_Process] = []
        self._lock = threading.Lock()
        self._queued: set[Future[Outcome]] = set()
        self._running: dict[Future[Outcome], _Process] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(self._tasks,), name=f"emulator-worker-{number}", daemon=True)
            for number in range(count)
        ]
        self._threads.append(
            threading.Thread(target=self._serve, args=(self._heavy_tasks,), name="emulator-worker-heavy", daemon=True)
        )
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
            self._closed = True
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

    def __enter__(self) -> Workers:
        """The workers themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _serve(self, tasks: queue.SimpleQueue[_Task | None]) -> None:
        heavy = tasks is self._heavy_tasks
        process: _Process | None = None
        if self._warm and not heavy:
            with contextlib.suppress(OSError):  # the first job tries again, and says why it cannot run
                process = _Process(warm=True)
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

    def _new_process(self, *, heavy: bool) -> _Process:
        with self._lock:
            if self._spare and not heavy:
                return self._spare.pop()
        return _Process(warm=self._warm)

    def _refuse(self, task: _Task, outcome: Outcome) -> None:
        with self._lock:
            self._queued.discard(task.future)
        _settle(task.future, outcome)

    def _run(self, task: _Task, process: _Process) -> None:
        with self._lock:
            if task.future not in self._queued:
                return
            self._queued.remove(task.future)
            # A heavy job is running since it left the other workers.
            if not task.future.running() and not task.future.set_running_or_notify_cancel():
                return
            self._running[task.future] = process
        outcome = process.run(task)
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
                self._spare += [_Process(warm=True) for _ in range(self._count - 1)]


def _settle(future: Future[Outcome], outcome: Outcome) -> None:
    """Set the outcome, unless the future was cancelled by its own method while it was queued."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(outcome)


class _Process:
    """One worker process and the pipes to it."""

    def __init__(self, *, warm: bool) -> None:
        self.killed = False
        call = f"_main(server={os.getpid()}, warm={warm})"
        with contextlib.ExitStack() as opened:
            self._errors: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
            self._popen = subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, "-P", "-c", f"from {__name__} import _main; {call}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=os.environ | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            # The file and the process stay open until `end`.
            opened.pop_all()

    def responds(self) -> bool:
        """Whether the worker is alive; waits until it has started."""
        try:
            self._send(None)
        except Exception:  # broken in any way, the worker is replaced
            return False
        return True

    def run(self, task: _Task) -> Outcome | Heavy:
        """Run a job in the worker; if the worker dies, or the job cannot be sent to it, the job fails."""
        try:
            job = (task.program_id, dict(task.params), task.device, task.seed, task.policy)
            outcome: Outcome | Heavy = self._send(job)
        except _DEAD:
            return self._failure(limit=task.policy.simulation_seconds)
        # For example a RecursionError of params that are nested too deeply to be pickled.
        except Exception as error:
            return self._failure(f"{type(error).__name__}: {error}")
        return outcome

    def _failure(self, detail: str | None = None, *, limit: float = 0.0) -> Outcome:
        """End the worker, which may have got a part of a message. Its death explains itself without a `detail`."""
        self._popen.kill()
        returncode = self._popen.wait()
        if returncode == -getattr(signal, "SIGXCPU", 0) != 0:
            too_long = f"it takes longer than estimated, and than the limit of {limit:g} s (--simulation-seconds)."
            return failure(Kind.SIMULATION_FAILED, detail=too_long)
        death = _death(returncode)
        return failure(Kind.EXECUTION_FAILED, detail=detail or death, log=self._log())

    def kill(self) -> None:
        self.killed = True
        self._popen.kill()

    def end(self) -> None:
        """Kill the process and release its resources."""
        self._popen.kill()
        # `Popen` closes the pipes on exit; flushing fails if the process has ended.
        with contextlib.suppress(BrokenPipeError), self._popen:
            pass
        self._errors.close()

    def _send(self, message: Any) -> Any:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        pickle.dump(message, self._popen.stdin)
        self._popen.stdin.flush()
        return pickle.load(self._popen.stdout)  # noqa: S301 - written by _main

    def _log(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LOG_TAIL_BYTES))
        return self._errors.read().decode(errors="replace")


def _death(returncode: int) -> str:
    if returncode >= 0:
        return f"the worker process ended with exit status {returncode}"
    known = -returncode in set(signal.Signals)
    name = signal.Signals(-returncode).name if known else -returncode
    return f"the worker process was ended by signal {name}"


def _main(*, server: int, warm: bool) -> None:
    """The main loop of a worker: read jobs from standard input and write their outcomes to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    if os.getppid() != server:
        return
    outcomes = os.fdopen(os.dup(1), "wb")
    # Output of libraries must not get between the outcomes.
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(jobs,), daemon=True).start()
    if warm:
        programs.warm()
    while True:
        job = jobs.get()
        outcome: Outcome | Heavy | None = None
        if job is not None:
            program_id, params, device, seed, policy = job
            _limit_processor_time(policy.simulation_seconds + _GRACE_SECONDS)
            _limit_memory(policy.most_memory_bytes + _OTHER_MEMORY_BYTES)
            outcome = programs.run(program_id, params, device=device, seed=seed, policy=policy)
        pickle.dump(outcome, outcomes)
        outcomes.flush()


def _limit_processor_time(seconds: float) -> None:
    """Let the kernel end this process after that much more processor time, where kernels do that."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(time.process_time() + seconds)
    if most == resource.RLIM_INFINITY or limit < most:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def _limit_memory(most: int) -> None:
    """Let allocations beyond that fail in this process, on Linux: then the job fails, and not the machine."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _die_with_parent() -> None:
    """Let the kernel kill this process when the server ends, on Linux.

    Elsewhere a worker ends when standard input ends, but only after the current circuit: the simulator holds the
    interpreter while it runs.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _receive(jobs: queue.SimpleQueue[_Job | None]) -> None:
    try:
        while True:
            jobs.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - written by _Process
    except EOFError:
        # The server closed the pipe or died.
        os._exit(0)
    # Without this thread, the server would wait for an outcome for ever.
    except BaseException:
        traceback.print_exc()
        os._exit(1)
