"""A call ends at its deadline, whatever the servers, other threads and other processes do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_api.http_library import httpcore
from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    ConfigurationError,
    InvalidInput,
    RetryPolicy,
    SubmissionUnknown,
    TransportError,
    WaitTimeout,
)
from qiskit_runtime_rest.client.logic import public
from qiskit_runtime_rest.config import state_file
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.http import retrying
from qiskit_runtime_rest.http.auth.token_cache import TokenCache
from qiskit_runtime_rest.plans.clock import SystemClock
from qiskit_runtime_rest.plans.deadline import Deadline, end_by
from qiskit_runtime_rest.plans.plan import run

from ..fixtures.clocks import FakeClock
from ..fixtures.dripping import DRIPS, Dripping
from ..fixtures.faces import Connect, Face
from ..fixtures.loopback import API_KEY, TOKEN_PATH, Answer, Asked, Loopback, token_body

TIMEOUT = 0.05
GENEROUS_SECONDS = 10.0
"""Broken deadlines are missed by a minute or more; a slow machine may take its time."""

ONES = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nx $0;\nc[0] = measure $0;\n'
ONCE = RetryPolicy(attempts=1)
LATE = (TransportError, WaitTimeout, SubmissionUnknown)

CALLS: dict[str, Callable[..., Any]] = {
    "wait": lambda client, timeout=TIMEOUT: client.jobs.handle("x").wait(timeout=timeout),
    "result": lambda client, timeout=TIMEOUT: client.jobs.handle("x").result(timeout=timeout),
    "wait_all": lambda client, timeout=TIMEOUT: client.jobs.wait_all(["x", "y", "z"], timeout=timeout),
    "as_completed": lambda client, timeout=TIMEOUT: client.jobs.as_completed(["x", "y", "z"], timeout=timeout),
    "get": lambda client, timeout=TIMEOUT: client.jobs.get("x", timeout=timeout),
    "list": lambda client, timeout=TIMEOUT: client.jobs.list(timeout=timeout),
    "backends": lambda client, timeout=TIMEOUT: client.backends.list(timeout=timeout),
    "usage": lambda client, timeout=TIMEOUT: client.usage(timeout=timeout),
    "sampler": lambda client, timeout=TIMEOUT: client.sampler([ONES], backend="b", timeout=timeout),
    "session": lambda client, timeout=TIMEOUT: client.sessions.create(backend="b", timeout=timeout),
}
FINE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


def fine(body: Any) -> bytes:
    content = json.dumps(body).encode()
    return FINE % (len(content), content)


@pytest.fixture
def clock() -> SystemClock:
    """The sleeps of these tests are real, and short."""
    return SystemClock()


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends at all ends soon."""
    monkeypatch.setattr(public, "GRACE_SECONDS", 0.05)


@contextlib.contextmanager
def ends_in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < GENEROUS_SECONDS


def late(face: Face, call: str) -> None:
    with ends_in_time(), pytest.raises(LATE):
        face.do(CALLS[call])


@pytest.mark.parametrize(
    ("where", "drip"),
    [*(("service", drip) for drip in DRIPS), ("IAM", "nothing"), ("IAM", "headers"), ("IAM", "trailers")],
)
def test_a_wait_ends_whatever_bytes_drip(connect: Connect, where: str, drip: str) -> None:
    paths = [TOKEN_PATH] if where == "IAM" else ["/v1/"]
    with Dripping(drip, paths=paths, answer=fine(token_body("t"))) as server:
        late(connect(base_url=f"{server.url}/api", iam_url=server.url), "wait")


@pytest.mark.parametrize("call", CALLS)
def test_every_call_ends_while_a_header_drips(connect: Connect, call: str) -> None:
    with Dripping("headers", paths=["/v1/"], answer=fine(token_body("t"))) as server:
        late(connect(base_url=f"{server.url}/api", iam_url=server.url), call)
        assert server.dripped.wait(GENEROUS_SECONDS)


@pytest.mark.parametrize(("call", "limit"), [("usage", "REQUEST_SECONDS"), ("session", "TRANSFER_SECONDS")])
def test_a_call_without_a_deadline_has_a_limit(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, call: str, limit: str
) -> None:
    monkeypatch.setattr(retrying, limit, TIMEOUT)
    with Dripping("headers", paths=["/v1/"], answer=fine(token_body("t"))) as server:
        face = connect(base_url=f"{server.url}/api", iam_url=server.url, timeout=TIMEOUT, retries=ONCE)
        with ends_in_time(), pytest.raises(TransportError):
            face.do(lambda client: CALLS[call](client, None))


def late_beside(face: Face, server: Dripping, call: str) -> None:
    """`call` is late while another call, which has much more time, still waits for the server."""

    def other(client: Any) -> Any:
        return client.usage(timeout=60)

    async def both(client: Any) -> None:
        waiting = asyncio.ensure_future(other(client))
        await asyncio.to_thread(server.dripped.wait, GENEROUS_SECONDS)
        with pytest.raises(LATE):
            await CALLS[call](client)
        assert not waiting.done()
        await asyncio.to_thread(server.close)
        with pytest.raises(TransportError):
            await waiting

    if face.is_async:
        face.do(both)
        return
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(other, face.client)
        assert server.dripped.wait(GENEROUS_SECONDS)
        with pytest.raises(LATE):
            CALLS[call](face.client)
        assert not waiting.done()
        server.close()
        with pytest.raises(TransportError):
            waiting.result()


@pytest.mark.parametrize("call", ["wait", "get", "sampler"])
def test_a_wait_for_a_token_that_another_call_requests_ends(connect: Connect, call: str) -> None:
    with Dripping("nothing", paths=[TOKEN_PATH]) as server:
        late_beside(connect(base_url=f"{server.url}/api", iam_url=server.url, retries=ONCE), server, call)


@pytest.mark.parametrize("call", ["wait", "get", "sampler"])
def test_a_wait_for_a_free_connection_ends(connect: Connect, call: str) -> None:
    limits = httpx.Limits(max_connections=1)
    with Dripping("headers", paths=["/v1/"], answer=fine(token_body("t"))) as server:
        face = connect(base_url=f"{server.url}/api", iam_url=server.url, limits=limits, retries=ONCE)
        late_beside(face, server, call)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[Path]:
    """A state file that another program does not let go."""
    with State(path).transaction():
        pass
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield path


def test_a_locked_file_that_is_optional_is_done_without(
    connect: Connect, service: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens and the rate limit are for this process alone then, and the submission goes out."""
    monkeypatch.setattr(state_file, "OPTIONAL_SECONDS", 0.1)
    service.script("POST /api/v1/jobs", Answer(200, {"id": "x", "backend": "b"}))
    with locked(tmp_path / "state.sqlite") as path, ends_in_time():
        face = connect(service, token_cache=path, submissions_per_minute=5, state_path=path)
        assert face.do(lambda client: client.sampler([ONES], backend="b", timeout=GENEROUS_SECONDS)).id == "x"
    assert len(service.exchanges) == 1


def test_a_locked_journal_refuses_a_submission_in_time(connect: Connect, service: Loopback, tmp_path: Path) -> None:
    with locked(tmp_path / "state.sqlite") as path, ends_in_time():
        face = connect(service, journal=path)
        with pytest.raises(ConfigurationError, match="is locked"):
            face.do(CALLS["sampler"])
    assert service.calls == []


def test_the_lease_of_a_dead_process_is_not_waited_for(connect: Connect, service: Loopback, tmp_path: Path) -> None:
    service.script("GET /api/v1/jobs/x", Answer(200, {"id": "x"}))
    state = State(tmp_path / "state.sqlite")
    dead = TokenCache(state, api_key=API_KEY, iam_url=service.url, clock=SystemClock())
    assert run(dead.claim(), dead) is None
    with ends_in_time():
        face = connect(service, token_cache=state.path)
        assert face.do(lambda client: client.jobs.get("x", timeout=1)).id == "x"
    assert len(service.exchanges) == 1


def test_a_look_at_many_jobs_has_one_deadline(connect: Connect, service: Loopback) -> None:
    """A look may be six requests, each of them in time by itself."""
    clock = FakeClock()

    def slow(_asked: Asked) -> Answer:
        clock.now += 3.0
        return Answer(200, {"jobs": [{"id": f"o{number}", "status": "Queued"} for number in range(200)]})

    service.script("GET /api/v1/jobs", slow)
    face = connect(service, clock=clock)
    with pytest.raises(WaitTimeout) as late:
        face.do(lambda client: client.jobs.wait_all(["x", "y"], timeout=10))
    assert 10 <= late.value.waited <= 12.5


def test_a_submission_that_the_rate_limit_allows_too_late_is_refused_at_once(
    connect: Connect, service: Loopback, tmp_path: Path
) -> None:
    service.script("POST /api/v1/jobs", Answer(200, {"id": "x"}))
    clock = FakeClock()
    face = connect(service, clock=clock, submissions_per_minute=1, state_path=tmp_path / "state.sqlite")
    face.do(lambda client: client.sampler([ONES], backend="b", timeout=5))
    with pytest.raises(TransportError, match=r"due in 60.0 s, after the end of the call") as refused:
        face.do(lambda client: client.sampler([ONES], backend="b", timeout=5))
    assert not refused.value.sent
    assert (len(service.calls), clock.slept) == (1, [])


def test_a_submission_with_an_unknown_outcome_can_be_recovered_later(connect: Connect) -> None:
    with Dripping("headers", paths=["/v1/"], answer=fine(token_body("t"))) as server:
        face = connect(base_url=f"{server.url}/api", iam_url=server.url)
        with ends_in_time(), pytest.raises(SubmissionUnknown, match=r"recover\(\)"):
            face.do(CALLS["sampler"])


def test_a_server_that_takes_no_bytes_does_not_hold_a_submission(connect: Connect) -> None:
    params = {"text": "x" * 50_000_000}
    with Dripping("nothing", paths=["/v1/"], answer=fine(token_body("t")), reads=False) as server:
        face = connect(base_url=f"{server.url}/api", iam_url=server.url, retries=ONCE)
        with ends_in_time(), pytest.raises(LATE):
            face.do(lambda client: client.jobs.submit("x", backend="b", params=params, timeout=TIMEOUT))


def test_a_name_service_that_does_not_answer_ends_with_the_call(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def silent(*_: Any, **__: Any) -> Any:
        asked.wait(60)
        raise OSError("no answer")

    face = connect(base_url="https://service.example", iam_url="https://iam.example")
    monkeypatch.setattr("socket.getaddrinfo", silent)
    with ends_in_time():
        late(face, "get")
    asked.set()


class Handshaking:
    """A connection whose handshake is interrupted by the deadline."""

    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1

    async def start_tls(self, *_: Any, **__: Any) -> Any:
        raise asyncio.CancelledError


def test_a_connection_is_closed_if_its_handshake_is_not_in_time(connect: Connect) -> None:
    stream = Handshaking()
    client = connect(base_url="https://service.example", iam_url="https://iam.example").client

    class Network(httpcore.NetworkBackend):
        def connect_tcp(self, *_: Any, **__: Any) -> Any:
            return stream

    class AsyncNetwork(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, *_: Any, **__: Any) -> Any:
            return stream

    async def cancelled() -> None:
        pool = client.api.get_async_httpx_client()._transport._pool
        network = type(pool._network_backend)(AsyncNetwork())
        await (await network.connect_tcp("127.0.0.1", 1)).start_tls(None)

    if isinstance(client, AsyncRuntimeClient):
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancelled())
    else:
        pool = client.api.get_httpx_client()._transport._pool
        opened = type(pool._network_backend)(Network()).connect_tcp("127.0.0.1", 1)
        with end_by(Deadline(0.0, SystemClock())), pytest.raises(httpcore.ConnectTimeout):
            opened.start_tls(None)
    assert stream.closed == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("timeout", [-1, float("nan"), "3", True])
def test_a_timeout_that_is_not_seconds_is_refused_by_every_call(
    connect: Connect, service: Loopback, call: str, timeout: Any
) -> None:
    with pytest.raises(InvalidInput, match="timeout="):
        connect(service).do(lambda client: CALLS[call](client, timeout))
    assert service.asked == []
