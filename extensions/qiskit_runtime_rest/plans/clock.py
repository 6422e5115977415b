"""Time as a parameter: tests pass a clock that does not wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Time as a parameter: tests pass one that does not wait."""

    def monotonic(self) -> float:
        """Seconds, only ever growing."""

    def time(self) -> float:
        """Seconds since the epoch, the same for all processes."""

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Let `seconds` pass, or less once `stop` is set."""

    async def sleep_async(self, seconds: float) -> None:
        """Let `seconds` pass for this task."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds, only ever growing."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch, the same for all processes."""
        return time.time()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Let `seconds` pass, or less once `stop` is set."""
        if stop is None:
            time.sleep(seconds)
        else:
            stop.wait(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Let `seconds` pass for this task."""
        import anyio

        await anyio.sleep(seconds)
