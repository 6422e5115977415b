"""What the service asks of a storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

__all__ = ["Storage"]


class Storage(Protocol):
    """Records (small JSON objects, in tables, by key) and texts (params, results, logs: by key and kind).

    The service holds all records in memory and writes each change through; texts are read when asked for.
    """

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Write a record, replacing one of the same key."""

    def delete(self, table: str, key: str) -> None:
        """Remove a record, if it is there."""

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records of a table, oldest first."""

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Write a text, replacing one of the same key and kind."""

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` when there is none."""

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove texts of a key: those of these kinds, or all."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen together; when it ends without an error they outlive the process."""

    def clear(self) -> None:
        """Remove everything."""

    def close(self) -> None:
        """Release what is held; the storage cannot be used afterwards."""
