"""What the classic API kept and v1 does not, in one SQLite file of the user's: programs, and what jobs were asked with."""

from __future__ import annotations

from pathlib import Path

from ..state import State, default_state_path

__all__ = ["Store"]

FILE_NAME = "legacy.sqlite"


class Store(State):
    """A `State` with tables of its own, in a file of its own."""

    tables = """
CREATE TABLE IF NOT EXISTS programs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    is_public INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    data TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS jobs (
    job_id TEXT PRIMARY KEY,
    program_id TEXT,
    form TEXT,
    hub TEXT,
    grp TEXT,
    project TEXT,
    session_id TEXT,
    classic_session_id TEXT,
    created REAL
);
"""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: None for the user's own file, beside that of `State`. Nothing is opened yet."""
        super().__init__(path or default_state_path().with_name(FILE_NAME))
