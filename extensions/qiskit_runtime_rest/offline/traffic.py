"""What went through the proxy: connections for each service, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from ..base.text import printable

__all__ = ["Report", "Traffic"]

MOST_NAMES = 1000
REST = "(other names)"


@frozen
class Traffic:
    """Counts connections. It holds names of hosts only: no paths, headers or bodies."""

    _answered: Counter[str] = field(factory=Counter)
    _refused: Counter[str] = field(factory=Counter)

    def answered(self, host: str) -> None:
        """Count a connection to a service."""
        self._answered[host] += 1

    def refused(self, address: str) -> None:
        """Count a refused connection or request; `address`: host and port."""
        known = address in self._refused or len(self._refused) < MOST_NAMES
        self._refused[address if known else REST] += 1

    def foreign(self, host: str) -> None:
        """Count a request in a tunnel to a service that was refused, for its header `Host` names another server."""
        self.refused(host or "(no name)")

    def report(self, *, live: bool) -> Report:
        """The counts so far."""
        return Report(live=live, answered=dict(self._answered), refused=dict(self._refused))


@frozen(kw_only=True)
class Report:
    """What a program connected to."""

    live: bool
    answered: Mapping[str, int]
    refused: Mapping[str, int]

    def __str__(self) -> str:
        """The report as text, for the end of a run."""
        services = "the live services" if self.live else "the embedded services"
        if self.answered:
            lines = [f"connections to {services}: {_list(self.answered)}."]
        else:
            lines = [
                f"no connection to {services}: the program sent no requests, or does not use the proxy that its "
                "environment names."
            ]
        if self.refused:
            lines.append(f"refused: {_list(self.refused)}. Only the hosts of the service can be reached.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return {"live": self.live, "answered": dict(self.answered), "refused": dict(self.refused)}


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{printable(name)} {count}" for name, count in sorted(counts.items()))
