"""Warnings that name the file and line of the caller of this package."""

from __future__ import annotations

import os
import sys
import warnings
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

import qiskit_runtime_api

__all__ = ["CALLER", "caller", "warn"]

# The two stand side by side in a wheel only.
PACKAGES = tuple(
    str(folder) + os.sep for folder in (Path(__file__).parents[1], Path(qiskit_runtime_api.__file__).parent)
)

CALLER: ContextVar[FrameType | None] = ContextVar("caller", default=None)
"""The caller's frame, for threads and tasks that work for it."""


def caller() -> FrameType:
    """The nearest frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGES):
        frame = frame.f_back
    return frame


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning that names the caller's file and line, so that each line of a user's code warns once."""
    frame = CALLER.get() or caller()
    warnings.warn_explicit(
        message,
        category,
        filename=frame.f_code.co_filename,
        lineno=frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )
