"""One deadline for all that is done for a call: requests, pauses, and waits for locks and files."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import NamedTuple

from .clock import Clock

__all__ = ["CURRENT", "GRACE_SECONDS", "Deadline", "current_deadline", "deadline_in", "end_by", "time_left"]

GRACE_SECONDS = 0.25
"""What is done for a call may end this much after its `timeout`, so that a call with `timeout=0` can ask once."""


class Deadline(NamedTuple):
    """The moment `at` of `clock`, in its monotonic seconds."""

    at: float
    clock: Clock

    @property
    def left(self) -> float:
        """Seconds until then."""
        return min(max(0.0, self.at - self.clock.monotonic()), threading.TIMEOUT_MAX)

    def at_least(self, seconds: float) -> Deadline:
        """This deadline, or the one in `seconds` if that is later."""
        return self._replace(at=max(self.at, self.clock.monotonic() + seconds))


CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def current_deadline() -> Deadline | None:
    """The deadline of the call that this thread or task works for, if there is one."""
    return CURRENT.get()


def time_left(most: float | None = None) -> float | None:
    """Seconds until the current deadline, `most` at most; None: neither of them is given."""
    deadline = CURRENT.get()
    if deadline is None:
        return most if most is None else min(most, threading.TIMEOUT_MAX)
    return deadline.left if most is None else min(most, deadline.left)


def deadline_in(seconds: float | None, clock: Clock) -> Deadline | None:
    """The deadline in `seconds`, or the current one if that is earlier. `seconds`: None for no further limit."""
    current = CURRENT.get()
    if seconds is None or (current is not None and current.left <= seconds):
        return current
    return Deadline(clock.monotonic() + seconds, clock)


class _EndBy:
    # A generator would be closed by the garbage collector if Ctrl-C came before the block: at any later time.
    def __init__(self, deadline: Deadline | None) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        self._token = CURRENT.set(self._deadline)

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._token)


def end_by(deadline: Deadline | None) -> AbstractContextManager[None]:
    """In the block, `deadline` is the current one of this thread or task. None: there is none."""
    return _EndBy(deadline)
