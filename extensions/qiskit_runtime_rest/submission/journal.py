"""Record each submission before it is sent, so that no job is lost when the process is killed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..config.state_file import State
from .request import JobRequest

__all__ = ["ABSENT", "RECORDED", "REFUSED", "Entry", "Journal"]

SENDING, RECORDED, REFUSED, ABSENT = "sending", "recorded", "refused", "absent"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One submission in the journal.

    Attributes:
        tag: the unique tag that the job carries.
        key: the caller's name for the submission, to find it again, or None.
        outcome: `sending` (unknown), `recorded` (as a job), `refused`, or `absent` (looked up and not found).
        job_id: the job, if recorded.
        program_id, backend: of the request.
        began: when the entry was made, in seconds since the epoch.
    """

    tag: str
    key: str | None
    outcome: str
    job_id: str | None
    program_id: str
    backend: str
    began: float


class Journal:
    """The submissions of one instance, in the state file. Params are not recorded: they may be private."""

    def __init__(self, state: State, *, service: str, instance: str) -> None:
        """`service`: its base URL; `instance`: its CRN."""
        self._state = state
        self._scope = (service, instance)

    def begin(self, tag: str, request: JobRequest, *, key: str | None) -> None:
        """Record that `request`, tagged with `tag`, is about to be sent; durable when this returns."""
        with self._state.transaction() as file:
            file.execute(
                "INSERT INTO submissions (tag, key, service, instance, program_id, backend, began, outcome) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tag) DO UPDATE SET outcome = excluded.outcome",
                (tag, key, *self._scope, request.program_id, request.backend, time.time(), SENDING),
            )

    def finish(self, tag: str, *, outcome: str, job_id: str | None = None) -> None:
        """Record the outcome of the submission with `tag`."""
        with self._state.transaction() as file:
            file.execute("UPDATE submissions SET outcome = ?, job_id = ? WHERE tag = ?", (outcome, job_id, tag))

    def unfinished(self) -> list[Entry]:
        """The submissions whose outcome is unknown, the oldest first."""
        return self._entries("outcome = ?", SENDING)

    def find(self, key: str) -> Entry | None:
        """The latest submission named `key` that may have become a job."""
        entries = self._entries("key = ? AND outcome IN (?, ?)", key, SENDING, RECORDED)
        return entries[-1] if entries else None

    def _entries(self, condition: str, *values: Any) -> list[Entry]:
        with self._state.transaction() as file:
            rows = file.execute(
                "SELECT tag, key, outcome, job_id, program_id, backend, began FROM submissions "  # noqa: S608
                f"WHERE service = ? AND instance = ? AND {condition} ORDER BY began",
                (*self._scope, *values),
            ).fetchall()
        return [Entry(**dict(row)) for row in rows]
