"""What a forked child must not share with its parent: held locks, and sockets, on which both would read answers."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Protocol

__all__ = ["Lock", "leave_to_parent", "no_fork", "renew_in_child"]


class Renewable(Protocol):
    """Something that a forked child cannot use as it inherits it."""

    def renew(self) -> None:
        """Become usable in the child that this is called in, before anything else runs there."""


_renewables: weakref.WeakSet[Any] = weakref.WeakSet()


_of_the_parent: list[object] = []


def leave_to_parent(thing: object) -> None:
    """Never use `thing` again in this child, nor end it: its end would close what the parent still uses."""
    _of_the_parent.append(thing)


def renew_in_child(thing: Renewable) -> None:
    """Call `thing.renew()` in each child that is forked while there is a `thing`."""
    _renewables.add(thing)


def _renew_all() -> None:
    for thing in list(_renewables):
        thing.renew()


_forking = threading.RLock()


@contextlib.contextmanager
def no_fork() -> Iterator[None]:
    """Inside, other threads that want to fork wait: for what is short, and broken in the child that begins amid it."""
    with _forking:
        yield


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_forking.release)
    os.register_at_fork(after_in_child=_renew_all)


class Lock:
    """A lock for threads that a forked child finds free, though a thread that it has not inherited held it."""

    def __init__(self) -> None:
        """Start free."""
        self._lock = threading.Lock()
        renew_in_child(self)

    def renew(self) -> None:
        """Become free."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Wait for the lock, and take it."""
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        """Give it back."""
        self._lock.release()
