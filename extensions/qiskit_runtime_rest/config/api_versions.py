"""The service's API versions, as far as this release knows them.

Source: the service's changelog and `GET /v1/versions`, whose newer answers take precedence where they are known.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

__all__ = ["API_VERSION", "SUNSETS", "days_left", "end_told"]

SUNSETS: Mapping[str, str | None] = {
    "2024-01-01": "2027-01-01",
    "2025-01-01": "2027-01-01",
    "2025-05-01": "2027-01-01",
    "2026-02-01": "2027-02-01",
    "2026-02-15": "2027-02-15",
    "2026-03-15": "2027-03-15",
    "2026-04-15": None,
}
"""Every version, the oldest first, and the day it is switched off; None: it is live."""

API_VERSION = list(SUNSETS)[-1]
"""The newest one, which is that of the vendored contract."""


def days_left(sunset: object, *, today: datetime.date) -> int | None:
    """Days from `today` until a version is switched off, negative after that; None where `sunset` is no date."""
    try:
        return (datetime.date.fromisoformat(str(sunset)[:10]) - today).days
    except ValueError:
        return None


def end_told(sunset: str | None, left: int) -> str:
    """When a version ends, in words that follow its name; `left`: days until then, negative after it."""
    if left < 0:
        return f"was switched off on {sunset}"
    return f"will be switched off on {sunset}, in {left} day{'s' * (left != 1)}"
