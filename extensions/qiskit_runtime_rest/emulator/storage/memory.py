"""A storage that lasts as long as its process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

__all__ = ["MemoryStorage"]


class MemoryStorage:
    """Keeps texts; records are held by the service itself, and nobody reads them back here."""

    def __init__(self) -> None:
        """Start empty."""
        self._texts: dict[str, dict[str, str]] = {}

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Do nothing: the service holds its records."""

    def delete(self, table: str, key: str) -> None:
        """Do nothing: the service holds its records."""

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """No process ran before this one."""
        del table
        return iter(())

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Keep a text."""
        self._texts.setdefault(key, {})[kind] = text

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` when there is none."""
        return self._texts.get(key, {}).get(kind)

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove texts of a key: those of these kinds, or all."""
        for kind in kinds or tuple(self._texts.get(key, {})):
            self._texts.get(key, {}).pop(kind, None)
        if not self._texts.get(key):
            self._texts.pop(key, None)

    def transaction(self) -> AbstractContextManager[None]:
        """Writes need no ceremony here."""
        return nullcontext()

    def clear(self) -> None:
        """Remove everything."""
        self._texts.clear()

    def close(self) -> None:
        """Nothing is held."""
