"""`qrr versions`."""

from __future__ import annotations

import datetime
from typing import Any

from ..settings import API_VERSION
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, stdout

__all__ = ["days_left", "versions"]

COLUMNS = (
    Column("", needed=True),
    Column("version", needed=True),
    Column("status", needed=True),
    Column("sunset"),
    Column("days left", right=True),
)
PINNED = "→"


@with_service_options
def versions(options: ServiceOptions, *, json: JsonOption = False) -> None:
    """List the API versions that the service knows; the arrow marks the one that is asked for."""
    pinned = options.settings().api_version
    # The oldest versions do not say when they end: the list is asked for as this release knows it.
    with options.client(api_version=API_VERSION) as client:
        listed = client.versions()
    if json:
        entries = [{**entry, "days_left": days_left(entry), "pinned": entry["version"] == pinned} for entry in listed]
        print_json(entries)
        return
    rows = [
        (
            PINNED if entry["version"] == pinned else "",
            entry["version"],
            entry.get("status"),
            entry.get("sunset_date"),
            days_left(entry),
        )
        for entry in listed
    ]
    console = stdout()
    console.print(fitting_table(COLUMNS, rows, console=console))


def days_left(entry: dict[str, Any], *, today: datetime.date | None = None) -> int | None:
    """Days until an entry of `client.versions()` is switched off, negative after that; None without a date."""
    try:
        sunset = datetime.date.fromisoformat(str(entry.get("sunset_date"))[:10])
    except ValueError:
        return None
    return (sunset - (today or datetime.datetime.now(datetime.UTC).date())).days
