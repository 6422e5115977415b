"""Warnings that name the file and line of the caller of this package."""

from __future__ import annotations

import os
import sys
import warnings
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import FrameType

__all__ = ["CALLER", "caller", "is_ours", "warn"]

CALLER: ContextVar[FrameType | None] = ContextVar("caller", default=None)
"""The caller's frame, for threads and tasks that work for it."""


@cache
def _packages() -> tuple[str, ...]:
    """The folders of this package and of the generated one, which stand side by side in a wheel only."""
    from importlib.util import find_spec

    generated = find_spec("qiskit_runtime_api")  # found, not imported: decoding results needs none of it
    folders = [Path(__file__).parents[1], *map(Path, (generated and generated.submodule_search_locations) or ())]
    return tuple(str(folder) + os.sep for folder in folders)


def is_ours(frame: FrameType) -> bool:
    """Whether `frame` is of this package, or of the generated one."""
    return frame.f_code.co_filename.startswith(_packages())


def caller() -> FrameType:
    """The nearest frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and is_ours(frame):
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
