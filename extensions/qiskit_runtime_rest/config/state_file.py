"""What outlives a process, in one SQLite file of the user's: submissions under way, their pace, cached
tokens, what the service said of its API versions.

SQLite does the locking: any number of threads and processes may share the file.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.forks import no_fork
from ..errors import ConfigurationError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["State", "StateBroken", "default_state_path"]

FILE_NAME = "state.sqlite"
PATIENCE_SECONDS = 30.0
"""How long a process waits for another one's transaction, which takes milliseconds."""

TABLES = """
CREATE TABLE IF NOT EXISTS submissions (
    tag TEXT PRIMARY KEY,
    key TEXT,
    service TEXT NOT NULL,
    instance TEXT NOT NULL,
    program_id TEXT NOT NULL,
    backend TEXT NOT NULL,
    began REAL NOT NULL,
    outcome TEXT NOT NULL,
    job_id TEXT
);
CREATE INDEX IF NOT EXISTS submissions_by_key ON submissions (instance, key);
CREATE TABLE IF NOT EXISTS pace (user TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS api_versions (
    service TEXT NOT NULL, version TEXT NOT NULL, sunset TEXT, PRIMARY KEY (service, version)
);
CREATE TABLE IF NOT EXISTS tokens (owner TEXT PRIMARY KEY, token TEXT NOT NULL, refresh_at REAL NOT NULL);
"""


def default_state_path() -> Path:
    """The file in the user's state directory: `$XDG_STATE_HOME`, or where the system keeps such things."""
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Application Support"
    else:
        root = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return root / "qiskit-runtime-rest" / FILE_NAME


class StateBroken(ConfigurationError):
    """The state file could be opened, and not read or written."""


class State:
    """The file, opened anew for each transaction: nothing to close, nothing to share across a fork."""

    tables = TABLES

    def __init__(self, path: Path | None = None) -> None:
        """`path`: None for the user's own file. Nothing is opened yet."""
        self.path = path or default_state_path()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other process writes during; durable when left, undone by an exception.

        Raises:
            ConfigurationError: the file cannot be used; the message says why.
            StateBroken: it cannot be used any more.
        """
        # SQLite would believe the parent's transaction to be the child's own, and the file locked for ever.
        with no_fork(), self._transaction() as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        import sqlite3

        try:
            connection = self._connect()
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"cannot use the state file {self.path} ({error}): make its folder writable, or name a file "
                "on a local disk; network disks often cannot lock files."
            ) from error
        with contextlib.closing(connection):
            try:
                yield connection
                connection.commit()
            except sqlite3.Error as error:
                raise StateBroken(
                    f"the state file {self.path} cannot be read or written ({error}): "
                    "make it and its folder writable, make room on its disk, or name another file."
                ) from error
            finally:
                with contextlib.suppress(sqlite3.Error):
                    connection.rollback()

    def _connect(self) -> sqlite3.Connection:
        """A connection with its transaction begun."""
        import sqlite3

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made by us, before SQLite would with the process's umask: only the owner may read it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = FULL")
            # First of all, since only this waits for other processes; a switch to write-ahead logging would not.
            connection.execute("BEGIN IMMEDIATE")
            for statement in self.tables.split(";"):
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection
