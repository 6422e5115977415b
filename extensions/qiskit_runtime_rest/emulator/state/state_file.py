"""Which files may be state files: decided before SQLite opens them, because it would change those of others."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

__all__ = ["FORMAT", "MARK", "UnusableState", "damaged", "format_of"]

FORMAT = 2
"""The format that this version writes. Format 1 had no mark."""
MARK = 0x51525245
"""SQLite's application id of all state files since format 2."""

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
# Where SQLite's header has them, as 4 bytes each.
_VERSION_AT, _MARK_AT = 60, 68
_TABLES = {"records", "texts"}


class UnusableState(ValueError):
    """This path cannot be used as a state file."""


def damaged(path: Path, error: Exception) -> UnusableState:
    """The error for a state file that cannot be read."""
    return UnusableState(
        f"The state file {path} is damaged ({type(error).__name__}: {error}). Put a copy of it back, or move it and "
        f"{path.name}-wal away to start with an empty state, or name another file."
    )


def format_of(path: Path) -> int:
    """The format of a state file, 0 for a file that is empty or does not exist; changes nothing.

    Raises:
        UnusableState: it is a file of another program, or of a newer version of this one.
    """
    try:
        if path.exists() and not path.is_file():
            raise UnusableState(f"{path} cannot be the state file: it is not a regular file. Name another file.")
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError:
        return 0  # SQLite says what is wrong with it.
    if not header:
        return 0
    if not header.startswith(_MAGIC):
        raise _foreign(path)
    if _number(header, _MARK_AT) != MARK:
        return _unmarked_format(path)
    found = _number(header, _VERSION_AT)
    if found > FORMAT:
        raise UnusableState(
            f"{path} was written by a newer version of the emulated service (format {found}, this one knows "
            f"{FORMAT}). Use that version, or name another file."
        )
    return found


def _number(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4])


def _unmarked_format(path: Path) -> int:
    """The format of a database without the mark: one of format 1, which is known by its tables.

    A part of it may be in the log that a killed server left beside it, so this looks at a copy.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copy(path, folder))
            log = path.with_name(f"{path.name}-wal")
            if log.exists():
                shutil.copy(log, folder)
            with closing(sqlite3.connect(f"file:{quote(str(copy))}", uri=True)) as database:
                (version,) = database.execute("PRAGMA user_version").fetchone()
                tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from None
    if version not in {0, 1} or tables - _TABLES or (version == 0 and tables and tables != _TABLES):
        raise _foreign(path)
    return int(bool(tables))


def _foreign(path: Path) -> UnusableState:
    return UnusableState(
        f"{path} is not a state file of the emulated service, but a file of another program. It was not changed. "
        "Name another file."
    )
