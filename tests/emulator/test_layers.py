"""The layers around the routes, stepped as plain ASGI applications."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from qiskit_runtime_rest.emulator.connections import Connections
from qiskit_runtime_rest.emulator.errors import ServiceError
from qiskit_runtime_rest.emulator.faults import FaultRule, FaultRules
from qiskit_runtime_rest.emulator.layers import BodyLimitLayer, FaultLayer, RecordingLayer
from qiskit_runtime_rest.emulator.recorder import Recorder
from qiskit_runtime_rest.emulator.state.clock import Clock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

Messages = list[Any]
BODY = json.dumps({"status": "Queued", "tags": ["a", "b"], "state": {"status": "Queued"}}).encode()


class Service:
    """An application that reads the whole body and responds with `BODY`."""

    def __init__(self) -> None:
        self.received: bytes | None = None

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        self.received = b""
        more = True
        while more:
            message = await receive()
            self.received += message.get("body", b"")
            more = message.get("more_body", False)
        length = str(len(BODY)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": BODY})


async def run(app: Any, *parts: bytes, headers: Any = (), path: str = "/api/v1/jobs", query: bytes = b"") -> Messages:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": list(headers)}
    waiting = [
        {"type": "http.request", "body": part, "more_body": number + 1 < len(parts)}
        for number, part in enumerate(parts or (b"",))
    ]
    sent: Messages = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    here, real = threading.current_thread(), asyncio.sleep

    async def sleep(delay: float) -> None:
        if threading.current_thread() is here:
            seconds.append(delay)
        else:  # the server of other tests
            await real(delay)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


async def spoilt(service: Service, **fields: Any) -> tuple[int, dict[bytes, bytes], list[bytes]]:
    names = frozenset({"list_jobs"})
    rules = FaultRules(names)
    rules.add(FaultRule.parse(fields))
    fired: list[FaultRule] = []
    layer = FaultLayer(
        service, rules, lambda method, path: names, Connections(), fired=lambda scope, rule: fired.append(rule)
    )
    start, *rest = await run(layer)
    assert len(fired) == 1
    return start["status"], dict(start["headers"]), [message["body"] for message in rest]


async def test_a_slow_response_comes_in_pieces_with_pauses(service: Service, slept: list[float]) -> None:
    status, headers, pieces = await spoilt(service, kind="slow", chunks=4, pause=0.5)
    assert (status, headers[b"content-length"], b"".join(pieces)) == (200, str(len(BODY)).encode(), BODY)
    assert (len(pieces), slept) == (4, [0.0, 0.5, 0.5, 0.5])


async def test_a_delay_comes_before_the_response(service: Service, slept: list[float]) -> None:
    assert (await spoilt(service, kind="delay", delay=3.0))[2] == [BODY]
    assert slept == [3.0]


@pytest.mark.parametrize(("keep", "kept"), [(0, 0), (0.5, len(BODY) // 2), (1, 1), (7, 7)])
async def test_a_truncated_response_ends_before_its_announced_length(service: Service, keep: float, kept: int) -> None:
    _, headers, pieces = await spoilt(service, kind="truncated", keep=keep)
    assert (headers[b"content-length"], pieces) == (str(len(BODY)).encode(), [BODY[:kept]])


async def test_values_are_replaced_where_the_path_exists(service: Service) -> None:
    replace = {"state.status": "Odd", "tags.1": None, "tags.9": 1, "tags.x": 1, "missing": 1, "status.inner.deep": 1}
    _, headers, pieces = await spoilt(service, kind="null", replace=replace)
    assert json.loads(pieces[0]) == {"status": "Queued", "tags": ["a", None], "state": {"status": "Odd"}}
    assert int(headers[b"content-length"]) == len(pieces[0])


@pytest.mark.parametrize(("when", "received"), [("before", None), ("after", b"")])
async def test_another_response_replaces_the_services_before_or_after_its_effect(
    service: Service, when: str, received: bytes | None
) -> None:
    status, headers, pieces = await spoilt(service, status=503, when=when, body={"a": 1}, retry_after=7)
    assert (status, headers[b"retry-after"], pieces) == (503, b"7", [b'{"a": 1}'])
    assert service.received == received


async def test_without_a_connection_a_reset_raises_an_error(service: Service) -> None:
    with pytest.raises(ConnectionResetError):
        await spoilt(service, kind="reset")


async def test_an_announced_body_above_the_limit_is_refused_unread(service: Service) -> None:
    start, body = await run(BodyLimitLayer(service, 10), headers=[(b"content-length", b"11")])
    assert (start["status"], service.received) == (413, None)
    assert "The limit is 10 bytes." in json.loads(body["body"])["errors"][0]["message"]


async def test_a_chunked_body_is_refused_when_it_exceeds_the_limit(service: Service) -> None:
    with pytest.raises(ServiceError, match="too large"):
        await run(BodyLimitLayer(service, 10), b"x" * 6, b"x" * 6)


async def test_a_body_at_the_limit_is_accepted(service: Service) -> None:
    await run(BodyLimitLayer(service, 10), b"x" * 5, b"x" * 5)
    assert service.received == b"x" * 10


def recording(app: Any, recorder: Recorder) -> RecordingLayer:
    return RecordingLayer(
        app, recorder, lambda method, path: "list_jobs" if path == "/api/v1/jobs" else None, base_path="/api"
    )


async def test_the_last_requests_are_recorded_without_secrets(service: Service) -> None:
    recorder = Recorder(clock=Clock(virtual=True), limit=2)
    layer = recording(service, recorder)
    for path in ("/api/v1/jobs", "/api/v1/nothing", "/", "/api/v1/jobs"):
        await run(
            layer,
            b'{"api_key": "s3cret \\" quoted", "n": 1}',
            path=path,
            query=b"limit=3&token=s3cret",
            headers=[(b"authorization", b"Bearer s3cret"), (b"cookie", b"s3cret"), (b"x-plain", b"kept")],
        )
    assert [(one.number, one.operation, one.status) for one in recorder.all()] == [
        (2, None, 200),
        (3, "list_jobs", 200),
    ]
    last = recorder.all()[-1]
    assert "s3cret" not in json.dumps(last.as_json())
    assert (last.query, last.headers["authorization"], last.headers["x-plain"]) == (
        "limit=3&token=***",
        "Bearer ***",
        "kept",
    )
    assert json.loads(last.body) == {"api_key": "***", "n": 1}


async def test_a_failed_request_stays_recorded_without_a_status() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError

    recorder = Recorder(clock=Clock(virtual=True), limit=2)
    with pytest.raises(RuntimeError):
        await run(recording(broken, recorder))
    assert [(one.status, one.seconds is None) for one in recorder.all()] == [(None, False)]
