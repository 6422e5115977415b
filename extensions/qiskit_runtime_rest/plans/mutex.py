"""A mutex for threads and for tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import anyio

__all__ = ["Acquire", "Mutex"]


class Mutex:
    """A lock for the threads, or the tasks, that share an object."""

    def __init__(self) -> None:
        """Start free."""
        self.thread_lock = threading.Lock()
        self._task_lock: anyio.Lock | None = None

    @property
    def task_lock(self) -> anyio.Lock:
        """The lock for tasks, made on first use, in their event loop."""
        if self._task_lock is None:
            import anyio

            self._task_lock = anyio.Lock()
        return self._task_lock


class Acquire(NamedTuple):
    """Wait for `mutex`, for at most `seconds` (None: without a limit).

    The outcome is a function that releases it; None: the time was up.
    """

    mutex: Mutex
    seconds: float | None

    def perform(self, _connection: object) -> Callable[[], None] | None:
        """Block the thread."""
        lock = self.mutex.thread_lock
        seconds = -1 if self.seconds is None else min(self.seconds, threading.TIMEOUT_MAX)
        return lock.release if lock.acquire(timeout=seconds) else None

    async def perform_async(self, _connection: object) -> Callable[[], None] | None:
        """Suspend the task."""
        import anyio

        lock = self.mutex.task_lock
        try:
            lock.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(self.seconds) as scope:
                await lock.acquire()
            return None if scope.cancelled_caught else lock.release
        return lock.release
