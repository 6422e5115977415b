"""`qrr versions`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..base.text import printable
from ..config.api_versions import API_VERSION, SUNSETS, days_left, describe_end
from ..errors import MissingExtra
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, stdout

__all__ = ["Outlook", "outlook", "versions"]

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
    """List the API versions, how long the pinned one is served, and what is different in the latest.

    The arrow marks the pinned version. What is different is told of the operations that this client uses.
    """
    pinned = options.settings().api_version
    # The oldest versions do not say when they end: the list is asked for as this release knows it.
    with options.client(api_version=API_VERSION) as client:
        listed = client.versions()
    today = _today()
    ahead = outlook(pinned, listed, today=today)
    if json:
        entries = [
            {
                **entry,
                "days_left": days_left(entry.get("sunset_date"), today=today),
                "pinned": entry["version"] == pinned,
            }
            for entry in listed
        ]
        print_json({**asdict(ahead), "versions": entries})
        return
    rows = [
        (
            PINNED if entry["version"] == pinned else "",
            entry["version"],
            entry.get("status"),
            entry.get("sunset_date"),
            days_left(entry.get("sunset_date"), today=today),
        )
        for entry in listed
    ]
    console = stdout()
    console.print(fitting_table(COLUMNS, rows, console=console))
    console.print(f"\n{printable(ahead.told)}", soft_wrap=True, markup=False)
    for change in ahead.changes or ():
        console.print(f"  {printable(change)}", soft_wrap=True, markup=False)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What lies ahead of a pinned version.

    Attributes:
        pinned, latest: API versions.
        sunset_date, days_left: when the pinned one is switched off; None where nobody has said.
        changes: what is different in the latest, of the operations that this client uses; None where it is not known.
    """

    pinned: str
    latest: str
    sunset_date: str | None
    days_left: int | None
    changes: tuple[str, ...] | None

    @property
    def told(self) -> str:
        """All but the changes, in a sentence or two."""
        end = "no end is known" if self.days_left is None else describe_end(self.sunset_date, self.days_left)
        if self.pinned == self.latest:
            return f"{self.pinned} is pinned, and the latest: {end}."
        return f"{self.pinned} is pinned: {end}. {self._news}"

    @property
    def _news(self) -> str:
        if self.changes is None:
            return (
                f"What is different in {self.latest} needs the contracts of both versions: this release has those of "
                f"{', '.join(SUNSETS)}, and pip install 'qiskit-runtime-rest[contract]' what reads them."
            )
        if not self.changes:
            return f"Nothing that this client uses is different in {self.latest}."
        compare = f"qrr contract drift --from {self.pinned} --to {self.latest}"
        return f"In {self.latest}, of what this client uses ({compare}):"


def outlook(pinned: str, listed: Sequence[Mapping[str, Any]], *, today: datetime.date) -> Outlook:
    """What lies ahead of `pinned`, given what the service lists of its versions."""
    entry = next((entry for entry in listed if entry.get("version") == pinned), {})
    sunset = entry.get("sunset_date") or (None if "status" in entry else SUNSETS.get(pinned))
    latest = max((str(entry.get("version")) for entry in listed), default=API_VERSION)
    return Outlook(
        pinned=pinned,
        latest=latest,
        sunset_date=sunset,
        days_left=days_left(sunset, today=today),
        changes=_changes(pinned, latest),
    )


def _changes(pinned: str, latest: str) -> tuple[str, ...] | None:
    from ..contract.drift import drift, used
    from ..contract.versions import contract_of

    if pinned == latest:
        return ()
    if not {pinned, latest} <= SUNSETS.keys():
        return None
    try:
        differences = drift(contract_of(pinned), contract_of(latest))
    except MissingExtra:
        return None
    return tuple(str(difference.change) for difference in used(differences))


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
