"""Lists of jobs, sessions and backends, which notebooks show as tables."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from ..base.html import rows_table
from ..results.optional import require_pandas

__all__ = ["Listing"]


class Listed(Protocol):
    """A handle that can be a line of a table."""

    def facts(self) -> dict[str, Any]:
        """What is known of it, by name."""


T = TypeVar("T", bound=Listed)


class Listing(list[T]):
    """A list of jobs, sessions or backends.

    `wait_all`, `sessions.list()` and `backends.list()` return one; `Listing(client.jobs.list(limit=20))` makes one.
    """

    def to_pandas(self) -> Any:
        """A data frame with a line for each of them, from what was last read; needs pandas.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return require_pandas("to_pandas()").DataFrame([one.facts() for one in self])

    def _repr_html_(self) -> str:
        return rows_table([one.facts() for one in self], caption=f"{len(self)} in all")
