"""One at a time: what the threads, or the tasks, that share an object must not do beside each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import anyio

__all__ = ["Acquire", "Mutex"]


class Mutex:
    """Lets one caller after the other do something."""

    def __init__(self) -> None:
        """It is anybody's turn."""
        self.of_threads = threading.Lock()
        self._of_tasks: anyio.Lock | None = None

    @property
    def of_tasks(self) -> anyio.Lock:
        """The lock for tasks, made where it is first used."""
        if self._of_tasks is None:
            import anyio

            self._of_tasks = anyio.Lock()
        return self._of_tasks


class Acquire(NamedTuple):
    """Wait for one's turn, `seconds` at most (None: as long as it takes).

    The outcome ends the turn when called; None: it did not come in time.
    """

    turns: Mutex
    seconds: float | None

    def perform(self, _connection: object) -> Callable[[], None] | None:
        """Block the thread until it is its turn."""
        lock = self.turns.of_threads
        seconds = -1 if self.seconds is None else min(self.seconds, threading.TIMEOUT_MAX)
        return lock.release if lock.acquire(timeout=seconds) else None

    async def perform_async(self, _connection: object) -> Callable[[], None] | None:
        """Suspend the task until it is its turn."""
        import anyio

        lock = self.turns.of_tasks
        try:
            lock.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(self.seconds) as scope:
                await lock.acquire()
            return None if scope.cancelled_caught else lock.release
        return lock.release
