"""The service's clock: the machine's, or one that stands still until a test advances it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["Clock", "isoformat", "seconds"]


class Clock:
    """Seconds since the epoch, as every part of the emulated service sees them.

    A real clock runs with the machine's clock and can be moved ahead. A virtual clock moves only when it is advanced.
    """

    def __init__(self, *, virtual: bool = False) -> None:
        """Start at the machine's present time."""
        self.virtual = virtual
        self._frozen_at = time.time()
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch, rounded to microseconds, so that times in responses compare equal to it."""
        return round((self._frozen_at if self.virtual else time.time()) + self._offset, 6)

    def advance(self, seconds: float) -> float:
        """Move ahead by this many seconds and return the new time. Time never goes back (`ValueError`)."""
        if not seconds >= 0 or seconds == float("inf"):
            raise ValueError(f"Expected a finite number of seconds, 0 or more, got {seconds!r}.")
        self._offset += seconds
        return self.now()

    def restart(self) -> None:
        """Go back to the machine's present time."""
        self._frozen_at = time.time()
        self._offset = 0.0


def isoformat(seconds: float) -> str:
    """UTC in the form the service writes: `2026-04-15T08:30:00.123456Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds(text: str | None) -> float | None:
    """Seconds since the epoch of a date and time with offset. A space stands for a `+` that was not escaped."""
    return None if text is None else datetime.fromisoformat(text.replace(" ", "+")).timestamp()
