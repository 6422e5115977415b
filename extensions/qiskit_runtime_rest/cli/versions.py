"""`qrr versions`."""

from __future__ import annotations

import datetime
from dataclasses import asdict

from ..base.text import printable
from ..config.api_versions import API_VERSION, days_left
from .options import JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, stdout, working

__all__ = ["versions"]

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
    """List the API versions, how long the service supports the pinned one, and what the latest changes.

    The arrow marks the pinned version. Only changes to operations that this client uses are listed.
    """
    from ..client.operations import OPERATIONS
    from ..contract.outlook import version_outlook

    pinned = options.settings().api_version
    # Answers of the oldest API versions have no sunset dates, so the newest one asks for the list.
    with options.client(api_version=API_VERSION) as client, working("listing API versions"):
        listed = client.versions()
    today = datetime.datetime.now(datetime.UTC).date()
    outlook = version_outlook(pinned, listed, today=today, uses=OPERATIONS)
    left = [days_left(entry.get("sunset_date"), today=today) for entry in listed]
    if json:
        entries = [
            {**entry, "days_left": days, "pinned": entry["version"] == pinned}
            for entry, days in zip(listed, left, strict=True)
        ]
        print_json({**asdict(outlook), "versions": entries})
        return
    rows = [
        (
            PINNED if entry["version"] == pinned else "",
            entry["version"],
            entry.get("status"),
            entry.get("sunset_date"),
            days,
        )
        for entry, days in zip(listed, left, strict=True)
    ]
    console = stdout()
    console.print(fitting_table(COLUMNS, rows, console=console))
    console.print(f"\n{printable(outlook.summary)}", soft_wrap=True, markup=False)
    for change in outlook.changes or ():
        console.print(f"  {printable(change)}", soft_wrap=True, markup=False)
