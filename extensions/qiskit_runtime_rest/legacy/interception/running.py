"""Run a script or a notebook as `python` or Jupyter would."""

from __future__ import annotations

import contextlib
import multiprocessing
import runpy
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import thread as executors
from pathlib import Path

from ...errors import MissingExtra, RemovedInV1
from .calling_line import PACKAGE

__all__ = ["run"]

NOTEBOOK = ".ipynb"
FAILED = 1
INTERRUPTED = 130


def run(path: Path, arguments: Sequence[str] = ()) -> int:
    """Run a script, or the code cells of a notebook, in this process, until its threads have ended.

    Tracebacks are printed as Python prints them. `sys.argv` and `sys.path` are those of a separate run.

    Returns:
        The exit status, as of Python: 1 after an unhandled error, 130 after Ctrl-C.

    Raises:
        ConfigurationError: the file is not a notebook, or not one of Python.
        MissingExtra: notebooks need the extra `legacy`.
    """
    start = _notebook(path) if path.suffix == NOTEBOOK else lambda: _run_script(path)
    before = set(threading.enumerate())
    with _started_as(path, arguments):
        status = _exit_status(start, path)
        return _exit_status(lambda: _wait_for_others(before), path) or status


def _run_script(path: Path) -> None:
    runpy.run_path(str(path.absolute()), run_name="__main__")


def _notebook(path: Path) -> Callable[[], None]:
    try:
        from .notebook import notebook
    except ModuleNotFoundError as error:
        raise MissingExtra("running a notebook", extra="legacy", module=error.name) from None
    return notebook(path)


@contextlib.contextmanager
def _started_as(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    argv, folders = sys.argv, sys.path
    sys.argv = [str(path), *arguments]
    if not sys.flags.safe_path:
        sys.path = [str(path.resolve().parent), *folders[1:]]
    try:
        yield
    finally:
        sys.argv, sys.path = argv, folders


def _exit_status(start: Callable[[], None], path: Path) -> int:
    """Call `start`; print what Python would print at the end, and return the exit status."""
    try:
        start()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 - Python does so
        return FAILED
    except BaseException as error:  # any error of the script
        _show(error, path)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
    return 0


def _show(error: BaseException, path: Path) -> None:
    """Print the traceback from the script's first frame on, without frames of this package."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(path.absolute()):
        trace = trace.tb_next
    last = trace
    while isinstance(error, RemovedInV1) and last is not None:
        if last.tb_next is not None and Path(last.tb_next.tb_frame.f_code.co_filename).is_relative_to(PACKAGE):
            last.tb_next = None
        last = last.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def _wait_for_others(before: set[threading.Thread]) -> None:
    """Wait for what Python waits for when it exits: threads and processes that are neither daemons nor of a pool."""
    for one in set(threading.enumerate()) - before:
        if not one.daemon and one not in executors._threads_queues:
            one.join()
    for process in multiprocessing.active_children():
        if not process.daemon:
            process.join()
