"""One deadline for all that is done for a call: requests, pauses, and waits for locks and files."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple

from .clock import Clock

__all__ = ["GRACE_SECONDS", "Deadline", "current_deadline", "deadline_in", "end_by", "time_left"]

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


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def current_deadline() -> Deadline | None:
    """The deadline of the call that this thread or task works for, if there is one."""
    return _current.get()


def time_left(most: float | None = None) -> float | None:
    """Seconds until the current deadline, `most` at most; None: neither of them is given."""
    deadline = _current.get()
    if deadline is None:
        return most if most is None else min(most, threading.TIMEOUT_MAX)
    return deadline.left if most is None else min(most, deadline.left)


def deadline_in(seconds: float | None, clock: Clock) -> Deadline | None:
    """The deadline in `seconds`, or the current one if that is earlier. `seconds`: None for no further limit."""
    current = _current.get()
    if seconds is None or (current is not None and current.left <= seconds):
        return current
    return Deadline(clock.monotonic() + seconds, clock)


@contextlib.contextmanager
def end_by(deadline: Deadline | None) -> Iterator[None]:
    """Inside, `deadline` is the current one of this thread or task. None: there is none."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)
