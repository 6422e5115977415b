"""Time as a parameter: tests pass a clock that does not wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """The time, and sleeping."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def time(self) -> float:
        """Seconds since the epoch, the same for all processes."""

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Block the thread for `seconds`, or until `stop` is set."""

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the task for `seconds`."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch, the same for all processes."""
        return time.time()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Block the thread for `seconds`, or until `stop` is set."""
        if stop is None:
            time.sleep(seconds)
        else:
            stop.wait(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the task for `seconds`."""
        import anyio

        await anyio.sleep(seconds)
