"""Jobs of the embedded service that end when a test says so, and the requests of a wait for them."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from qiskit_runtime_rest.emulator.recorder import RecordedRequest
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BACKEND

CHECKS = ("list_jobs", "get_job")


RESULT = json.dumps({"results": [{"data": {"c": {"samples": ["0x3"], "num_bits": 2}}, "metadata": {}}], "metadata": {}})


@pytest.fixture
def held_jobs(emulator: Emulator) -> None:
    """No job moves by itself: none is simulated."""
    emulator.pace = "hold"


def recorded(emulator: Emulator, number: int, **fields: Any) -> list[str]:
    """Ids of so many jobs that somebody submitted at this moment."""
    about = {"program_id": "sampler", "backend": BACKEND, "user_id": "somebody", "instance": emulator.instance}

    def record(parts: Any) -> list[str]:
        return [parts.service.jobs.create(params={}, **{**about, **fields}).id for _ in range(number)]

    return emulator._do(record)


def start(emulator: Emulator, job_ids: Iterable[str]) -> None:
    """Let jobs run."""

    def move(parts: Any) -> None:
        jobs = parts.service.jobs
        for job_id in job_ids:
            jobs.save(jobs.get(job_id).start(parts.service.clock.now()))

    emulator._do(move)


def complete(emulator: Emulator, job_ids: Iterable[str], *, result: str = RESULT) -> None:
    """End jobs with a result, without any simulation."""

    def move(parts: Any) -> None:
        jobs, moment = parts.service.jobs, parts.service.clock.now()
        for job_id in job_ids:
            jobs.end(jobs.get(job_id).start(moment).complete(moment), result=result)

    emulator._do(move)


def fail(emulator: Emulator, job_id: str) -> None:
    """End a job with an error."""

    def move(parts: Any) -> None:
        jobs, moment = parts.service.jobs, parts.service.clock.now()
        failed = jobs.get(job_id).start(moment).fail(moment, code=1517, reason="Not native.", solution="Transpile.")
        jobs.end(failed, logs="line")

    emulator._do(move)


def cancel(emulator: Emulator, job_id: str) -> None:
    """Cancel a job whatever its state."""

    def move(parts: Any) -> None:
        jobs = parts.service.jobs
        jobs.cancel(jobs.get(job_id))

    emulator._do(move)


def delete(emulator: Emulator, job_id: str) -> None:
    """Delete a job whatever its state."""

    def move(parts: Any) -> None:
        jobs = parts.service.jobs
        jobs.cancel(jobs.get(job_id))
        jobs.delete(jobs.get(job_id))

    emulator._do(move)


class Traffic:
    """What was asked during a wait, look by look: the clock stands still during one."""

    def __init__(self, emulator: Emulator, clock: Any, at: Mapping[float, Callable[[], Any]] | None = None) -> None:
        """`at`: what happens how many seconds after the wait began."""
        self._emulator = emulator
        self._events = sorted((at or {}).items())
        self._requests: list[RecordedRequest] = []
        clock.after_sleep = self._after_sleep
        emulator.clear_requests()

    def _after_sleep(self, elapsed: float) -> None:
        while self._events and elapsed >= self._events[0][0]:
            self._events.pop(0)[1]()
        self.drain()

    def drain(self) -> None:
        """Take over what was recorded: the service keeps only so many requests."""
        self._requests += self._emulator.requests
        self._emulator.clear_requests()

    def by_operation(self) -> dict[str | None, int]:
        """How often each operation was asked for, tokens aside."""
        self.drain()
        return dict(Counter(request.operation for request in self._requests if "/identity/" not in request.path))

    def per_check(self) -> list[int]:
        """Requests of each look, results aside."""
        self.drain()
        asked = [request for request in self._requests if request.operation in CHECKS]
        return [len(list(same)) for _, same in itertools.groupby(asked, key=lambda request: request.at)]

    def queries(self, **chosen: str) -> list[dict[str, list[str]]]:
        """The queries for lists of jobs that ask for this."""
        self.drain()
        queries = [parse_qs(request.query) for request in self._requests if request.operation == "list_jobs"]
        return [query for query in queries if all(query.get(name) == [value] for name, value in chosen.items())]


class ActingAuth(httpx.Auth):
    """A bearer token; and something that happens just before the Nth request."""

    def __init__(self, emulator: Emulator) -> None:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
        answer = httpx.post(f"{emulator.iam_url}/identity/token", data=form)
        self._token = answer.json()["access_token"]
        self._lock = threading.Lock()
        self.before: dict[int, Callable[[], Any]] = {}
        self.sent = self.open = self.most_open = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.before.get(self.sent, lambda: None)()
        with self._lock:
            self.sent += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
        with self._lock:
            self.open -= 1


@pytest.fixture
async def acting_auth(emulator: Emulator) -> ActingAuth:
    return await asyncio.to_thread(ActingAuth, emulator)
