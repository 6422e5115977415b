"""A worker process: the server's handle of it, and what runs in it.

Workers end with the server, however it ends: each waits on a pipe whose other end the server holds.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import pickle
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from typing import IO, Any

from . import programs
from .devices import Device
from .programs import Heavy, Outcome, Policy
from .programs.outcome import Kind, failure
from .worker_template import TEMPLATE

__all__ = ["Job", "Worker", "main"]

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
Job = tuple[str, Mapping[str, Any], Device, int, Policy]


class Worker:
    """One worker process and the pipes to it."""

    def __init__(self, *, warm: bool) -> None:
        """Start it; `warm`: with everything imported.

        Raises:
            OSError: no process can be started.
        """
        self.killed = False
        with contextlib.ExitStack() as opened:
            self._errors: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
            self._process = TEMPLATE.start(warm=warm, errors=self._errors)
            # The file and the process stay open until `end`.
            opened.pop_all()

    def responds(self) -> bool:
        """Whether the worker is alive; waits until it has started."""
        try:
            self._send(None)
        except Exception:  # broken in any way, the worker is replaced
            return False
        return True

    def run(self, job: Job) -> Outcome | Heavy:
        """Run a job in the worker; if the worker dies, or the job cannot be sent to it, the job fails."""
        program_id, params, *others = job
        try:
            outcome: Outcome | Heavy = self._send((program_id, dict(params), *others))
        except _DEAD:
            return self._failure(limit=job[-1].simulation_seconds)
        # For example a RecursionError of params that are nested too deeply to be pickled.
        except Exception as error:
            return self._failure(f"{type(error).__name__}: {error}")
        return outcome

    def _failure(self, detail: str | None = None, *, limit: float = 0.0) -> Outcome:
        """End the worker, which may have got a part of a message. Its death explains itself without a `detail`."""
        self._process.kill()
        returncode = self._process.wait()
        if returncode == -getattr(signal, "SIGXCPU", 0) != 0:
            too_long = f"it takes longer than estimated, and than the limit of {limit:g} s (--simulation-seconds)."
            return failure(Kind.SIMULATION_FAILED, detail=too_long)
        death = _death(returncode)
        return failure(Kind.EXECUTION_FAILED, detail=detail or death, log=self._log())

    def kill(self) -> None:
        """End it, and remember that it was asked for."""
        self.killed = True
        self._process.kill()

    def end(self) -> None:
        """Kill the process and release its resources."""
        self._process.kill()
        # The pipes are closed on exit; flushing fails if the process has ended.
        with contextlib.suppress(BrokenPipeError), self._process:
            pass
        self._errors.close()

    def _send(self, message: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(message, self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)  # noqa: S301 - written by main

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


def main(*, parent: int, warm: bool) -> None:
    """The main loop of a worker: read jobs from standard input and write their outcomes to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    if os.getppid() != parent:
        return
    outcomes = os.fdopen(os.dup(1), "wb")
    # Output of libraries must not get between the outcomes.
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
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
    """Let the kernel kill this process when its parent ends, on Linux: the template, that ends with the server.

    Elsewhere a worker ends when standard input ends, but only after the current circuit: the simulator holds the
    interpreter while it runs.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _receive(jobs: queue.SimpleQueue[Job | None]) -> None:
    try:
        while True:
            jobs.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - written by Worker
    except EOFError:
        # The server closed the pipe or died.
        os._exit(0)
    # Without this thread, the server would wait for an outcome for ever.
    except BaseException:
        traceback.print_exc()
        os._exit(1)
