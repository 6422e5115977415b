"""What the classic API kept and v1 does not, in one SQLite file: programs, and in which form jobs were asked for."""

from __future__ import annotations

from pathlib import Path

from ..config.state_file import State, default_state_path

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
    name TEXT,
    session_id TEXT,
    classic_session_id TEXT,
    created REAL
);
CREATE INDEX IF NOT EXISTS jobs_by_session ON jobs (session_id);
CREATE INDEX IF NOT EXISTS jobs_by_classic_session ON jobs (classic_session_id);
CREATE TABLE IF NOT EXISTS local_jobs (
    job_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    program_id TEXT NOT NULL,
    backend TEXT NOT NULL,
    name TEXT,
    params TEXT NOT NULL,
    created REAL NOT NULL
);
"""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: None for the user's own file, beside that of `State`. Nothing is opened yet."""
        super().__init__(path or default_state_path().with_name(FILE_NAME))
