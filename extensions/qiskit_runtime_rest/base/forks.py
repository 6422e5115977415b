"""Protect forked children: they must not share held locks and open sockets with their parent."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Protocol

__all__ = ["Lock", "leave_to_parent", "no_fork", "renew_in_child"]


class Renewable(Protocol):
    """An object that a forked child must renew before it uses it."""

    def renew(self) -> None:
        """Become usable in a forked child. This is called in the child before any other code."""


_renewables: weakref.WeakSet[Any] = weakref.WeakSet()


_of_the_parent: list[object] = []


def leave_to_parent(thing: object) -> None:
    """Keep `thing` in this child for ever: its finalizer would close a connection that the parent still uses."""
    _of_the_parent.append(thing)


def renew_in_child(thing: Renewable) -> None:
    """Call `thing.renew()` in each child that is forked while `thing` exists."""
    _renewables.add(thing)


def _renew_all() -> None:
    for thing in list(_renewables):
        thing.renew()


_forking = threading.RLock()


@contextlib.contextmanager
def no_fork(seconds: float = threading.TIMEOUT_MAX) -> Iterator[bool]:
    """Delay forks by other threads. Use it for short operations that a fork in the middle would break in the child.

    False: another thread did not end such an operation within `seconds`, so this one must not begin.
    """
    allowed = _forking.acquire(timeout=seconds)
    try:
        yield allowed
    finally:
        if allowed:
            _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_forking.release)
    os.register_at_fork(after_in_child=_renew_all)


class Lock:
    """A lock for threads that is free in a forked child, even if another thread of the parent held it."""

    def __init__(self) -> None:
        """Start free."""
        self._lock = threading.Lock()
        renew_in_child(self)

    def renew(self) -> None:
        """Replace the lock by a free one."""
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def within(self, seconds: float | None) -> Iterator[bool]:
        """Wait for the lock for at most `seconds` (None: without a limit). False: the time was up."""
        lock = self._lock
        acquired = lock.acquire(timeout=-1 if seconds is None else seconds)
        try:
            yield acquired
        finally:
            if acquired:
                lock.release()

    def __enter__(self) -> None:
        """Wait for the lock and acquire it."""
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        """Release the lock."""
        self._lock.release()
