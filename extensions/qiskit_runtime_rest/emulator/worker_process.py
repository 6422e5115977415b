"""What runs in a worker process: a job after the other, until the server ends.

Workers end with the server, however it ends: each waits on a pipe whose other end the server holds.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any

from ..base.processes import limit_processor_time
from . import programs
from .devices import Device
from .programs import Heavy, Outcome, Policy

__all__ = ["Job", "main"]

# A worker's processor time beyond the limit of a job, for imports and for what the estimate leaves out.
_GRACE_SECONDS = 30
# Address space of a worker beside its simulation: libraries, and threads of libraries.
_OTHER_MEMORY_BYTES = 4 * 2**30
# From linux/prctl.h.
_PR_SET_PDEATHSIG = 1


# Program id, params, device, seed and policy.
Job = tuple[str, Mapping[str, Any], Device, int, Policy]


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
            limit_processor_time(policy.simulation_seconds + _GRACE_SECONDS)
            _limit_memory(policy.most_memory_bytes + _OTHER_MEMORY_BYTES)
            outcome = programs.run(program_id, params, device=device, seed=seed, policy=policy)
        pickle.dump(outcome, outcomes)
        outcomes.flush()


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
