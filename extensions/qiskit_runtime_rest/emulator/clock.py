"""The service's clock: the real one, or one that stands still until a test advances it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["Clock", "isoformat", "seconds"]


class Clock:
    """Seconds since the epoch, as every part of the emulated service sees them.

    A real clock runs with the machine's and can be pushed ahead; a virtual one only moves when it is advanced.
    """

    def __init__(self, *, virtual: bool = False) -> None:
        """Start at the machine's present time."""
        self.virtual = virtual
        self._frozen_at = time.time()
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch, in whole microseconds: what is written in an answer can be compared with it."""
        return round((self._frozen_at if self.virtual else time.time()) + self._offset, 6)

    def advance(self, seconds: float) -> float:
        """Move ahead by so many seconds and return the new time; time never goes back (`ValueError`)."""
        if not seconds >= 0 or seconds == float("inf"):
            raise ValueError(f"The clock can be advanced by 0 or more seconds, not by {seconds!r}.")
        self._offset += seconds
        return self.now()

    def restart(self) -> None:
        """Forget what was advanced: back to the machine's present time."""
        self._frozen_at = time.time()
        self._offset = 0.0


def isoformat(seconds: float) -> str:
    """UTC in the form the service writes: `2026-04-15T08:30:00.123456Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds(text: str | None) -> float | None:
    """Seconds since the epoch of a date and time with offset (a `+` that a client did not escape is seen)."""
    return None if text is None else datetime.fromisoformat(text.replace(" ", "+")).timestamp()
