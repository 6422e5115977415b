"""Transpile circuits in a separate process, so that a slow circuit or a crash does not harm other calls.

The process is started as `python -c`. Children of multiprocessing would import the user's script again.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from ...errors import MissingExtra
from ..messages import INVALID_INPUT, ClassicError
from .circuits import Prepared, Targets, prepare
from .params import Run

__all__ = ["Work", "transpiled"]

LONGEST_SECONDS = 120.0
"""The limit for all circuits of a job. Jobs wait for each other."""

MOST_BYTES = 8 * 2**30
"""The memory limit, on systems that have one."""

NEEDED = ("qiskit", "qiskit_qasm3_import")
TOO_MUCH = "params.circuits: transpiling them takes too long, or too much memory."
# Errors of the pipes of a process that has ended.
DEAD = (EOFError, OSError, pickle.UnpicklingError)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Circuits to transpile for a backend.

    Attributes:
        runs: the circuits, with parameter values and observables.
        configuration: of the backend; None: do not transpile.
        transpile: options, as for `prepare`.
    """

    runs: Sequence[Run]
    configuration: Mapping[str, Any] | None
    transpile: Mapping[str, Any]


async def transpiled(work: Work, *, longest: float = LONGEST_SECONDS) -> list[Prepared]:
    """Transpile in the separate process.

    Args:
        work: the circuits.
        longest: the process is killed after this many seconds.

    Raises:
        ClassicError: 400: a circuit cannot be read, does not fit, or takes too much time or memory.
        MissingExtra: Qiskit is not installed.
    """
    done = _THREAD.submit(_PROCESS.do, work, longest)
    try:
        return await asyncio.wrap_future(done)
    except asyncio.CancelledError:
        if done.running():
            _PROCESS.kill()
        raise


class _Process:
    """The process and its pipes, for use by one thread. It is started on demand, also after it has ended."""

    def __init__(self) -> None:
        self._popen: subprocess.Popen[bytes] | None = None
        self._starter = 0

    def do(self, work: Work, longest: float) -> list[Prepared]:
        popen = self._running()
        limit = threading.Timer(longest, popen.kill)
        limit.daemon = True
        limit.start()
        try:
            outcome = self._communicate(popen, work)
        except DEAD:
            self.end()
            solution = "Send smaller circuits, or circuits in the backend's gates."
            raise ClassicError(INVALID_INPUT, TOO_MUCH, solution=solution) from None
        finally:
            limit.cancel()
        if isinstance(outcome, ClassicError):
            raise outcome
        made: list[Prepared] = outcome
        return made

    def kill(self) -> None:
        """Let the current work fail. Safe from any thread."""
        popen = self._popen
        if popen is not None:
            popen.kill()

    def end(self) -> None:
        """End the process, if this process started it. After a fork it is the parent's."""
        popen, self._popen = self._popen, None
        if popen is not None and self._starter == os.getpid():
            popen.kill()
            popen.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._popen is not None and self._popen.poll() is not None:
            self.end()
        if self._popen is None:
            self._popen, self._starter = _started(), os.getpid()
        return self._popen

    @staticmethod
    def _communicate(popen: subprocess.Popen[bytes], work: Work) -> Any:
        assert popen.stdin is not None
        assert popen.stdout is not None
        pickle.dump(work, popen.stdin)
        popen.stdin.flush()
        return pickle.load(popen.stdout)  # noqa: S301 - written by `_serve`


_PROCESS = _Process()
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qiskit-runtime-transpiler")
atexit.register(_PROCESS.end)


def _started() -> subprocess.Popen[bytes]:
    for module in NEEDED:
        if find_spec(module) is None:
            raise MissingExtra("transpiling circuits", extra="legacy", module=module)
    return subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-P", "-c", f"from {__name__} import _serve; _serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _serve() -> None:
    """The main loop of the process: read work from standard input, and write each outcome to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    outcomes = os.fdopen(os.dup(1), "wb")
    # Output of libraries must not mix with the outcomes.
    os.dup2(2, 1)
    targets = Targets()
    while True:
        try:
            work: Work = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `_Process`
        except EOFError:
            return
        pickle.dump(_outcome(work, targets), outcomes)
        outcomes.flush()


def _outcome(work: Work, targets: Targets) -> list[Prepared] | ClassicError:
    try:
        target = None if work.configuration is None else targets.of(work.configuration)
        return [
            prepare(run.circuit, values=run.values, observable=run.observable, target=target, transpile=work.transpile)
            for run in work.runs
        ]
    except ClassicError as error:
        return error
    except MemoryError:
        return ClassicError(INVALID_INPUT, TOO_MUCH)
    # The passes of Qiskit raise many kinds of errors.
    except Exception as error:
        reason = str(error) or type(error).__name__
        return ClassicError(INVALID_INPUT, f"params.circuits: a circuit cannot be transpiled ({reason}).")


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
