"""The service's clock: the machine's, or one that stands still until a test advances it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from ..errors import PAYLOAD_NOT_VALID, ServiceError

__all__ = ["Clock", "isoformat", "seconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = (
    (at - _EPOCH).total_seconds() for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
)
# Room for what is computed from the present time, such as the end of a session.
_LAST_YEAR = 9900
_END = (datetime(_LAST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()


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
        """Move ahead by this many seconds and return the new time.

        Time never goes back, and ends before the year 9900: dates with five digits cannot be written (`ValueError`).
        """
        if not seconds >= 0:
            raise ValueError(f"Expected a number of seconds, 0 or more, got {seconds!r}.")
        if self.now() + seconds > _END:
            raise ValueError(f"The clock cannot go beyond the year {_LAST_YEAR}; {seconds:g} seconds are too many.")
        self._offset += seconds
        return self.now()

    def restart(self) -> None:
        """Go back to the machine's present time."""
        self._frozen_at = time.time()
        self._offset = 0.0


def isoformat(seconds: float) -> str:
    """UTC in the form the service writes: `2026-04-15T08:30:00.123456Z`; the nearest one that has four-digit years."""
    return (
        datetime.fromtimestamp(max(_EARLIEST, min(seconds, _LATEST)), UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )


def seconds(text: str | None) -> float | None:
    """Seconds since the epoch of a date and time with offset. A space stands for a `+` that was not escaped.

    Raises `ServiceError` 3220 for one that does not exist.
    """
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text.upper().replace(" ", "+"))
    except ValueError:
        raise ServiceError(
            PAYLOAD_NOT_VALID, f"Expected a date and time such as 2026-04-15T08:30:00Z, got {text[:40]!r}."
        ) from None
    # `timestamp` fails for those whose UTC is in the year 0 or 10000.
    return (given.replace(tzinfo=given.tzinfo or UTC) - _EPOCH).total_seconds()
