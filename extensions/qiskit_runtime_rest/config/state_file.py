"""The user's state file: unfinished submissions, their rate limit, cached tokens, and the ends of API versions.

It is an SQLite file, so any number of threads and processes can share it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.database_format import DatabaseFormat, UnusableState
from ..base.files import make_private_file, make_private_folder
from ..base.forks import no_fork
from ..errors import ConfigurationError
from ..plans.deadline import time_left

if TYPE_CHECKING:
    import sqlite3

__all__ = ["State", "StateBroken", "StateBusy", "default_state_path"]

FILE_NAME = "state.sqlite"
LOCK_SECONDS = 30.0
"""Wait at most this long for the transaction of another process, which usually takes milliseconds."""

OPTIONAL_SECONDS = 1.0
"""Wait at most this long for a file that can be done without."""

DONE_WITHOUT_SECONDS = 30.0
"""Such a file is not tried again within this time after it was locked."""

TRY_SECONDS = 0.05
"""Longest time of one try for a locked file. Between two, other threads of this process may use it, or fork."""

PAUSE_SECONDS = 0.005

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
CREATE TABLE IF NOT EXISTS senders (tag TEXT PRIMARY KEY, sender TEXT NOT NULL, noted_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, claim TEXT NOT NULL, owner TEXT NOT NULL, noted_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS pace (user TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS api_versions (
    service TEXT NOT NULL, version TEXT NOT NULL, sunset TEXT, PRIMARY KEY (service, version)
);
CREATE TABLE IF NOT EXISTS tokens (owner TEXT PRIMARY KEY, token TEXT NOT NULL, refresh_at REAL NOT NULL);
"""

FORMAT = DatabaseFormat("this client", 0x51525243, 2, TABLES)


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


class StateBusy(StateBroken):
    """Another program kept the state file locked."""


class State:
    """The state file. Each transaction opens it, so there is nothing to close and nothing to share across a fork."""

    format = FORMAT

    def __init__(self, path: Path | None = None) -> None:
        """Open nothing yet. `path`: None for the file in the user's state directory."""
        self.path = path or default_state_path()
        self._busy_until = 0.0

    @contextlib.contextmanager
    def transaction(self, *, optional: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction that excludes other writers; durable at its end, rolled back by an exception.

        It waits for other programs until the deadline of the call. `optional`: the caller can do without the file, so
        it waits for a moment only.

        Raises:
            ConfigurationError: the file cannot be opened; the message has the cause.
            StateBusy: it is locked.
            StateBroken: it cannot be read or written.
        """
        import sqlite3

        if optional and time.monotonic() < self._busy_until:
            raise self._busy(0.0)
        limit = time_left(OPTIONAL_SECONDS if optional else LOCK_SECONDS) or 0.0
        ends = time.monotonic() + limit
        while True:
            left = max(0.0, ends - time.monotonic())
            connection: sqlite3.Connection | None = None
            has_begun = False
            # No context managers: Ctrl-C could come in the middle of one, and leave the file, or forks, locked.
            try:
                # In a child that is forked during a transaction, SQLite would keep the file locked for ever.
                if no_fork.acquire(timeout=left):
                    self.format.find(self.path)
                    connection = self._connect(min(left, TRY_SECONDS))
                    if _has_begun(connection):
                        connection.execute(f"PRAGMA busy_timeout = {int(1000 * left)}")
                        self.format.migrate(connection, self.path)
                        has_begun = True
                        yield connection
                        connection.commit()
                        return
            except UnusableState as error:
                raise ConfigurationError(str(error)) from None
            except (OSError, sqlite3.Error, UnicodeDecodeError) as error:  # the last: a damaged name in a message
                if not has_begun:
                    raise self._unusable(error) from error
                if isinstance(error, sqlite3.Error):
                    raise self._broken(error) from error
                raise
            finally:
                try:
                    if connection is not None:
                        connection.close()
                finally:
                    try:  # noqa: SIM105 - see `Lock`
                        no_fork.release()
                    except RuntimeError:
                        pass  # it was not acquired
            if time.monotonic() >= ends:
                self._busy_until = time.monotonic() + DONE_WITHOUT_SECONDS
                raise self._busy(limit)
            time.sleep(PAUSE_SECONDS)

    def _connect(self, seconds: float) -> sqlite3.Connection:
        import sqlite3

        make_private_folder(self.path.parent)
        make_private_file(self.path)
        return sqlite3.connect(self.path, timeout=seconds, isolation_level=None)

    def _unusable(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"cannot use the state file {self.path} ({error}): make its folder writable, or choose a file on a local "
            "disk. Network disks often cannot lock files."
        )

    def _broken(self, error: Exception) -> StateBroken:
        return StateBroken(
            f"the state file {self.path} cannot be read or written ({error}): make the file and its folder writable, "
            "free some space on its disk, or choose another file."
        )

    def _busy(self, seconds: float) -> StateBusy:
        return StateBusy(
            f"the state file {self.path} is locked: another program did not end its transaction within "
            f"{seconds:.1f} s. End that program, or choose another file, on a local disk. Network disks often cannot "
            "lock files."
        )


def _has_begun(connection: sqlite3.Connection) -> bool:
    """Begin a transaction; False: another program has the file."""
    import sqlite3

    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        # This comes first, because only this statement waits for other processes.
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True
