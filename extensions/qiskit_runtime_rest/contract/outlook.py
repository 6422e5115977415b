"""The outlook for an API version: when it is switched off, and what the latest one changes for this client."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..config.api_versions import API_VERSION, SUNSETS, days_left, describe_end
from ..errors import MissingExtra

if TYPE_CHECKING:
    from .drift import Uses

__all__ = ["VersionOutlook", "version_outlook"]


@dataclass(frozen=True, kw_only=True)
class VersionOutlook:
    """The outlook for a pinned API version.

    Attributes:
        pinned, latest: API versions.
        sunset_date, days_left: when the pinned one is switched off; None if no date is known.
        changes: what is different in the latest, for the operations that this client uses; None if it is not known.
    """

    pinned: str
    latest: str
    sunset_date: str | None
    days_left: int | None
    changes: tuple[str, ...] | None

    @property
    def summary(self) -> str:
        """One or two sentences on everything except the changes themselves."""
        end = "no end is known" if self.days_left is None else describe_end(self.sunset_date, self.days_left)
        if self.pinned == self.latest:
            return f"{self.pinned} is pinned, and the latest: {end}."
        return f"{self.pinned} is pinned: {end}. {self._news}"

    @property
    def _news(self) -> str:
        if self.changes is None:
            return (
                f"What is different in {self.latest} can only be shown with the contracts of both versions: this "
                f"release has those of {', '.join(SUNSETS)}, and reads them with "
                "pip install 'qiskit-runtime-rest[contract]'."
            )
        if not self.changes:
            return f"Nothing that this client uses is different in {self.latest}."
        compare = f"qrr contract drift --from {self.pinned} --to {self.latest}"
        return f"Changes in {self.latest} to operations that this client uses ({compare}):"


def version_outlook(
    pinned: str, listed: Sequence[Mapping[str, Any]], *, today: datetime.date, uses: Uses
) -> VersionOutlook:
    """The outlook for the API version `pinned`.

    Args:
        listed: what `client.versions()` returns.
        uses: `client.operations.OPERATIONS`.
    """
    entry = next((entry for entry in listed if entry.get("version") == pinned), {})
    sunset = entry.get("sunset_date") or (None if "status" in entry else SUNSETS.get(pinned))
    latest = max((str(entry.get("version")) for entry in listed), default=API_VERSION)
    return VersionOutlook(
        pinned=pinned,
        latest=latest,
        sunset_date=sunset,
        days_left=days_left(sunset, today=today),
        changes=_changes(pinned, latest, uses),
    )


def _changes(pinned: str, latest: str, uses: Uses) -> tuple[str, ...] | None:
    from .drift import drift, used
    from .versions import contract_of

    if pinned == latest:
        return ()
    if not {pinned, latest} <= SUNSETS.keys():
        return None
    try:
        differences = drift(contract_of(pinned), contract_of(latest), uses=uses)
    except MissingExtra:
        return None
    return tuple(str(difference.change) for difference in used(differences, uses=uses))
