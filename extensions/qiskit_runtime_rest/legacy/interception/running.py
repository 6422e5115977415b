"""A script or a notebook, run as its owner would run it."""

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
from .caller import PACKAGE

__all__ = ["run"]

NOTEBOOK = ".ipynb"
FAILED = 1
INTERRUPTED = 130


def run(path: Path, arguments: Sequence[str] = ()) -> int:
    """Run a script, or the code cells of a notebook in their order, in this process, until its threads have ended.

    What it raises is shown as Python shows it. `sys.argv` and `sys.path` are as if it had been started by itself.

    Returns:
        Its exit status, as Python has it: 1 after an error that nobody handled, 130 after Ctrl-C.

    Raises:
        ConfigurationError: it is no notebook, or none of Python.
        MissingExtra: notebooks need the extra `legacy`.
    """
    start = _notebook(path) if path.suffix == NOTEBOOK else lambda: _run_script(path)
    before = set(threading.enumerate())
    with _started_as(path, arguments):
        status = _ended(start, path)
        return _ended(lambda: _wait_for_others(before), path) or status


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


def _ended(start: Callable[[], None], path: Path) -> int:
    """The exit status that `start` comes to; what Python would print then, is printed."""
    try:
        start()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 - as Python does
        return FAILED
    except BaseException as error:  # whatever it is, it is the script's own
        _show(error, path)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
    return 0


def _show(error: BaseException, path: Path) -> None:
    """Print the traceback from the script's own first line on, without the frames that are ours."""
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
    """Wait for what Python waits for at its end: threads and processes that are no servants of somebody's pool."""
    for one in set(threading.enumerate()) - before:
        if not one.daemon and one not in executors._threads_queues:
            one.join()
    for process in multiprocessing.active_children():
        if not process.daemon:
            process.join()
