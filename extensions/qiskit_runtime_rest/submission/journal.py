"""Record each submission before it is sent, so that no job is lost when the process is killed.

Submissions that have a key (those of `submit_all(..., resume=)`) are claimed first: of all processes and threads that
share the file, one at a time works for a key, and the others wait for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..base.processes import Process
from ..config.state_file import State
from .request import JobRequest

if TYPE_CHECKING:
    import sqlite3

__all__ = ["ABSENT", "RECORDED", "REFUSED", "SENDING_SECONDS", "Claim", "ClaimLost", "Entry", "Journal"]

SENDING, RECORDED, REFUSED, ABSENT = "sending", "recorded", "refused", "absent"

SENDING_SECONDS = 3600.0
"""A submission takes no longer than this, with its retries, from its note in the journal on."""

LEASE_SECONDS = SENDING_SECONDS + 600.0
"""Where it is unknown whether the process of a claim lives, the claim ends after this time."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One submission in the journal.

    Attributes:
        tag: the unique tag that the job carries.
        key: the caller's name for the submission, to find it again, or None.
        outcome: `sending` (unknown), `recorded` (as a job), `refused`, or `absent` (looked up and not found).
        job_id: the job, if recorded.
        program_id, backend: of the request.
        began: when it was last about to be sent, in seconds since the epoch.
        sender: the process that may still be sending it, or None.
        noted_at: when that process was last about to send it, in monotonic seconds, or None.
    """

    tag: str
    key: str | None
    outcome: str
    job_id: str | None
    program_id: str
    backend: str
    began: float
    sender: Process | None = None
    noted_at: float | None = None

    def may_be_sent(self, now: float) -> bool:
        """Whether a process may still send it at the moment `now` of the monotonic clock."""
        if self.sender is None or self.noted_at is None:
            return False
        alive = self.sender.is_alive
        return 0 <= now - self.noted_at < SENDING_SECONDS if alive is None else alive

    def settled_seconds(self, now: float) -> float:
        """For how long it certainly was not sent any more, at the moment `now` of the monotonic clock."""
        if self.sender is None or self.noted_at is None:
            return 0.0
        if self.sender.is_of_this_boot is False:
            # The monotonic clock began with this start of the machine.
            return now
        return max(0.0, now - self.noted_at - SENDING_SECONDS) if self.sender.is_of_this_boot else 0.0


class ClaimLost(Exception):
    """The claim of a submission that is about to be sent ended before, and another process may have its name."""


class Claim(NamedTuple):
    """The right to work for `key`, with the `entry` of an earlier submission whose outcome is unknown, if any."""

    id: str
    key: str
    entry: Entry | None


class Journal:
    """The submissions of one instance, in the state file. Params are not recorded: they may be private."""

    def __init__(self, state: State, *, service: str, instance: str) -> None:
        """`service`: its base URL; `instance`: its CRN."""
        self._state = state
        self._scope = (service, instance)
        self._left: set[str] = set()
        """Tags and claims that ended. A thread may still be about to write one for a task that was cancelled."""

    def begin(self, tag: str, request: JobRequest, *, claim: Claim | None, now: float) -> None:
        """Record that `request`, tagged with `tag`, is about to be sent; durable when this returns.

        `now`: monotonic seconds.

        Raises:
            ClaimLost: `claim` does not hold any more, so the request must not be sent.
        """
        key = None if claim is None else claim.key
        with self._state.transaction() as file:
            if tag in self._left:
                return
            if claim is not None:
                held = file.execute("UPDATE claims SET noted_at = ? WHERE claim = ?", (now, claim.id)).rowcount
                if not held:
                    raise ClaimLost(claim.key)
            file.execute(
                "INSERT INTO submissions (tag, key, service, instance, program_id, backend, began, outcome) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (tag) DO UPDATE SET outcome = excluded.outcome, began = excluded.began",
                (tag, key, *self._scope, request.program_id, request.backend, time.time(), SENDING),
            )
            file.execute("INSERT OR REPLACE INTO senders VALUES (?, ?, ?)", (tag, str(Process.current()), now))

    def finish(self, tag: str, *, outcome: str, job_id: str | None = None) -> None:
        """Record the outcome of the submission with `tag`."""
        with self._state.transaction() as file:
            file.execute("UPDATE submissions SET outcome = ?, job_id = ? WHERE tag = ?", (outcome, job_id, tag))
            file.execute("DELETE FROM senders WHERE tag = ?", (tag,))

    def leave(self, tag: str) -> None:
        """Record that the submission with `tag` is not sent any more; its outcome is unknown."""
        self._left.add(tag)
        with self._state.transaction(optional=True) as file:
            file.execute("DELETE FROM senders WHERE tag = ?", (tag,))

    def unfinished(self) -> list[Entry]:
        """The submissions whose outcome is unknown, the oldest first."""
        with self._state.transaction() as file:
            return self._entries(file, "outcome = ?", SENDING)

    def claim(self, key: str, *, claim_id: str, now: float) -> Claim | Entry | None:
        """Claim `key`, or the entry of its job if there is one; None: another claim holds.

        `claim_id`: names the claim. `now`: monotonic seconds.
        """
        with self._state.transaction() as file:
            entries = self._entries(file, "key = ? AND outcome IN (?, ?)", key, SENDING, RECORDED)
            entry = entries[-1] if entries else None
            if entry is not None and entry.job_id is not None:
                return entry
            held = file.execute("SELECT * FROM claims WHERE key = ?", (self._claimed(key),)).fetchone()
            if held is not None and _holds(Process.parse(held["owner"]), now - held["noted_at"]):
                return None
            claim = Claim(claim_id, key, entry)
            if claim_id in self._left:
                return claim
            row = (self._claimed(key), claim.id, str(Process.current()), now)
            file.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)", row)
            return claim

    def release(self, claim_id: str) -> None:
        """End the claim, also one that another thread is about to write."""
        self._left.add(claim_id)
        with self._state.transaction() as file:
            file.execute("DELETE FROM claims WHERE claim = ?", (claim_id,))

    def _claimed(self, key: str) -> str:
        return "\n".join((*self._scope, key))

    def _entries(self, file: sqlite3.Connection, condition: str, *values: Any) -> list[Entry]:
        rows = file.execute(
            "SELECT tag, key, outcome, job_id, program_id, backend, began, sender, noted_at FROM submissions "  # noqa: S608
            f"LEFT JOIN senders USING (tag) WHERE service = ? AND instance = ? AND {condition} ORDER BY began",
            (*self._scope, *values),
        ).fetchall()
        return [Entry(**{**dict(row), "sender": row["sender"] and Process.parse(row["sender"])}) for row in rows]


def _holds(owner: Process, age: float) -> bool:
    """Whether a claim of `owner`, `age` seconds old, holds."""
    alive = owner.is_alive
    return 0 <= age < LEASE_SECONDS if alive is None else alive
