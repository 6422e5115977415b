"""The guard of the live service, stepped with a clock that does not wait and a service that is a function."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.conformance.request_guard import RequestGuard, Stopped, Unforeseen, as_application
from qiskit_runtime_rest.errors import TransportError

URL = "https://service.example/api"


class Clock:
    """Time that passes when something sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


class Service:
    """Notes each request with its time; answers 200 unless `respond` says otherwise."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.requests: list[tuple[float, str, str]] = []
        self.respond: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200)

    def guard(self, *, most: int = 99) -> RequestGuard:
        def note(request: httpx.Request) -> httpx.Response:
            self.requests.append((self.clock.now, request.method, str(request.url)))
            return self.respond(request)

        http = httpx.Client(transport=httpx.MockTransport(note))
        return RequestGuard(http, base_url=URL, clock=self.clock, interval=2.0, most=most)


@pytest.fixture
def service() -> Service:
    return Service()


def test_requests_are_an_interval_apart(service: Service) -> None:
    guard = service.guard()
    guard.allow_reads("/v1/jobs")
    guard.send("GET", "/v1/jobs", query="limit=1")
    service.clock.now += 0.5
    guard.send("GET", "/v1/jobs")
    service.clock.now += 10
    guard.send("GET", "/v1/jobs")
    assert service.requests == [
        (100.0, "GET", f"{URL}/v1/jobs?limit=1"),
        (102.0, "GET", f"{URL}/v1/jobs"),
        (112.0, "GET", f"{URL}/v1/jobs"),
    ]
    assert guard.sent == {"GET": 3}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/jobs"), ("POST", "/v1/backends"), ("DELETE", "/v1/jobs/x"), ("HEAD", "/v1/backends")],
)
def test_a_request_that_was_not_listed_is_not_sent_and_closes_the_guard(
    service: Service, method: str, path: str
) -> None:
    closed: list[bool] = []
    guard = service.guard()
    guard.on_close = lambda: closed.append(True)
    guard.allow_reads("/v1/backends")
    with pytest.raises(Unforeseen, match=f"{method} {path}"):
        guard.send(method, path)
    with pytest.raises(Stopped):
        guard.send("GET", "/v1/backends")
    assert (service.requests, closed) == ([], [True])


def test_other_requests_are_allowed_one_by_one(service: Service) -> None:
    guard = service.guard()
    guard.allow("POST", "/v1/jobs", times=2)
    guard.send("POST", "/v1/jobs", body={})
    guard.send("POST", "/v1/jobs", body={})
    with pytest.raises(Unforeseen):
        guard.send("POST", "/v1/jobs", body={})
    assert len(service.requests) == 2


def test_no_more_than_the_limit_is_sent(service: Service) -> None:
    guard = service.guard(most=2)
    guard.allow_reads("/v1/jobs")
    guard.send("GET", "/v1/jobs")
    guard.send("GET", "/v1/jobs")
    with pytest.raises(Stopped, match="2 requests were sent"):
        guard.send("GET", "/v1/jobs")
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [423, 429])
def test_a_rate_limit_closes_the_guard(service: Service, status: int) -> None:
    service.respond = lambda _: httpx.Response(status)
    guard = service.guard()
    guard.allow_reads("/v1/jobs")
    for _ in range(2):
        with pytest.raises(Stopped, match=f"answered {status}"):
            guard.send("GET", "/v1/jobs")
    assert len(service.requests) == 1


def test_a_closed_guard_only_sends_cleanup(service: Service) -> None:
    guard = service.guard(most=0)
    guard.allow("POST", "/v1/jobs")
    guard.allow_cleanup("DELETE", "/v1/jobs/a", times=1)
    guard.close("enough")
    with pytest.raises(Stopped, match="enough"):
        guard.send("POST", "/v1/jobs", body={})
    assert guard.send("DELETE", "/v1/jobs/a").is_success
    with pytest.raises(Stopped, match="enough"):
        guard.send("DELETE", "/v1/jobs/a")
    assert [method for _, method, _ in service.requests] == ["DELETE"]


@pytest.mark.parametrize(("error", "sent"), [(httpx.ConnectError, False), (httpx.ReadError, True)])
def test_a_lost_response_says_whether_the_request_was_sent(
    service: Service, error: type[httpx.RequestError], sent: bool
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    service.respond = fail
    guard = service.guard()
    guard.allow_reads("/v1/jobs")
    with pytest.raises(TransportError) as caught:
        guard.send("GET", "/v1/jobs")
    assert caught.value.sent is sent
    assert caught.value.__cause__ is None


def through_application(guard: RequestGuard, method: str, path: str, query: bytes = b"") -> tuple[int, Any, bytes]:
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"s3cr3t"}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    headers = [(b"authorization", b"s3cr3t")]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
    asyncio.run(as_application(guard)(scope, receive, send))  # type: ignore[arg-type]
    return messages[0]["status"], dict(messages[0]["headers"]), messages[1]["body"]


def test_as_an_application_only_method_path_and_query_are_passed_on(service: Service) -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404, headers={"X-Own": "1", "Set-Cookie": "a=b"}, content=b"body")

    service.respond = respond
    guard = service.guard()
    guard.allow_reads("/v1/jobs")
    assert through_application(guard, "GET", "/v1/jobs", b"limit=1") == (404, {b"x-own": b"1"}, b"body")
    assert str(seen[0].url).endswith("/v1/jobs?limit=1")
    assert "s3cr3t" not in f"{seen[0].headers.raw}{seen[0].content!r}"


def test_as_an_application_a_refusal_is_a_response(service: Service) -> None:
    assert through_application(service.guard(), "DELETE", "/v1/jobs")[0] == 503
    assert service.requests == []
