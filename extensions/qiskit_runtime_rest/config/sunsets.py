"""Warn before the API version in use is switched off.

The day comes from this release or from the last `GET /v1/versions` (`client.versions()`, `qrr versions`, `qrr doctor`),
which the state file keeps. So the warning needs no request.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ..base.callers import warn
from ..errors import ConfigurationError
from .api_versions import SUNSETS, days_left, describe_end
from .settings import Settings
from .state_file import State

__all__ = ["NEAR_DAYS", "remember", "sunset_of", "warn_in_time"]

NEAR_DAYS = 90
"""Warn in the last days of a version, from this number of days on."""

_checked: set[tuple[str, str, str]] = set()


def remember(listed: Iterable[Mapping[str, Any]], *, service: str, state: State) -> None:
    """Keep the service's list of versions; ignore a state file that cannot be written."""
    import sqlite3

    rows = [
        (service, str(entry["version"]), str(entry["sunset_date"]) if entry.get("sunset_date") else None)
        for entry in listed
        if "status" in entry  # older responses contain only names
    ]
    with contextlib.suppress(ConfigurationError, sqlite3.Error), state.transaction(optional=True) as connection:
        connection.executemany("INSERT OR REPLACE INTO api_versions (service, version, sunset) VALUES (?, ?, ?)", rows)


def sunset_of(version: str, *, service: str, state: State) -> str | None:
    """The day on which a version is switched off: from the service's last list, else from this release; or None."""
    if os.path.exists(state.path):  # noqa: PTH110 - False for a path that cannot be; a look must not create the file
        import sqlite3

        with contextlib.suppress(ConfigurationError, sqlite3.Error), state.transaction(optional=True) as connection:
            row = connection.execute(
                "SELECT sunset FROM api_versions WHERE service = ? AND version = ?", (service, version)
            ).fetchone()
            if row is not None:
                return str(row["sunset"]) if row["sunset"] else None
    return SUNSETS.get(version)


def warn_in_time(settings: Settings, *, state: State, now: float) -> None:
    """Warn once per process if the version in use is switched off within `NEAR_DAYS` of `now` (Unix time)."""
    version = settings.api_version
    checked = (version, settings.base_url, str(state.path))
    if checked in _checked:
        return
    _checked.add(checked)
    sunset = sunset_of(version, service=settings.base_url, state=state)
    left = days_left(sunset, today=datetime.datetime.fromtimestamp(now, datetime.UTC).date())
    if left is None or left > NEAR_DAYS:
        return
    warn(
        f"API version {version} {describe_end(sunset, left)}. See the changes of newer versions with `qrr versions`, "
        "then choose one with api_version=, or leave it out for the version of this release.",
        DeprecationWarning,
    )
