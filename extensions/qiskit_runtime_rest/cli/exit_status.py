"""How a command ends: its exit status, and one line on stderr with the reason."""

from __future__ import annotations

import errno
import functools
import inspect
import re
import signal
import threading
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec

import typer

from ..errors import (
    ConfigurationError,
    InvalidInput,
    JobError,
    MissingExtra,
    RemovedInV1,
    RuntimeRestError,
    WaitTimeout,
)
from .terminal import say

__all__ = ["DEBUG", "FAILED", "INTERRUPTED", "TIMED_OUT", "UNWRITTEN", "WRONG_USE", "reporting_errors", "status_of"]

P = ParamSpec("P")

FAILED = 1
WRONG_USE = 2
TIMED_OUT = 3
INTERRUPTED = 130

STATUS: dict[type[RuntimeRestError], int] = {
    ConfigurationError: WRONG_USE,
    InvalidInput: WRONG_USE,
    MissingExtra: WRONG_USE,
    RemovedInV1: WRONG_USE,
    WaitTimeout: TIMED_OUT,
    RuntimeRestError: FAILED,
}
"""Exit status by class of error. The first class that matches counts."""

UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""The numbers of `OSError` for output that could not be written, such as on a full disk."""

DEBUG: ContextVar[bool] = ContextVar("debug", default=False)
"""Whether `--debug` was given: errors are printed with their traceback."""

LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
"""A line break within a paragraph."""


def status_of(error: RuntimeRestError) -> int:
    """The exit status for `error`."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def reporting_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap `command`: an exception becomes one line on stderr and an exit status.

    The paragraphs of its help wrap at the width of the terminal, not where the docstring's lines end.
    """

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
            # While `qrr` started, Ctrl-C ended it at once.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.BadParameter, BrokenPipeError):
            raise
        except (KeyboardInterrupt, typer.Abort):
            say("interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except RuntimeRestError as error:
            _report(error, " ".join([_summary(error), *getattr(error, "__notes__", ())]))
            raise typer.Exit(status_of(error)) from None
        except UnicodeEncodeError as error:
            # Bytes of an argument that are not text in the locale's encoding became surrogates.
            part = error.object[error.start : error.end]
            _report(error, f"{part!r} cannot be written as {error.encoding}: correct it, or use a locale with UTF-8.")
            raise typer.Exit(WRONG_USE) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno in UNWRITTEN:
                raise
            what = f"unexpected {type(error).__name__}: {error}"
            _report(error, what if DEBUG.get() else f"{what}. This is a fault of qrr; `qrr --debug ...` shows where.")
            raise typer.Exit(FAILED) from None

    call.__doc__ = LINE_BREAK.sub(" ", inspect.getdoc(command) or "")
    return call


def _summary(error: RuntimeRestError) -> str:
    """The error in one line. A failed job's log is left out: it is long, and the reason is in the line already."""
    if not isinstance(error, JobError) or not error.log_tail:
        return str(error)
    return (
        error.summary if DEBUG.get() else f"{error.summary} To see the end of the log: qrr --debug wait {error.job_id}"
    )


def _report(error: Exception, message: str) -> None:
    if DEBUG.get():
        # Python's own traceback shows no values of variables, which may be secrets; rich's can.
        traceback.print_exception(error)
    say(message, label="error")
