"""Jobs of the ready-made programs `hello-world` and `runtime-simple`. They run here, because v1 has no such program."""

from __future__ import annotations

import cmath
import json
import math
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..messages import JOB_NOT_FOUND, ClassicError, ClassicResponse
from ..store import Store
from ..table import Route
from .catalogue import ready_made

__all__ = ["LOCAL_PROGRAMS", "RESULT", "LocalJobs", "interim_results"]

RESULT = "All done!"
"""The final result."""

QUBITS = 5
DEPTH = 4
SHOTS = 1024

State: TypeAlias = list[complex]
Matrix: TypeAlias = tuple[tuple[complex, complex], tuple[complex, complex]]

HADAMARD: Matrix = ((math.sqrt(0.5), math.sqrt(0.5)), (math.sqrt(0.5), -math.sqrt(0.5)))
LOCAL_PROGRAMS = ("hello-world", "runtime-simple")
PREFIX = "local-"
NO_CONTENT = ClassicResponse(status=204)


def interim_results(params: Mapping[str, Any], *, seed: int | str = 0) -> Iterator[dict[str, Any]]:
    """One result for each iteration: its number from 0, and the counts by bitstring, with qubit 0 on the right.

    Args:
        params: `iterations`, and `seed`, which replaces the argument. They have passed their schema.
        seed: the same seed gives the same results.
    """
    default = ready_made()["runtime-simple"].parameters["properties"]["iterations"]["default"]
    chance = random.Random(params.get("seed", seed))
    for iteration in range(int(params.get("iterations", default))):
        yield {"iteration": iteration, "counts": _measured(_random_circuit(chance), chance)}


def _random_circuit(chance: random.Random) -> State:
    """The state after layers of random rotations and of controlled X on random pairs."""
    state: State = [1.0 + 0j, *[0j] * (2**QUBITS - 1)]
    for _ in range(DEPTH):
        for qubit in range(QUBITS):
            state = _turned(state, qubit, chance.choice((HADAMARD, _rotation(chance.uniform(0, 2 * math.pi)))))
        control, target = chance.sample(range(QUBITS), 2)
        state = [state[index ^ (1 << target) if index >> control & 1 else index] for index in range(len(state))]
    return state


def _rotation(angle: float) -> Matrix:
    """A rotation about the x axis, up to a phase."""
    phase = cmath.exp(1j * angle)
    return (((1 + phase) / 2, (1 - phase) / 2), ((1 - phase) / 2, (1 + phase) / 2))


def _turned(state: State, qubit: int, matrix: Matrix) -> State:
    mask = 1 << qubit
    rows = [matrix[index >> qubit & 1] for index in range(len(state))]
    return [row[0] * state[index & ~mask] + row[1] * state[index | mask] for index, row in enumerate(rows)]


def _measured(state: State, chance: random.Random) -> dict[str, int]:
    weights = [abs(amplitude) ** 2 for amplitude in state]
    counts = Counter(chance.choices(range(len(state)), weights, k=SHOTS))
    return {f"{index:0{QUBITS}b}": counts[index] for index in sorted(counts)}


@dataclass(frozen=True, kw_only=True)
class LocalJob:
    """A job that ended at once. `created`: seconds since the epoch; `name`: hub/group/project, if given."""

    job_id: str
    owner: str
    program_id: str
    backend: str
    name: str | None
    params: dict[str, Any]
    created: float

    def interim_results(self) -> Iterator[Any]:
        """The interim results."""
        return interim_results(self.params, seed=self.job_id)

    def messages(self) -> Iterator[str]:
        """The messages on a WebSocket."""
        yield from map(json.dumps, self.interim_results())
        yield RESULT

    def respond(self, route: Route) -> ClassicResponse:
        """Respond to a request about the job.

        Raises:
            ClassicError: 409: the job has ended and cannot be cancelled.
        """
        match (route.method, route.path):
            case ("GET", "/jobs/{id}"):
                return ClassicResponse.of_json(self._shown())
            case ("GET", "/jobs/{id}/results"):
                return ClassicResponse.of_text(RESULT)
            case ("GET", "/jobs/{id}/interim_results"):
                return ClassicResponse.of_text("".join(json.dumps(one) + "\n" for one in self.interim_results()))
            case ("GET", "/jobs/{id}/logs"):
                return ClassicResponse.of_text("")
            case ("GET", "/jobs/{id}/metrics"):
                return ClassicResponse.of_json({"usage": {"seconds": 0}})
            case ("POST", "/jobs/{id}/cancel"):
                raise ClassicError(JOB_NOT_FOUND, "The job has ended.", status=409, solution="Read its results.")
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
    """All local jobs, in the store. Only its owner sees a job."""

    def __init__(self, store: Store) -> None:
        """`store`: the file with the jobs."""
        self._store = store

    def add(self, program_id: str, *, owner: str, backend: str, name: str | None, params: dict[str, Any]) -> str:
        """Run `program_id`; return the id of the new job."""
        job_id = PREFIX + secrets.token_hex(10)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO local_jobs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (job_id, owner, program_id, backend, name, json.dumps(params), time.time()),
            )
        return job_id

    @staticmethod
    def has(job_id: str) -> bool:
        """Whether the id was made here, not by the service."""
        return job_id.startswith(PREFIX)

    def get(self, job_id: str, *, owner: str) -> LocalJob:
        """The job.

        Raises:
            ClassicError: 404: there is no such job of this owner.
        """
        with self._store.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM local_jobs WHERE job_id = ? AND owner = ?", (job_id, owner)
            ).fetchone()
        if row is None:
            raise ClassicError(JOB_NOT_FOUND)
        return LocalJob(**{**dict(row), "params": json.loads(row["params"])})

    def respond(self, job: LocalJob, route: Route) -> ClassicResponse:
        """Respond to a request about `job`. Raises: ClassicError, see `LocalJob.respond`."""
        if route.method == "DELETE":
            with self._store.transaction() as connection:
                connection.execute("DELETE FROM local_jobs WHERE job_id = ?", (job.job_id,))
        return job.respond(route)
