"""A process of its own for all that Qiskit does: a circuit that takes long, or crashes it, harms nobody else's calls.

It is started as `python -c` and not through multiprocessing, whose children import the user's own script again.
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
"""For all circuits of a job; jobs wait for each other."""

MOST_BYTES = 8 * 2**30
"""Of memory, where the system can limit it."""

NEEDED = ("qiskit", "qiskit_qasm3_import")
TOO_MUCH = "params.circuits: it takes too long, or too much memory, to bring them into the backend's own gates."
# What writing to and reading from a process that is gone raises.
DEAD = (EOFError, OSError, pickle.UnpicklingError)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Circuits to bring into a backend's gates.

    Attributes:
        runs: the circuits, with parameter values and observables.
        configuration: of the backend; None leaves the circuits as they are.
        transpile: options, as of `prepare`.
    """

    runs: Sequence[Run]
    configuration: Mapping[str, Any] | None
    transpile: Mapping[str, Any]


async def transpiled(work: Work, *, longest: float = LONGEST_SECONDS) -> list[Prepared]:
    """Do the work in that process.

    Args:
        work: what to do.
        longest: seconds after which the process is ended.

    Raises:
        ClassicError: a circuit cannot be read, does not fit, or takes too much.
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
    """The process and the pipes to it, for one thread. It is started when it is needed, and after it ended."""

    def __init__(self) -> None:
        self._popen: subprocess.Popen[bytes] | None = None
        self._starter = 0

    def do(self, work: Work, longest: float) -> list[Prepared]:
        popen = self._running()
        limit = threading.Timer(longest, popen.kill)
        limit.daemon = True
        limit.start()
        try:
            outcome = self._exchange(popen, work)
        except DEAD:
            self.end()
            solution = "Send smaller ones, or such as are in these gates already."
            raise ClassicError(INVALID_INPUT, TOO_MUCH, solution=solution) from None
        finally:
            limit.cancel()
        if isinstance(outcome, ClassicError):
            raise outcome
        made: list[Prepared] = outcome
        return made

    def kill(self) -> None:
        """Have what is done now fail. From any thread."""
        popen = self._popen
        if popen is not None:
            popen.kill()

    def end(self) -> None:
        """End the process, if it is this one's child and not that of the process it was forked from."""
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
    def _exchange(popen: subprocess.Popen[bytes], work: Work) -> Any:
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
    """The life of the process: answer each work on standard output until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the answers.
    os.dup2(2, 1)
    targets = Targets()
    while True:
        try:
            work: Work = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `_Process`
        except EOFError:
            return
        pickle.dump(_outcome(work, targets), answers)
        answers.flush()


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
    # Qiskit raises whatever its passes raise.
    except Exception as error:
        reason = str(error) or type(error).__name__
        return ClassicError(INVALID_INPUT, f"params.circuits: a circuit cannot be transpiled ({reason}).")


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
