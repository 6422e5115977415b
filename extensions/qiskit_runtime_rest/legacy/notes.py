"""What the translation changed or left out: said once in the log, and kept for whoever asks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass

__all__ = ["Note", "Notes"]

MOST_NOTES = 10_000

log = logging.getLogger("qiskit_runtime_rest.legacy")


@dataclass(frozen=True, order=True)
class Note:
    """One change. Never holds a value of the caller's.

    Attributes:
        call: the classic call, such as `POST /jobs`.
        field: the field that was changed or ignored, such as `params.run_options.shots`.
        what: what became of it.
    """

    call: str
    field: str
    what: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.call}: {self.field}: {self.what}"

    def to_dict(self) -> dict[str, str]:
        """Plain Python."""
        return asdict(self)


class Notes:
    """All notes so far, each once; the oldest go when there are too many. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin without any."""
        self._all: dict[Note, None] = {}
        self._lock = threading.Lock()

    def add(self, note: Note) -> None:
        """Keep `note`, and log it unless it was there."""
        with self._lock:
            if note in self._all:
                return
            self._all[note] = None
            while len(self._all) > MOST_NOTES:
                del self._all[next(iter(self._all))]
        log.info("%s", note)

    def __iter__(self) -> Iterator[Note]:
        """In the order in which they came first."""
        return iter(list(self._all))
