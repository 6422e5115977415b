"""The service's API versions known to this release, and how long each is available.

Source: the service's changelog and `GET /v1/versions`. A newer response takes precedence (see `sunsets`).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

__all__ = ["API_VERSION", "SUNSETS", "days_left", "describe_end"]

SUNSETS: Mapping[str, str | None] = {
    "2024-01-01": "2027-01-01",
    "2025-01-01": "2027-01-01",
    "2025-05-01": "2027-01-01",
    "2026-02-01": "2027-02-01",
    "2026-02-15": "2027-02-15",
    "2026-03-15": "2027-03-15",
    "2026-04-15": None,
}
"""Each version, the oldest first, and the day on which it is switched off; None: no such day is known."""

API_VERSION = list(SUNSETS)[-1]
"""The newest version, that of the vendored contract."""


def days_left(sunset: object, *, today: datetime.date) -> int | None:
    """Days from `today` until the day `sunset`, negative after it; None if `sunset` is not a date."""
    try:
        return (datetime.date.fromisoformat(str(sunset)[:10]) - today).days
    except ValueError:
        return None


def describe_end(sunset: str | None, left: int) -> str:
    """The end of a version as text that follows its name; `left`: days until then, negative after it."""
    if left < 0:
        return f"was switched off on {sunset}"
    return f"will be switched off on {sunset}, in {left} day{'s' * (left != 1)}"
