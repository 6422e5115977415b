"""Jobs of the ready-made program that runs here, as v1 has nothing like it: they are over as soon as they begin."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .errors import JOB_NOT_FOUND, ClassicError
from .exchange import ClassicAnswer
from .programs import simple
from .store import Store
from .table import Route

__all__ = ["LOCAL_PROGRAMS", "LocalJob", "LocalJobs"]

LOCAL_PROGRAMS = ("runtime-simple",)
PREFIX = "local-"
NO_CONTENT = ClassicAnswer(status=204)


@dataclass(frozen=True, kw_only=True)
class LocalJob:
    """One of them. `created`: seconds since the epoch; `name`: hub/group/project, where given."""

    job_id: str
    owner: str
    program_id: str
    backend: str
    name: str | None
    params: dict[str, Any]
    created: float

    def interim_results(self) -> Iterator[Any]:
        """What it gave on the way."""
        return simple.interim_results(self.params, seed=self.job_id)

    def messages(self) -> Iterator[str]:
        """What a WebSocket gets to hear of it."""
        yield from map(json.dumps, self.interim_results())
        yield simple.RESULT

    def answer(self, route: Route) -> ClassicAnswer:
        """Answer a call about it.

        Raises:
            ClassicError: it cannot be cancelled, or has no such thing.
        """
        match (route.method, route.path):
            case ("GET", "/jobs/{id}"):
                return ClassicAnswer.of_json(self._shown())
            case ("GET", "/jobs/{id}/results"):
                return ClassicAnswer.of_text(simple.RESULT)
            case ("GET", "/jobs/{id}/interim_results"):
                return ClassicAnswer.of_text("".join(json.dumps(one) + "\n" for one in self.interim_results()))
            case ("GET", "/jobs/{id}/logs"):
                return ClassicAnswer.of_text("")
            case ("GET", "/jobs/{id}/metrics"):
                return ClassicAnswer.of_json({"usage": {"seconds": 0}})
            case ("POST", "/jobs/{id}/cancel"):
                raise ClassicError(JOB_NOT_FOUND, "It is over.", status=409, solution="Read its results.")
            case _:
                return NO_CONTENT

    def _shown(self) -> dict[str, Any]:
        hub, group, project = (self.name or "").split("/") if (self.name or "").count("/") == 2 else (None,) * 3
        return {
            "id": self.job_id,
            "backend": self.backend,
            "hub": hub,
            "group": group,
            "project": project,
            "program": {"id": self.program_id},
            "status": "Completed",
            "state": {"status": "Completed", "reason": "", "reasonCode": None},
            "created": datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tags": [],
        }


class LocalJobs:
    """All of them, in the store; each is its owner's alone."""

    def __init__(self, store: Store) -> None:
        """`store`: the file they are kept in."""
        self._store = store

    def add(self, program_id: str, *, owner: str, backend: str, name: str | None, params: dict[str, Any]) -> str:
        """Run `program_id`; the new job's id."""
        job_id = PREFIX + secrets.token_hex(10)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO local_jobs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (job_id, owner, program_id, backend, name, json.dumps(params), time.time()),
            )
        return job_id

    @staticmethod
    def has(job_id: str) -> bool:
        """Whether the id is one that is given here, not by the service."""
        return job_id.startswith(PREFIX)

    def get(self, job_id: str, *, owner: str) -> LocalJob:
        """The job.

        Raises:
            ClassicError: there is none, or it is somebody else's.
        """
        with self._store.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM local_jobs WHERE job_id = ? AND owner = ?", (job_id, owner)
            ).fetchone()
        if row is None:
            raise ClassicError(JOB_NOT_FOUND)
        return LocalJob(**{**dict(row), "params": json.loads(row["params"])})

    def answer(self, job: LocalJob, route: Route) -> ClassicAnswer:
        """Answer a call about `job`. Raises: ClassicError, see `LocalJob.answer`."""
        if route.method == "DELETE":
            with self._store.transaction() as connection:
                connection.execute("DELETE FROM local_jobs WHERE job_id = ?", (job.job_id,))
        return job.answer(route)
