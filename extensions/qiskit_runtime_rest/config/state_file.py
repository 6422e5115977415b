"""The user's state file: unfinished submissions, their rate limit, cached tokens, and the ends of API versions.

It is an SQLite file, so any number of threads and processes can share it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.files import make_private_file, make_private_folder
from ..base.forks import no_fork
from ..errors import ConfigurationError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["State", "StateBroken", "default_state_path"]

FILE_NAME = "state.sqlite"
LOCK_TIMEOUT_SECONDS = 30.0
"""Wait at most this long for the transaction of another process, which usually takes milliseconds."""

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
    """The file in the user's state directory: `$XDG_STATE_HOME`, or that of the operating system."""
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Application Support"
    else:
        root = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return root / "qiskit-runtime-rest" / FILE_NAME


class StateBroken(ConfigurationError):
    """The state file was opened, but cannot be read or written."""


class State:
    """The state file. Each transaction opens it, so there is nothing to close and nothing to share across a fork."""

    tables = TABLES

    def __init__(self, path: Path | None = None) -> None:
        """Open nothing yet. `path`: None for the file in the user's state directory."""
        self.path = path or default_state_path()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that excludes other writers; durable at its end, rolled back by an exception.

        Raises:
            ConfigurationError: the file cannot be opened; the message has the cause.
            StateBroken: the file cannot be read or written.
        """
        # In a child that is forked during a transaction, SQLite would keep the file locked for ever.
        with no_fork(), self._transaction() as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        import sqlite3

        try:
            connection = self._connect()
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"cannot use the state file {self.path} ({error}): make its folder writable, or choose a file on a "
                "local disk. Network disks often cannot lock files."
            ) from error
        with contextlib.closing(connection):
            try:
                yield connection
                connection.commit()
            except sqlite3.Error as error:
                raise StateBroken(
                    f"the state file {self.path} cannot be read or written ({error}): make the file and its folder "
                    "writable, free some space on its disk, or choose another file."
                ) from error
            finally:
                with contextlib.suppress(sqlite3.Error):
                    connection.rollback()

    def _connect(self) -> sqlite3.Connection:
        """A connection with a started transaction."""
        import sqlite3

        make_private_folder(self.path.parent)
        make_private_file(self.path)
        connection = sqlite3.connect(self.path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = FULL")
            # This comes first, because only this statement waits for other processes.
            connection.execute("BEGIN IMMEDIATE")
            for statement in self.tables.split(";"):
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection
