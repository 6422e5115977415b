"""How a command ends: its exit status, and the line that says why."""

from __future__ import annotations

import errno
import functools
import inspect
import re
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

__all__ = ["DEBUG", "FAILED", "INTERRUPTED", "TIMED_OUT", "UNWRITTEN", "WRONG_USE", "reported", "status_of"]

P = ParamSpec("P")

FAILED = 1
WRONG_USE = 2
TIMED_OUT = 3
INTERRUPTED = 130

UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Numbers of errors that mean: there is no place for what was to be printed."""

STATUS: dict[type[RuntimeRestError], int] = {
    ConfigurationError: WRONG_USE,
    InvalidInput: WRONG_USE,
    MissingExtra: WRONG_USE,
    RemovedInV1: WRONG_USE,
    WaitTimeout: TIMED_OUT,
    RuntimeRestError: FAILED,
}
"""Exit status by kind of error; the first that fits."""

DEBUG: ContextVar[bool] = ContextVar("debug", default=False)
"""Whether `--debug` was given: errors come with the place in the code where they were raised."""


LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
"""Within a paragraph."""


def status_of(error: RuntimeRestError) -> int:
    """The exit status that stands for `error`."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """`command`, with whatever it raises told in one line on stderr, and the exit status that stands for it.

    The lines of its help break where the terminal ends, and not where those of the source do.
    """

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.BadParameter, BrokenPipeError):
            raise
        except (KeyboardInterrupt, typer.Abort):
            say("interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except RuntimeRestError as error:
            _tell(error, " ".join([_told(error), *getattr(error, "__notes__", ())]))
            raise typer.Exit(status_of(error)) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno in UNWRITTEN:
                raise
            what = f"unexpected {type(error).__name__}: {error}"
            _tell(error, what if DEBUG.get() else f"{what}. `qrr --debug ...` shows where; please report it.")
            raise typer.Exit(FAILED) from None

    call.__doc__ = LINE_BREAK.sub(" ", inspect.getdoc(command) or "")
    return call


def _told(error: RuntimeRestError) -> str:
    """What is said of it: of a job's failure all but the log, which has the reason again among much else."""
    if not isinstance(error, JobError) or not error.log_tail:
        return str(error)
    return error.summary if DEBUG.get() else f"{error.summary} The log's end: qrr --debug wait {error.job_id}"


def _tell(error: Exception, message: str) -> None:
    if DEBUG.get():
        # Python's own traceback shows no values of variables, which may be secrets.
        traceback.print_exception(error)
    say(message, label="error")
