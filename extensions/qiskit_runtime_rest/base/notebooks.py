"""Tracebacks in notebooks end where the user's code ends: the frames of this package say nothing to its users."""

from __future__ import annotations

from types import TracebackType

from .callers import is_ours

__all__ = ["users_traceback"]


def users_traceback(error: BaseException) -> list[str]:
    """The lines that IPython shows for `error`, without the frames of this package at its end, and without its causes.

    IPython calls `_render_traceback_` of an exception for them. The exception keeps its whole traceback.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("IPython is not running")
    causes = error.__cause__, error.__context__
    error.__cause__ = error.__context__ = None
    try:
        lines: list[str] = shell.InteractiveTB.structured_traceback(
            type(error), error, _without_ours(error.__traceback__), tb_offset=shell.InteractiveTB.tb_offset
        )
    finally:
        error.__cause__, error.__context__ = causes
    return lines


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """A copy of `trace` up to the last frame that is not of this package, nor called by it; all of it without one."""
    frames: list[TracebackType] = []
    step = trace
    while step is not None:
        frames.append(step)
        step = step.tb_next
    first = next((place for place, one in enumerate(frames) if is_ours(one.tb_frame)), len(frames))
    copied: TracebackType | None = None
    for one in reversed(frames[: first or len(frames)]):
        copied = TracebackType(copied, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return copied
