"""Examine files in a separate process: a file that takes too long, or crashes the parser, harms no other file."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ...base.processes import limit_processor_time, used_too_much_time
from .examination import Examination, Task, examine
from .project import Links, links

__all__ = ["SeparateProcess", "Stopped"]

# Errors of the pipes of a process that has ended.
DEAD = (EOFError, OSError, pickle.UnpicklingError)


PATIENCE = 10
"""A process that has not answered after this many times its processor time hangs, whatever else the machine does."""


class Stopped(Exception):
    """The process has ended while it examined `path`; None: before it had a file."""

    def __init__(self, why: str, path: Path | None) -> None:
        """`why`: for users."""
        super().__init__(why)
        self.path = path


class SeparateProcess:
    """The process and its pipes, for use by one thread. It is started on demand, also after it has ended."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: of processor time for each file; the process is killed after them."""
        self._seconds = seconds
        self._popen: subprocess.Popen[bytes] | None = None

    def examine(self, task: Task) -> Examination:
        """Examine one file. Raises: Stopped."""
        done: Examination = self._ask(task, task.path)
        return done

    def link(self, paths: list[Path]) -> Mapping[Path, Links]:
        """The links between files. Raises: Stopped."""
        found: Mapping[Path, Links] = self._ask(paths, None)
        return found

    def _ask(self, question: object, path: Path | None) -> Any:
        """The answer to a question. `path`: the file that it is about, unless the process names files meanwhile."""
        if self._popen is None:
            self._popen = _started(self._seconds)
        popen, late = self._popen, threading.Event()

        def kill() -> None:
            late.set()
            popen.kill()

        try:
            assert popen.stdin is not None
            assert popen.stdout is not None
            answer: object = path
            begun = False
            while not begun or isinstance(answer, Path):
                limit = threading.Timer(self._seconds * PATIENCE, kill)
                limit.daemon = True
                limit.start()
                try:
                    if not begun:
                        begun = True
                        pickle.dump(question, popen.stdin)
                        popen.stdin.flush()
                    answer = pickle.load(popen.stdout)  # noqa: S301 - written by `serve`
                    path = answer if isinstance(answer, Path) else path
                finally:
                    limit.cancel()
        except DEAD:
            popen.kill()
            is_late = used_too_much_time(popen.wait()) or late.is_set()
            self.end()
            why = f"it takes longer than {self._seconds:g} s" if is_late else "the parser crashed"
            raise Stopped(why, path) from None
        return answer

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
    """Answer each question on stdin on stdout, until stdin ends; `seconds` for each file.

    A task is answered by its examination, files by the links between them, after the name of each.
    """
    questions = sys.stdin.buffer

    def answer(value: object) -> None:
        limit_processor_time(seconds)
        pickle.dump(value, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    while (question := _next(questions)) is not None:
        limit_processor_time(seconds)
        answer(examine(question) if isinstance(question, Task) else links(question, on_file=answer))


def _next(questions: IO[bytes]) -> Any:
    try:
        return pickle.load(questions)  # noqa: S301 - written by `_ask`
    except EOFError:
        return None
