"""A service made of the contract alone: it gives documented responses, and checks the requests."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from qiskit_runtime_rest import AsyncRuntimeClient, PollInterval, RetryPolicy, RuntimeClient, SubmissionPolicy

from ...fixtures.faces import Face
from .operations import Operation, operations
from .samples import EVERYTHING, Sample, Samples
from .sent import Sent, route

BASE_URL = "https://service.test/api"
OPTIONS: dict[str, Any] = {
    "token": "not-a-real-token",
    "instance": "crn:v1:bluemix:public:quantum-computing:us-east:a/0b7d9a526f0e4c5e9d5b0f6f5d2a7c11:one::",
    "base_url": BASE_URL,
    "verify": False,
    "submissions_per_minute": None,
    "retries": RetryPolicy(attempts=1),
    "poll_interval": PollInterval(shortest=2.0),
    "submission": SubmissionPolicy(settle=0.5),
}


class Instant:
    """A clock whose sleeps take no time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1.7e9 + self.now

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


class Service:
    """One API version of the service; `answers` has the responses that replace the usual ones, by operation id."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.operations = operations(version)
        self.answers: dict[str, Callable[[Sent], httpx.Response]] = {}
        self.sent: list[Sent] = []
        self._usual: dict[str, httpx.Response] = {}
        self._routes = [(operation, route(operation.path)) for operation in self.operations.values()]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        operation = self._operation(request)
        sent = Sent.read(request, operation)
        self.sent.append(sent)
        return self.answers.get(operation.id, self.usual)(sent)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The same, awaited."""
        return self(request)

    def usual(self, sent: Sent) -> httpx.Response:
        """The documented success, with every property."""
        status, said = min(sent.operation.answers.items(), key=lambda answer: answer[0])
        return answer(sent.operation, status, None if said is None else Samples(sent.operation.schemas).whole(said[1]))

    def taken(self) -> list[Sent]:
        """The requests since the last call; each must keep the contract."""
        taken, self.sent = self.sent, []
        assert taken, "nothing was sent"
        wrong = {f"{sent.request.method} {sent.request.url}": sent.problems for sent in taken if sent.problems}
        assert not wrong, wrong
        return taken

    def _operation(self, request: httpx.Request) -> Operation:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        root = httpx.URL(BASE_URL).path
        assert str(request.url).startswith(f"{BASE_URL}/"), request.url
        found = [
            operation
            for operation, pattern in self._routes
            if pattern.fullmatch(path.removeprefix(root)) and operation.method == request.method.lower()
        ]
        assert len(found) == 1, f"{request.method} {path} is not an operation of the contract"
        return found[0]


def answer(operation: Operation, status: int, value: Any = None) -> httpx.Response:
    """A response of an operation, in its media type."""
    said = operation.answers[status]
    if said is None:
        return httpx.Response(status)
    # The contract describes results as text.
    content = value if isinstance(value, str) else json.dumps(value)
    return httpx.Response(status, content=content.encode(), headers={"Content-Type": said[0]})


class Consumer:
    """A service of one version, with clients of both kinds."""

    def __init__(self, version: str, runner: asyncio.Runner, home: Path) -> None:
        self.service = Service(version)
        options = {**OPTIONS, "api_version": version, "clock": Instant(), "state_path": home / "state"}
        self.faces = self._faces(runner, **options)
        self.with_journal = dict(zip(self.faces, self._faces(runner, **options, journal=True), strict=True))
        self._alternating = itertools.cycle(self.faces)

    def _faces(self, runner: asyncio.Runner, **options: Any) -> tuple[Face, Face]:
        sync, tasks = RuntimeClient(**options), AsyncRuntimeClient(**options)
        sync.api.set_httpx_client(sync.api.connection.open(transport=httpx.MockTransport(self.service)))
        transport = httpx.MockTransport(self.service.answer)
        tasks.api.set_async_httpx_client(tasks.api.connection.open_async(transport=transport))
        return Face(sync, runner), Face(tasks, runner)

    def faces_for(self, sample: Sample) -> Sequence[Face]:
        """Both faces for the whole value of a schema; one, alternating, for each other sample."""
        return self.faces if sample.what == EVERYTHING else [next(self._alternating)]

    def outcomes(
        self, act: Callable[[Face], Any], faces: Sequence[Face] | None = None
    ) -> Iterator[tuple[Face, Any, list[Sent]]]:
        """The outcome of `act` with each of the `faces` (by default both), and the requests for it."""
        for face in faces or self.faces:
            self.service.sent.clear()
            outcome = act(face)
            yield face, outcome, self.service.taken()

    def close(self) -> None:
        """Close the clients."""
        for face in (*self.faces, *self.with_journal.values()):
            face.close()
