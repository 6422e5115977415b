"""Examine files in a separate process: a file that takes too long, or crashes the parser, harms no other file."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING

from ...base.processes import limit_processor_time, used_too_much_time

if TYPE_CHECKING:
    from .scanner import Examination, Task

__all__ = ["SeparateProcess", "Stopped"]

# Errors of the pipes of a process that has ended.
DEAD = (EOFError, OSError, pickle.UnpicklingError)


PATIENCE = 10
"""A process that has not answered after this many times its processor time hangs, whatever else the machine does."""


class Stopped(Exception):
    """The process has ended while it examined a file."""


class SeparateProcess:
    """The process and its pipes, for use by one thread. It is started on demand, also after it has ended."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: of processor time for each file; the process is killed after them."""
        self._seconds = seconds
        self._popen: subprocess.Popen[bytes] | None = None

    def examine(self, task: Task) -> Examination:
        """Examine one file. Raises: Stopped."""
        if self._popen is None:
            self._popen = _started(self._seconds)
        popen, late = self._popen, threading.Event()

        def kill() -> None:
            late.set()
            popen.kill()

        limit = threading.Timer(self._seconds * PATIENCE, kill)
        limit.daemon = True
        limit.start()
        try:
            assert popen.stdin is not None
            assert popen.stdout is not None
            pickle.dump(task, popen.stdin)
            popen.stdin.flush()
            done: Examination = pickle.load(popen.stdout)  # noqa: S301 - written by `serve`
        except DEAD:
            popen.kill()
            is_late = used_too_much_time(popen.wait()) or late.is_set()
            self.end()
            why = f"it takes longer than {self._seconds:g} s" if is_late else "the parser crashed"
            raise Stopped(why) from None
        finally:
            limit.cancel()
        return done

    def end(self) -> None:
        """End the process."""
        popen, self._popen = self._popen, None
        if popen is not None:
            popen.kill()
            popen.communicate()


def _started(seconds: float) -> subprocess.Popen[bytes]:
    # Children of multiprocessing would import the user's script again.
    return subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-P", "-c", f"from {__name__} import serve; serve({seconds!r})"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def serve(seconds: float) -> None:
    """Answer each task on stdin with its examination on stdout, until stdin ends; `seconds` for each."""
    from .scanner import examine

    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    while (task := _next(tasks)) is not None:
        limit_processor_time(seconds)
        pickle.dump(examine(task), answers)
        answers.flush()


def _next(tasks: IO[bytes]) -> Task | None:
    try:
        task: Task = pickle.load(tasks)  # noqa: S301 - written by `examine`
    except EOFError:
        return None
    return task
