"""Authentication on the wire: from an API key to the token on each request, in threads and in tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest

from qiskit_runtime_rest import (
    ApiError,
    AsyncRuntimeClient,
    AuthenticationError,
    EdgeBlocked,
    RateLimited,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    TransportError,
    UnexpectedAnswer,
)
from qiskit_runtime_rest.http.auth import ApiKeyAuth

from ..fixtures.faces import Connect
from ..fixtures.loopback import API_KEY, CRN, CUT, HTML, RESET, TOKEN_PATH, Answer, Asked, Loopback, refused, token_body

BASE_URL = "https://service.example/api"
IAM_URL = "https://iam.example"
JOBS = f"{BASE_URL}/v1/jobs"
BAD_KEY = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}


def test_many_requests_take_one_exchange(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200))
    face = connect(service)
    for _ in range(3):
        face.request("GET", "/v1/jobs")
    assert [call.headers["Authorization"] for call in service.calls] == ["Bearer token-1"] * 3
    assert [exchange.form["apikey"] for exchange in service.exchanges] == [API_KEY]


def test_a_client_renews_its_token_by_its_clock(service: Loopback, connect: Connect, clock: Any) -> None:
    service.script("*", Answer(200))
    face = connect(service)
    for seconds in (0, 2879, 2):
        clock.now += seconds
        face.request("GET", "/v1/jobs")
    assert [call.headers["Authorization"] for call in service.calls] == ["Bearer token-1"] * 2 + ["Bearer token-2"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_request_answered_401_is_replayed_whole_with_a_new_token(
    service: Loopback, connect: Connect, clock: Any, method: str
) -> None:
    service.script("*", Answer(401, refused(1201, "Invalid credentials.")), Answer(200, {"id": "x"}))
    body = {"params": "x" * 100_000}
    assert connect(service).request(method, "/v1/jobs", json=body).json() == {"id": "x"}
    first, second = service.calls
    assert first.body == second.body
    assert len(first.body) > 100_000
    assert [call.headers["Authorization"] for call in service.calls] == ["Bearer token-1", "Bearer token-2"]
    assert clock.slept == []


def test_a_second_401_is_an_authentication_error(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(401, refused(1201, "Invalid credentials.")))
    with pytest.raises(AuthenticationError, match=r"Invalid credentials.*QISKIT_IBM_TOKEN") as caught:
        connect(service).request("GET", "/v1/jobs")
    assert (caught.value.status, caught.value.code) == (401, 1201)
    assert (len(service.exchanges), len(service.calls)) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_the_error_for_a_refused_key_has_iams_message_and_the_key_is_not_sent_elsewhere(
    service: Loopback, connect: Connect, clock: Any, status: int
) -> None:
    service.script(f"POST {TOKEN_PATH}", Answer(status, BAD_KEY))
    with pytest.raises(AuthenticationError, match="IAM: Provided API key could not be found") as caught:
        connect(service).request("POST", "/v1/jobs", json={})
    assert (caught.value.code, caught.value.status) == ("BXNIM0415E", status)
    assert "QISKIT_IBM_TOKEN" in str(caught.value)
    assert service.calls == []
    (exchange,) = service.exchanges
    assert clock.slept == []
    assert API_KEY not in str(exchange.headers) + exchange.target


def test_after_a_refusal_the_next_call_asks_iam_again(service: Loopback, connect: Connect) -> None:
    service.script(f"POST {TOKEN_PATH}", Answer(400, BAD_KEY), service.issue)
    service.script("*", Answer(200))
    face = connect(service)
    with pytest.raises(AuthenticationError):
        face.request("GET", "/v1/jobs")
    assert face.request("GET", "/v1/jobs").status_code == 200


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(500), ServerError),
        (Answer(503, HTML.body), ServerError),
        (Answer(408), ServerError),
        (Answer(520, headers={"CF-RAY": "8f0e-FRA"}), ServerError),
        (Answer(429, {"errorMessage": "Slow down."}), RateLimited),
        (Answer(403, HTML.body, {"CF-RAY": "8f0e-FRA"}), EdgeBlocked),
        (Answer(403, HTML.body), AuthenticationError),
        (HTML, UnexpectedAnswer),
        (Answer(200), UnexpectedAnswer),
        (Answer(204), UnexpectedAnswer),
        (Answer(200, []), UnexpectedAnswer),
        (Answer(200, b"[" * 100_000), UnexpectedAnswer),
        (Answer(200, b"\xff"), UnexpectedAnswer),
        (Answer(200, {"expires_in": 3600}), UnexpectedAnswer),
        (Answer(200, {"access_token": "t"}), UnexpectedAnswer),
        (Answer(307, headers={"Location": "/elsewhere"}), AuthenticationError),
        (CUT, TransportError),
        (RESET, TransportError),
    ],
)
def test_whatever_iam_answers_is_a_typed_error(
    service: Loopback, connect: Connect, answer: Answer, kind: type[Exception]
) -> None:
    service.script(f"POST {TOKEN_PATH}", answer)
    with pytest.raises(kind) as caught:
        connect(service, retries=RetryPolicy(attempts=1)).request("GET", "/v1/jobs")
    assert type(caught.value) is kind
    assert TOKEN_PATH in str(caught.value)
    assert service.calls == []


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_wait_outlives_a_token_that_iam_cannot_replace_for_a_while(
    service: Loopback, connect: Connect, status: int
) -> None:
    def job(status: str) -> Answer:
        return Answer(200, {"id": "x", "status": status, "state": {"status": status}})

    service.script("GET /api/v1/jobs/x", job("Queued"), job("Queued"), job("Completed"))
    face = connect(service, retries=RetryPolicy(attempts=1))
    service.expires_in = 0.1
    handle = face.do(lambda client: client.jobs.get("x"))
    service.script(f"POST {TOKEN_PATH}", *[Answer(status)] * 3, service.issue, *[Answer(status)] * 3, service.issue)
    assert face.do(lambda _: handle.wait(timeout=1000)) == "Completed"
    assert len(service.calls) == 3


@pytest.mark.parametrize(("status", "kind"), [(408, ServerError), (429, RateLimited), (503, ServerError)])
def test_a_job_is_not_in_doubt_when_iam_fails(
    service: Loopback, connect: Connect, status: int, kind: type[Exception]
) -> None:
    service.script(f"POST {TOKEN_PATH}", Answer(status, {"errorMessage": "Closed for today."}))
    face = connect(service, submissions_per_minute=None)
    with pytest.raises(kind, match=r"^IAM: Closed for today"):
        face.do(lambda client: client.jobs.submit("sampler", params={}, backend="b"))
    assert service.calls == []


@pytest.mark.parametrize(
    ("token", "expires_in"),
    [
        *((None, 3600), ("", 3600), (["t"], 3600), (1, 3600), ("a\nb", 3600), ("a b", 3600), ("schlüssel", 3600)),
        *(("t", None), ("t", "soon"), ("t", 0), ("t", -5), ("t", float("nan")), ("t", float("inf")), ("t", 10**400)),
        *(("t", []), ("t", {})),
    ],
)
def test_a_token_that_cannot_be_used_is_not_used_and_not_shown(
    service: Loopback, connect: Connect, token: Any, expires_in: Any
) -> None:
    service.script(f"POST {TOKEN_PATH}", Answer(200, token_body(token, expires_in)))
    with pytest.raises(UnexpectedAnswer, match=r"IAM answered without a usable token.*IAM_URL") as caught:
        connect(service).request("GET", "/v1/jobs")
    assert token in (None, "", "t", 1) or repr(token) not in str(caught.value)


def test_twenty_threads_take_one_exchange(service: Loopback) -> None:
    ready, asked = threading.Barrier(21), threading.Event()

    def slowly(request: Asked) -> Answer:
        asked.wait(5)
        return service.issue(request)

    service.script(f"POST {TOKEN_PATH}", slowly)
    service.script("*", Answer(200))
    options = {"base_url": service.base_url, "iam_url": service.url}
    with RuntimeClient(api_key=API_KEY, instance=CRN, **options) as client, ThreadPoolExecutor(20) as threads:  # type: ignore[arg-type]
        http = client.api.get_httpx_client()

        def call() -> int:
            ready.wait(5)
            return http.get("/v1/jobs").status_code

        calls = [threads.submit(call) for _ in range(20)]
        ready.wait(5)
        service.await_exchange()
        asked.set()
        assert [done.result(10) for done in calls] == [200] * 20
    assert (len(service.exchanges), service.most_at_once) == (1, 1)


@pytest.mark.anyio
async def test_fifty_tasks_take_one_exchange(service: Loopback) -> None:
    asked = threading.Event()

    def slowly(request: Asked) -> Answer:
        asked.wait(5)
        return service.issue(request)

    service.script(f"POST {TOKEN_PATH}", slowly)
    service.script("*", Answer(200))
    options = {"base_url": service.base_url, "iam_url": service.url}
    statuses: list[int] = []
    async with AsyncRuntimeClient(api_key=API_KEY, instance=CRN, **options) as client:  # type: ignore[arg-type]
        http = client.api.get_async_httpx_client()

        async def call() -> None:
            statuses.append((await http.get("/v1/jobs")).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(call)
            await anyio.to_thread.run_sync(service.await_exchange)
            asked.set()
    assert statuses == [200] * 50
    assert (len(service.exchanges), service.most_at_once) == (1, 1)


@pytest.mark.anyio
async def test_a_task_cancelled_while_iam_is_slow_lets_the_others_go_on(service: Loopback) -> None:
    gate = threading.Event()
    service.script(f"POST {TOKEN_PATH}", Answer(gate=gate), service.issue)
    service.script("*", Answer(200))
    options = {"base_url": service.base_url, "iam_url": service.url}
    async with AsyncRuntimeClient(api_key=API_KEY, instance=CRN, **options) as client:  # type: ignore[arg-type]
        http = client.api.get_async_httpx_client()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(http.get, "/v1/jobs")
            tasks.start_soon(http.get, "/v1/jobs")
            await anyio.to_thread.run_sync(service.await_exchange)
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            assert (await http.get("/v1/jobs")).status_code == 200
        gate.set()
    assert [call.headers["Authorization"] for call in service.calls] == ["Bearer token-1"]


def test_an_authentication_serves_one_event_loop_after_another(service: Loopback) -> None:
    service.script("*", Answer(200))
    auth = ApiKeyAuth(API_KEY, iam_url=service.url, base_url=service.base_url)

    async def call() -> None:
        client = AsyncRuntimeClient(auth=auth, instance=CRN, base_url=service.base_url)
        async with client, anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(client.api.get_async_httpx_client().get, "/v1/jobs")

    for _ in range(2):
        anyio.run(call)
    assert (len(service.exchanges), len(service.calls)) == (1, 6)


def test_a_ready_made_token_is_sent_as_it_is_and_never_renewed(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200), Answer(401))
    face = connect(service, token="ready-made")
    face.request("GET", "/v1/jobs")
    with pytest.raises(AuthenticationError):
        face.request("GET", "/v1/jobs")
    assert [call.headers["Authorization"] for call in service.calls] == ["Bearer ready-made"] * 2
    assert service.exchanges == []


class Own(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = "Own way"
        yield request


@pytest.mark.parametrize("options", [{}, {"api_key": API_KEY}], ids=["alone", "over-a-key"])
def test_an_httpx_auth_of_ones_own_is_used_instead(
    service: Loopback, connect: Connect, options: dict[str, Any]
) -> None:
    service.script("*", Answer(200))
    connect(service, auth=Own(), **options).request("GET", "/v1/jobs")
    assert [call.headers["Authorization"] for call in service.calls] == ["Own way"]
    assert service.exchanges == []


@pytest.mark.parametrize("credentials", [{}, {"token": "ready-made"}], ids=["key", "token"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed(
    service: Loopback, other: Loopback, connect: Connect, method: str, status: int, credentials: dict[str, str]
) -> None:
    service.script("*", Answer(status, headers={"Location": f"{other.base_url}/v1/jobs"}))
    with pytest.raises(ApiError, match=r"redirects to http.*check base_url") as caught:
        connect(service, **credentials).request(method, "/v1/jobs", follow_redirects=True)
    assert caught.value.status == status
    assert other.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_iam_cannot_redirect_the_key(service: Loopback, other: Loopback, connect: Connect, status: int) -> None:
    service.script(f"POST {TOKEN_PATH}", Answer(status, headers={"Location": f"{other.url}{TOKEN_PATH}"}))
    with pytest.raises(ApiError, match="IAM: the service redirects"):
        connect(service).request("GET", "/v1/jobs")
    assert other.asked == []


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("credentials", [{}, {"token": "ready-made"}], ids=["key", "token"])
def test_a_request_to_another_host_has_no_credentials(
    service: Loopback, other: Loopback, connect: Connect, credentials: dict[str, str], status: int
) -> None:
    service.script("*", Answer(200))
    other.script("*", Answer(status))
    face = connect(service, retries=RetryPolicy(attempts=1), **credentials)
    face.request("GET", "/v1/jobs")
    if status == 200:
        face.request("GET", f"{other.base_url}/v1/jobs")
    else:
        with pytest.raises(AuthenticationError):
            face.request("GET", f"{other.base_url}/v1/jobs")
    (asked,) = other.asked
    assert {"authorization", "service-crn"}.isdisjoint(name.lower() for name in asked.headers)
    for secret in (API_KEY, "token-1", "ready-made", CRN):
        assert secret not in str(asked)


def test_refused_requests_on_all_connections_do_not_keep_the_token_from_them(
    service: Loopback, connect: Connect
) -> None:
    """Each connection has an unread refusal, and more requests wait for one, when a new token is needed."""
    all_refused = threading.Barrier(2)

    def answer(asked: Asked) -> Answer:
        if asked.headers["Authorization"] == "Bearer token-1":
            all_refused.wait(10)
            return Answer(401, {"errors": [{"message": "x" * 100_000}]})
        return Answer(200, {})

    service.script("*", answer)
    face = connect(service, limits=httpx.Limits(max_connections=2), timeout=httpx.Timeout(20, pool=5))

    async def all_at_once(client: Any) -> list[Any]:
        http = client.api.get_async_httpx_client()
        return await asyncio.gather(*(http.get("/v1/jobs") for _ in range(2)))

    if face.is_async:
        responses = face.do(all_at_once)
    else:
        with ThreadPoolExecutor(2) as pool:
            responses = list(pool.map(lambda _: face.request("GET", "/v1/jobs"), range(2)))
    assert [response.status_code for response in responses] == [200] * 2
    assert (len(service.exchanges), len(service.calls)) == (2, 4)
