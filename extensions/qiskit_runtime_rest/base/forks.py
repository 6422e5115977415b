"""Protect forked children: they must not share held locks and open sockets with their parent."""

from __future__ import annotations

import os
import threading
import weakref
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


no_fork = threading.RLock()
"""Whoever holds it delays forks by other threads: for short operations that a fork in the middle would break in the
child. Acquire and release it as a `Lock`."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=no_fork.acquire, after_in_parent=no_fork.release, after_in_child=no_fork.release)
    os.register_at_fork(after_in_child=_renew_all)


class Lock(type(threading.RLock())):  # type: ignore[misc]  # the class has no public name
    """A lock for threads that is free in a forked child, even if another thread of the parent held it.

    Use it in a `with` statement, or acquire it in a `try` and release it in the `finally`, there and not in a function:
    no Python code runs in between, in which Ctrl-C could leave it held. `release` raises a `RuntimeError` in a thread
    that has not acquired it. A thread that has it may acquire it again.
    """

    def __init__(self) -> None:
        """Start free."""
        renew_in_child(self)

    def renew(self) -> None:
        """Become free."""
        self._at_fork_reinit()
