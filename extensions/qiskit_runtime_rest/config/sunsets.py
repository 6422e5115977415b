"""When the API version in use is switched off: as this release knows it, or as the service last said; and a warning.

What the service says (`client.versions()`, `qrr versions`, `qrr doctor`) is kept in the state file, so that nothing is
asked for the warning's sake.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from ..base.callers import warn
from ..errors import ConfigurationError
from .api_versions import SUNSETS, days_left, end_told
from .settings import Settings
from .state_file import State

__all__ = ["NEAR_DAYS", "remember", "sunset_of", "warn_in_time"]

NEAR_DAYS = 90
"""A version that is switched off within so many days is worth a warning."""

_looked: set[tuple[str, str, str]] = set()


def remember(listed: Iterable[Mapping[str, Any]], *, service: str, state: State) -> None:
    """Keep what the service says of its versions; a state file that cannot be written is left alone."""
    import sqlite3

    rows = [
        (service, str(entry["version"]), str(entry["sunset_date"]) if entry.get("sunset_date") else None)
        for entry in listed
        if "status" in entry  # old answers list bare names, which say nothing of an end
    ]
    with contextlib.suppress(ConfigurationError, sqlite3.Error), state.transaction() as connection:
        connection.executemany("INSERT OR REPLACE INTO api_versions (service, version, sunset) VALUES (?, ?, ?)", rows)


def sunset_of(version: str, *, service: str, state: State) -> str | None:
    """The day on which the service switches a version off: as it last said, else as this release knows it."""
    if state.path.exists():  # looking must not make one
        import sqlite3

        with contextlib.suppress(ConfigurationError, sqlite3.Error), state.transaction() as connection:
            row = connection.execute(
                "SELECT sunset FROM api_versions WHERE service = ? AND version = ?", (service, version)
            ).fetchone()
            if row is not None:
                return str(row["sunset"]) if row["sunset"] else None
    return SUNSETS.get(version)


def warn_in_time(settings: Settings, *, state: State, now: float) -> None:
    """Warn, once a process, if the pinned version is switched off within `NEAR_DAYS` of `now` (seconds, epoch)."""
    version = settings.api_version
    looked = (version, settings.base_url, str(state.path))
    if looked in _looked:
        return
    _looked.add(looked)
    sunset = sunset_of(version, service=settings.base_url, state=state)
    left = days_left(sunset, today=datetime.datetime.fromtimestamp(now, datetime.UTC).date())
    if left is None or left > NEAR_DAYS:
        return
    warn(
        f"API version {version} {end_told(sunset, left)}. `qrr versions` tells what is different in newer ones; then "
        "pin one of them with api_version=, or leave it out for this release's own.",
        DeprecationWarning,
    )
