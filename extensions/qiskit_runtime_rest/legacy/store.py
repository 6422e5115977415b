"""What the classic API kept and v1 does not, in one SQLite file: programs, and how each job was submitted."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio.to_thread

from ..base.database_format import DatabaseFormat
from ..config.state_file import State, default_state_path

__all__ = ["Form", "KnownJob", "KnownJobs", "Store"]

FILE_NAME = "legacy.sqlite"
MOST_SEEN = 10_000

ABSENT_SECONDS = 10.0
"""How long an unknown job is not looked up again. Another gateway on the same store may add it meanwhile."""

Form = str
"""The form of the job's results: a key of `primitives.results.FORMS`, or `as is`."""


TABLES = """
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
CREATE TABLE IF NOT EXISTS sessions (
    session_id TEXT PRIMARY KEY,
    name TEXT NOT NULL
);
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

FORMAT = DatabaseFormat("the classic API", 0x5152524C, 2, TABLES)


class Store(State):
    """A `State` with the tables of the classic API, in a separate file."""

    format = FORMAT

    def __init__(self, path: Path | None = None) -> None:
        """`path`: None for the default file beside that of `State`. Open nothing yet."""
        super().__init__(path or default_state_path().with_name(FILE_NAME))


@dataclass(frozen=True, kw_only=True)
class KnownJob:
    """A job that was submitted through the translation.

    Attributes:
        job_id: of v1.
        program_id: the program of the classic request.
        form: the form of the results.
        name: hub/group/project, if given.
        session_id: the v1 session it runs in.
        classic_session_id: the job's own id, if the job began the session; else None.
    """

    job_id: str
    program_id: str
    form: Form
    name: str | None = None
    session_id: str | None = None
    classic_session_id: str | None = None


class KnownJobs:
    """All known jobs, in the store."""

    def __init__(self, store: Store) -> None:
        """`store`: the file with the jobs."""
        self._store = store
        self._seen: OrderedDict[str, tuple[KnownJob | None, float]] = OrderedDict()

    def add(self, job: KnownJob) -> None:
        """Add `job`, or replace it."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO jobs"
                " (job_id, program_id, form, name, session_id, classic_session_id, created)"
                " VALUES (:job_id, :program_id, :form, :name, :session_id, :classic_session_id, :created)",
                {**asdict(job), "created": time.time()},
            )
        self._remember(job.job_id, job)

    async def find(self, job_id: str) -> KnownJob | None:
        """The job with this id; None if it was not submitted here. Results are cached."""
        job, until = self._seen.get(job_id, (None, 0.0))
        return job if until > time.monotonic() else await anyio.to_thread.run_sync(self.get, job_id)

    def get(self, job_id: str) -> KnownJob | None:
        """Like `find`, but blocking, and always read from the store."""
        job = self._one("SELECT * FROM jobs WHERE job_id = ?", job_id)
        self._remember(job_id, job)
        return job

    def _remember(self, job_id: str, job: KnownJob | None) -> None:
        self._seen[job_id] = (job, math.inf if job else time.monotonic() + ABSENT_SECONDS)
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)

    def several(self, job_ids: list[str]) -> dict[str, KnownJob]:
        """The known jobs among `job_ids`."""
        with self._store.transaction() as connection:
            marks = ",".join("?" * len(job_ids))
            rows = connection.execute(f"SELECT * FROM jobs WHERE job_id IN ({marks})", job_ids).fetchall()  # noqa: S608
        return {row["job_id"]: _job(row) for row in rows}

    def session(self, classic_id: str) -> str | None:
        """The v1 session for a classic session id, which is the id of its first job."""
        job = self._one("SELECT * FROM jobs WHERE classic_session_id = ?", classic_id)
        return job.session_id if job else None

    def classic_session(self, session_id: str) -> str | None:
        """The classic id of a v1 session that began here."""
        job = self._one(
            "SELECT * FROM jobs WHERE session_id = ? AND classic_session_id IS NOT NULL ORDER BY created", session_id
        )
        return job.classic_session_id if job else None

    def add_session(self, session_id: str, name: str | None) -> None:
        """Remember the hub/group/project of a v1 session, if it was given."""
        if name is not None:
            with self._store.transaction() as connection:
                connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", (session_id, name))

    def name_of_session(self, session_id: str) -> str | None:
        """The hub/group/project of a session, which may have its classic id; None if it is not known."""
        with self._store.transaction() as connection:
            row = connection.execute(
                "SELECT name FROM sessions WHERE session_id = ?"
                " UNION ALL SELECT name FROM jobs WHERE session_id = ? OR job_id = ?",
                (session_id,) * 3,
            ).fetchone()
        return row["name"] if row else None

    def _one(self, query: str, value: str) -> KnownJob | None:
        with self._store.transaction() as connection:
            row = connection.execute(query, (value,)).fetchone()
        return _job(row) if row else None


def _job(row: object) -> KnownJob:
    names = ("job_id", "program_id", "form", "name", "session_id", "classic_session_id")
    return KnownJob(**{name: row[name] for name in names})  # type: ignore[index]  # an sqlite3.Row
