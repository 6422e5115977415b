"""Which SQLite files are ours, and of which format: decided before SQLite opens them, because it would change others.

A file has the mark of its program (SQLite's application id) and the number of its format (`PRAGMA user_version`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3

__all__ = ["DatabaseFormat", "UnusableState", "damaged"]

FIRST_MARKED = 2
"""Files of format 1 had no mark."""


class UnusableState(ValueError):
    """This path cannot be used as a state file."""


def damaged(path: Path, error: Exception) -> UnusableState:
    """The error for a state file that cannot be read."""
    return UnusableState(
        f"The state file {path} is damaged ({type(error).__name__}: {error}). Put a copy of it back, or move it and "
        f"{path.name}-wal away to start with an empty state, or name another file."
    )


class DatabaseFormat(NamedTuple):
    """The format of the state files of one program.

    Attributes:
        program: its name, for messages.
        mark: the application id of its files.
        number: the format that this version writes.
        tables: SQL that makes the tables of format 1, and may be repeated: files without a mark are known by them.
        migrations: SQL that turns a file of the format before this key into one of this format.
    """

    program: str
    mark: int
    number: int
    tables: str
    migrations: Mapping[int, str] = {}

    def find(self, path: Path) -> int:
        """The format of a file, 0 for one that is empty or does not exist. This changes nothing.

        Raises:
            UnusableState: it is a file of another program, damaged, or of a newer version of this one.
        """
        import sqlite3

        if path.exists() and not path.is_file():
            raise UnusableState(f"{path} cannot be the state file: it is not a regular file. Name another file.")
        try:
            if not path.stat().st_size:
                return 0
        except OSError:
            return 0  # SQLite says what is wrong with it.
        try:
            # Not with `open`: closing it would free the locks that SQLite has on it in this process.
            with closing(_untouched(path)) as database:
                if _pragma(database, "application_id") == self.mark:
                    return self._known(path, _pragma(database, "user_version"))
                if _pragma(database, "user_version") >= FIRST_MARKED:
                    raise self._foreign(path)
        except sqlite3.OperationalError:
            return 0  # as above
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise self._foreign(path) from None
            raise damaged(path, error) from None
        return self._find_by_tables(path)

    def migrate(self, database: sqlite3.Connection, path: Path) -> None:
        """Bring an open file up to date, inside the transaction that is open, unless it is already.

        Raises:
            UnusableState: it is of a newer version.
        """
        found = 0
        if _pragma(database, "application_id") == self.mark:
            found = self._known(path, _pragma(database, "user_version"))
        if found == self.number:
            return
        steps = [self.tables, *(sql for number, sql in sorted(self.migrations.items()) if number > found)]
        for statement in ";".join(steps).split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {self.mark}")
        database.execute(f"PRAGMA user_version = {self.number}")

    def _known(self, path: Path, number: int) -> int:
        if number > self.number:
            raise UnusableState(
                f"{path} was written by a newer version of {self.program} (format {number}, this one knows "
                f"{self.number}). Use that version, or name another file."
            )
        return number

    def _find_by_tables(self, path: Path) -> int:
        """The format of a database without the mark: 1 if all its tables are of format 1, 0 if it has none.

        A part of it may be in the log that a killed process left beside it, so this looks at a copy of both.
        """
        import sqlite3

        logs = [log for end in ("-wal", "-journal") if (log := path.with_name(path.name + end)).exists()]
        found: Mapping[str, set[str]] = {}
        try:
            with closing(_untouched(path)) as database:
                found = _columns(database)
        except sqlite3.DatabaseError as error:
            if not logs:
                raise damaged(path, error) from None
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript(self.tables)
            ours = _columns(database)
        if logs and found.items() <= ours.items():
            try:
                with tempfile.TemporaryDirectory() as folder:
                    for file in (path, *logs):
                        shutil.copy(file, folder)
                    with closing(sqlite3.connect(Path(folder) / path.name)) as database:
                        found = _columns(database)
            except sqlite3.DatabaseError as error:
                raise damaged(path, error) from None
        if not found.items() <= ours.items():
            raise self._foreign(path)
        return int(bool(found))

    def _foreign(self, path: Path) -> UnusableState:
        return UnusableState(
            f"{path} is not a state file of {self.program}, but a file of another program. It was not changed. "
            "Name another file."
        )


def _untouched(path: Path) -> sqlite3.Connection:
    """A connection that reads the file alone, without its log, and neither locks nor changes anything."""
    import sqlite3

    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _pragma(database: sqlite3.Connection, name: str) -> int:
    (value,) = database.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _columns(database: sqlite3.Connection) -> dict[str, set[str]]:
    """The names of the columns of each table; for anything else, such as a view, none."""
    columns: dict[str, set[str]] = {}
    for name, kind in database.execute("SELECT name, type FROM sqlite_master WHERE type != 'index'").fetchall():
        if not name.startswith("sqlite_"):
            rows = database.execute("SELECT name FROM pragma_table_info(?)", (name,)) if kind == "table" else ()
            columns[name] = {column for (column,) in rows}
    return columns
