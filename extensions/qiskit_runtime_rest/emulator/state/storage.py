"""Where the service's state is kept: in memory, or in a file that outlives the process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ...base.database_format import DatabaseFormat, UnusableState, damaged
from ...base.files import make_private_file

__all__ = ["MemoryStorage", "NotStored", "Records", "SqliteStorage", "StateInUse", "Storage", "UnusableState"]

Value = TypeVar("Value")

_TABLES = """
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
_WITHOUT_RESULT_TAKEN = """
UPDATE records SET record = json_remove(record, '$.result_taken') WHERE kind = 'jobs' AND json_valid(record)
"""
FORMAT = DatabaseFormat("the emulated service", 0x51525245, 3, _TABLES, {3: _WITHOUT_RESULT_TAKEN})


class StateInUse(OSError):
    """Another server uses this state file."""


class NotStored(OSError):
    """The state file could not be read or written, so the change did not happen."""


class Storage:
    """Records (small JSON objects, in tables, by key) and texts (params, results, logs: by key and kind).

    The service holds all records in memory, see `Records`. Texts are read on demand. The methods here keep nothing.
    """

    def __init__(self) -> None:
        """Start without a transaction."""
        self._undo: dict[Callable[[], None], None] | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all changes inside together, or not at all. Transactions may be nested.

        Once it ends without an error, the changes outlive the process. If it fails, so do those in memory that
        `on_failure` knows of.
        """
        if self._undo is not None:
            yield
            return
        self._begin()
        self._undo = {}
        try:
            yield
            self._commit()
        except BaseException:
            self._rollback()
            for undo in reversed(self._undo):
                undo()
            raise
        finally:
            self._undo = None

    def on_failure(self, undo: Callable[[], None]) -> None:
        """Call `undo`, once, if the transaction that is open now fails; what was given first is called last."""
        if self._undo is not None:
            self._undo.setdefault(undo)

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Write a record; replaces one of the same key."""

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records of a table, oldest first."""
        del table
        return iter(())

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Write a text; replaces one of the same key and kind."""

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` if there is none."""

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove the texts of a key: those of these kinds, or all."""

    def clear(self) -> None:
        """Remove everything."""

    def damaged(self, error: Exception) -> Exception:
        """The error to raise if what was stored cannot be understood."""
        return error

    def close(self) -> None:
        """Release all resources; the storage cannot be used afterwards."""

    def _begin(self) -> None: ...

    def _commit(self) -> None: ...

    def _rollback(self) -> None: ...


class Records(dict[str, Value]):
    """The records of one table by key, oldest first: in the storage, and as values in memory."""

    def __init__(
        self,
        storage: Storage,
        table: str,
        *,
        read: Callable[[dict[str, Any]], Value],
        write: Callable[[Value], Mapping[str, Any]],
    ) -> None:
        """Load the records of an earlier run; `read` and `write` turn a record into a value and back.

        Raises:
            UnusableState: the storage is a file whose records cannot be read. It is closed.
        """
        super().__init__()
        self._storage, self._table, self._write = storage, table, write
        try:
            self.update((key, read(record)) for key, record in storage.records(table))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            storage.close()
            raise storage.damaged(error) from None

    def save(self, key: str, value: Value) -> None:
        """Write a value to the storage, then keep it in memory."""
        before = dict.get(self, key)
        self._storage.put(self._table, key, self._write(value))
        self._storage.on_failure(lambda: self._restore(key, before))
        self[key] = value

    def _restore(self, key: str, before: Value | None) -> None:
        if before is None:
            self.pop(key, None)
        else:
            self[key] = before


class MemoryStorage(Storage):
    """Keeps texts as long as the process runs. Records need no keeping: the service itself holds them."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._texts: dict[str, dict[str, str]] = {}

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

    def clear(self) -> None:
        """Remove everything."""
        self._texts.clear()


class SqliteStorage(Storage):
    """SQLite in WAL mode: a write that has returned survives the end of the process at any moment.

    It does not always survive a crash of the machine: for that, each write would have to wait for the disk.
    All methods raise `NotStored` if the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file, and bring a file of an older format up to date.

        Raises:
            StateInUse: another server uses it.
            UnusableState: it cannot be opened, it is damaged, or it is not a state file. It stays as it is.
        """
        super().__init__()
        self._path = path
        found = FORMAT.find(path)
        # It holds the signing key of tokens. SQLite says what is wrong with a path that cannot be used.
        with suppress(OSError):
            make_private_file(path)
        try:
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
            try:
                self._prepare(found)
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
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: damaged names in its own message
            raise damaged(path, error) from None

    def put(self, table: str, key: str, record: Mapping[str, Any]) -> None:
        """Write a record; replaces one of the same key."""
        self._execute(
            "INSERT INTO records (kind, key, record) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET record = excluded.record",
            (table, key, json.dumps(record)),
        )

    def records(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records of a table, oldest first; raises `UnusableState` for a damaged file."""
        try:
            rows = self._database.execute("SELECT key, record FROM records WHERE kind = ? ORDER BY number", (table,))
            for key, record in rows.fetchall():
                yield key, json.loads(record)
        except sqlite3.DatabaseError as error:
            raise self.damaged(error) from None

    def put_text(self, key: str, kind: str, text: str) -> None:
        """Write a text; replaces one of the same key and kind."""
        self._execute(
            "INSERT OR REPLACE INTO texts (key, kind, text) VALUES (?, ?, ?)",
            (key, kind, text.encode("utf-8", "surrogatepass")),
        )

    def text(self, key: str, kind: str) -> str | None:
        """Read a text; `None` if there is none."""
        row = self._execute("SELECT text FROM texts WHERE key = ? AND kind = ?", (key, kind)).fetchone()
        return None if row is None else bytes(row[0]).decode("utf-8", "surrogatepass")

    def delete_texts(self, key: str, *kinds: str) -> None:
        """Remove the texts of a key: those of these kinds, or all."""
        if not kinds:
            self._execute("DELETE FROM texts WHERE key = ?", (key,))
        for kind in kinds:
            self._execute("DELETE FROM texts WHERE key = ? AND kind = ?", (key, kind))

    def clear(self) -> None:
        """Remove everything."""
        with self.transaction():
            self._execute("DELETE FROM records")
            self._execute("DELETE FROM texts")

    def damaged(self, error: Exception) -> UnusableState:
        """The error to raise if what was stored cannot be understood."""
        return damaged(self._path, error)

    def close(self) -> None:
        """Close the file and release its lock."""
        self._database.close()

    def _begin(self) -> None:
        self._execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self._execute("COMMIT")

    def _rollback(self) -> None:
        # After some errors, SQLite has rolled back already.
        if self._database.in_transaction:
            self._execute("ROLLBACK")

    def _execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise NotStored(_cause(self._path, error)) from error

    def _prepare(self, found: int) -> None:
        # The system drops this lock when the process ends, however it ends.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        if found < FORMAT.number:
            # Into the file itself, not into a log beside it, which `FORMAT.find` does not read.
            self._database.execute("PRAGMA journal_mode = DELETE")
            self._database.execute("BEGIN EXCLUSIVE")
            FORMAT.migrate(self._database, self._path)
            self._database.execute("COMMIT")
        self._database.execute("PRAGMA journal_mode = WAL")
        # Do not wait for the disk at each commit: the system keeps what a killed process has written.
        self._database.execute("PRAGMA synchronous = NORMAL")


def _cause(path: Path, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return f"The disk with the state file {path} is full, so nothing was changed."
    if code == sqlite3.SQLITE_IOERR_WRITE:
        return f"The state file {path} cannot be written, so nothing was changed: the disk is full, or has an error."
    if isinstance(error, sqlite3.OperationalError):
        return f"The state file {path} cannot be used, so nothing was changed: {error}."
    return str(damaged(path, error))
