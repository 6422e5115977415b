"""A mutex for threads and for tasks."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, NamedTuple

from ..base.forks import Lock

if TYPE_CHECKING:
    import anyio

__all__ = ["Acquire", "Mutex"]


class Mutex:
    """A lock for the threads, or the tasks, that share an object."""

    def __init__(self) -> None:
        """Start free."""
        self.thread_lock = Lock()
        self._task_lock: anyio.Lock | None = None

    @property
    def task_lock(self) -> anyio.Lock:
        """The lock for tasks, made on first use, in their event loop."""
        if self._task_lock is None:
            import anyio

            self._task_lock = anyio.Lock()
        return self._task_lock

    def release_task(self) -> None:
        """Release the lock for tasks, if this task has it."""
        with contextlib.suppress(RuntimeError):
            self.task_lock.release()


class Acquire(NamedTuple):
    """Wait for `mutex`, for at most `seconds` (None: without a limit). The outcome is whether it was acquired.

    Yield it in a `try`, and release both locks in the `finally`: the plan may be interrupted before the outcome comes.
    """

    mutex: Mutex
    seconds: float | None

    def perform(self, _connection: object) -> bool:
        """Block the thread."""
        seconds = -1 if self.seconds is None else min(self.seconds, threading.TIMEOUT_MAX)
        return bool(self.mutex.thread_lock.acquire(timeout=seconds))

    async def perform_async(self, _connection: object) -> bool:
        """Suspend the task."""
        import anyio

        lock = self.mutex.task_lock
        try:
            lock.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(self.seconds) as scope:
                await lock.acquire()
            return not scope.cancelled_caught
        return True
