"""What the classic API kept and v1 does not, in one SQLite file: programs, and how each job was submitted."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio.to_thread

from ..config.state_file import State, default_state_path

__all__ = ["Form", "KnownJob", "KnownJobs", "Store"]

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


MOST_SEEN = 10_000
ABSENT_SECONDS = 10.0
"""How long a job that is not here is not looked for again; another gateway on the same store may just be adding it."""

Form = str
"""How the job was asked for, and so how it is answered: a key of `transformations.results.FORMS`, or `as is`."""


@dataclass(frozen=True, kw_only=True)
class KnownJob:
    """A job that came through the translation.

    Attributes:
        job_id: of v1.
        program_id: as it was asked for.
        form: how results are answered.
        name: hub/group/project, where given.
        session_id: the v1 session it runs in.
        classic_session_id: the id of that session's first job, where the job began one.
    """

    job_id: str
    program_id: str
    form: Form
    name: str | None = None
    session_id: str | None = None
    classic_session_id: str | None = None


class KnownJobs:
    """All of them, in the store."""

    def __init__(self, store: Store) -> None:
        """`store`: the file they are kept in."""
        self._store = store
        self._seen: OrderedDict[str, tuple[KnownJob | None, float]] = OrderedDict()

    def add(self, job: KnownJob) -> None:
        """Keep `job`."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO jobs"
                " (job_id, program_id, form, name, session_id, classic_session_id, created)"
                " VALUES (:job_id, :program_id, :form, :name, :session_id, :classic_session_id, :created)",
                {**asdict(job), "created": time.time()},
            )
        self._remember(job.job_id, job)

    async def find(self, job_id: str) -> KnownJob | None:
        """The job with that id; None when it did not come through here."""
        job, until = self._seen.get(job_id, (None, 0.0))
        return job if until > time.monotonic() else await anyio.to_thread.run_sync(self.get, job_id)

    def get(self, job_id: str) -> KnownJob | None:
        """As `find`, blocking, and in the store whatever was found before."""
        job = self._one("SELECT * FROM jobs WHERE job_id = ?", job_id)
        self._remember(job_id, job)
        return job

    def _remember(self, job_id: str, job: KnownJob | None) -> None:
        self._seen[job_id] = (job, math.inf if job else time.monotonic() + ABSENT_SECONDS)
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)

    def several(self, job_ids: list[str]) -> dict[str, KnownJob]:
        """Those among `job_ids` that are known."""
        with self._store.transaction() as connection:
            marks = ",".join("?" * len(job_ids))
            rows = connection.execute(f"SELECT * FROM jobs WHERE job_id IN ({marks})", job_ids).fetchall()  # noqa: S608
        return {row["job_id"]: _job(row) for row in rows}

    def session(self, classic_id: str) -> str | None:
        """The v1 session of a classic one, whose id is that of its first job."""
        job = self._one("SELECT * FROM jobs WHERE classic_session_id = ?", classic_id)
        return job.session_id if job else None

    def classic_session(self, session_id: str) -> str | None:
        """The classic id of a v1 session that was begun here."""
        job = self._one(
            "SELECT * FROM jobs WHERE session_id = ? AND classic_session_id IS NOT NULL ORDER BY created", session_id
        )
        return job.classic_session_id if job else None

    def _one(self, query: str, value: str) -> KnownJob | None:
        with self._store.transaction() as connection:
            row = connection.execute(query, (value,)).fetchone()
        return _job(row) if row else None


def _job(row: object) -> KnownJob:
    names = ("job_id", "program_id", "form", "name", "session_id", "classic_session_id")
    return KnownJob(**{name: row[name] for name in names})  # type: ignore[index]  # an sqlite3.Row
