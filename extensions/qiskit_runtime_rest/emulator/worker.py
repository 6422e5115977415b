"""The server's handle of a worker process, which runs `worker_process.main`."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import tempfile
from typing import IO, Any

from ..base.processes import used_too_much_time
from .programs import Heavy, Outcome
from .programs.outcome import Kind, failure
from .worker_process import Job
from .worker_template import TEMPLATE

__all__ = ["Worker"]

_LOG_TAIL_BYTES = 16_384
# The errors of reading from and writing to a process that has ended.
_DEAD = (EOFError, OSError, pickle.UnpicklingError)


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
        if used_too_much_time(returncode):
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
        return pickle.load(self._process.stdout)  # noqa: S301 - written by `worker_process.main`

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
