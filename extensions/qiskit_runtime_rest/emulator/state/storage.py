"""Where the service's state is kept: in memory, or in a file that outlives the process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol

from ...base.files import make_private_file

__all__ = ["MemoryStorage", "SqliteStorage", "StateInUse", "Storage", "UnusableState"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE TABLE IF NOT EXISTS texts (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    text BLOB NOT NULL,
    PRIMARY KEY (key, kind)
) WITHOUT ROWID;
"""
_FORMAT = 1


class StateInUse(OSError):
    """Another server uses this state file."""


class UnusableState(ValueError):
    """This path cannot be used as a state file."""


class Storage(Protocol):
    """Records (small JSON objects, in tables, by key) and texts (params, results, logs: by key and kind).

    The service holds all records in memory and writes each change to the storage. Texts are read on demand.
    """

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Write a record; replaces one of the same key."""

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records of a table, oldest first."""

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Write a text; replaces one of the same key and kind."""

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` if there is none."""

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove the texts of a key: those of these kinds, or all."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make all writes inside happen together; once it ends without an error, they outlive the process."""

    def clear(self) -> None:
        """Remove everything."""

    def close(self) -> None:
        """Release all resources; the storage cannot be used afterwards."""


class MemoryStorage:
    """Keeps texts as long as the process runs. Records need no keeping: the service itself holds them."""

    def __init__(self) -> None:
        """Start empty."""
        self._texts: dict[str, dict[str, str]] = {}

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Do nothing: the service holds its records."""

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """No records: there was no earlier run."""
        del table
        return iter(())

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Keep a text."""
        self._texts.setdefault(key, {})[kind] = text

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` if there is none."""
        return self._texts.get(key, {}).get(kind)

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove the texts of a key: those of these kinds, or all."""
        for kind in kinds or tuple(self._texts.get(key, {})):
            self._texts.get(key, {}).pop(kind, None)
        if not self._texts.get(key):
            self._texts.pop(key, None)

    def transaction(self) -> AbstractContextManager[None]:
        """Do nothing: writes in memory cannot be interrupted."""
        return nullcontext()

    def clear(self) -> None:
        """Remove everything."""
        self._texts.clear()

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


class SqliteStorage:
    """SQLite in WAL mode: a write that has returned survives the end of the process at any moment.

    It does not always survive a crash of the machine: for that, each write would have to wait for the disk.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StateInUse: another server uses it.
            UnusableState: it cannot be opened, or it is not a state file.
        """
        self._open = False
        # It holds the signing key of tokens. SQLite says what is wrong with a path that cannot be used.
        with suppress(OSError):
            make_private_file(path)
        try:
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
            try:
                self._prepare(path)
            except BaseException:
                self._database.close()
                raise
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StateInUse(
                    f"Another emulated service uses {path}. Stop it first, or choose another state file."
                ) from None
            raise UnusableState(
                f"{path} cannot be the state file: {error}. Name a file in a folder that exists and can be written to."
            ) from None
        except sqlite3.DatabaseError as error:
            raise UnusableState(
                f"{path} is not a state file of the emulated service: {error}. Name another file."
            ) from None

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Write a record; replaces one of the same key."""
        self._database.execute(
            "INSERT INTO records (kind, key, record) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET record = excluded.record",
            (table, key, json.dumps(record)),
        )

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records of a table, oldest first."""
        rows = self._database.execute("SELECT key, record FROM records WHERE kind = ? ORDER BY number", (table,))
        for key, record in rows.fetchall():
            yield key, json.loads(record)

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Write a text; replaces one of the same key and kind."""
        self._database.execute(
            "INSERT OR REPLACE INTO texts (key, kind, text) VALUES (?, ?, ?)",
            (key, kind, text.encode("utf-8", "surrogatepass")),
        )

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` if there is none."""
        row = self._database.execute("SELECT text FROM texts WHERE key = ? AND kind = ?", (key, kind)).fetchone()
        return None if row is None else bytes(row[0]).decode("utf-8", "surrogatepass")

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove the texts of a key: those of these kinds, or all."""
        if not kinds:
            self._database.execute("DELETE FROM texts WHERE key = ?", (key,))
        for kind in kinds:
            self._database.execute("DELETE FROM texts WHERE key = ? AND kind = ?", (key, kind))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all writes inside happen together, or not at all. Transactions may be nested."""
        if self._open:
            yield
            return
        self._database.execute("BEGIN IMMEDIATE")
        self._open = True
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        else:
            self._database.execute("COMMIT")
        finally:
            self._open = False

    def clear(self) -> None:
        """Remove everything."""
        with self.transaction():
            self._database.execute("DELETE FROM records")
            self._database.execute("DELETE FROM texts")

    def close(self) -> None:
        """Close the file and release its lock."""
        self._database.close()

    def _prepare(self, path: Path) -> None:
        # The system drops this lock when the process ends, however it ends.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        # Do not wait for the disk at each commit: the system keeps what a killed process has written.
        self._database.execute("PRAGMA synchronous = NORMAL")
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if found not in {0, _FORMAT} or (found == 0 and tables):
            raise UnusableState(
                f"{path} is a database, but not a state file of this version of the service. Name another file."
            )
        self._database.execute("BEGIN EXCLUSIVE")
        for statement in _SCHEMA.split(";"):
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {_FORMAT}")
        self._database.execute("COMMIT")
