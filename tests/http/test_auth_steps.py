"""Authentication stepped by hand, as httpx does it: when a token is requested, renewed, dropped, and where it goes."""

from __future__ import annotations

import inspect
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest import ApiError, AuthenticationError, EdgeBlocked, RateLimited, ServerError, UnexpectedAnswer
from qiskit_runtime_rest.base.forks import Lock
from qiskit_runtime_rest.http.auth import ApiKeyAuth, TokenAuth
from qiskit_runtime_rest.http.auth.bearer import TokenStore
from qiskit_runtime_rest.http.auth.iam import Token, parse_token

from ..fixtures.loopback import API_KEY, TOKEN_PATH, token_body

BASE_URL = "https://service.example/api"
IAM_URL = "https://iam.example"
JOBS = f"{BASE_URL}/v1/jobs"
BAD_KEY = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}


@pytest.fixture
def auth(clock: Any) -> ApiKeyAuth:
    return ApiKeyAuth(API_KEY, iam_url=IAM_URL, base_url=BASE_URL, clock=clock.monotonic)


Flow = Generator[httpx.Request, httpx.Response, None]


def begin(auth: httpx.Auth, url: str = JOBS, method: str = "GET") -> tuple[Flow, httpx.Request]:
    flow = auth.sync_auth_flow(httpx.Request(method, url))
    return flow, next(flow)


def issue(flow: Flow, request: httpx.Request, token: Any = "token-1", expires_in: Any = 3600) -> httpx.Request:
    assert request.url == f"{IAM_URL}{TOKEN_PATH}"
    return flow.send(httpx.Response(200, json=token_body(token, expires_in), request=request))


def end(flow: Flow, status: int = 200) -> None:
    with pytest.raises(StopIteration):
        flow.send(httpx.Response(status))


def fetch(auth: httpx.Auth, token: str = "token-1", expires_in: float = 3600) -> None:
    flow, request = begin(auth)
    issue(flow, request, token, expires_in)
    end(flow)


def test_the_key_is_exchanged_and_the_token_kept(auth: ApiKeyAuth) -> None:
    flow, exchange = begin(auth)
    assert (exchange.method, exchange.headers["Content-Type"]) == ("POST", "application/x-www-form-urlencoded")
    assert exchange.content.decode() == f"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey={API_KEY}"
    assert API_KEY not in str(exchange.headers) + str(exchange.url)
    assert issue(flow, exchange).headers["Authorization"] == "Bearer token-1"
    end(flow)
    flow, request = begin(auth)
    assert (str(request.url), request.headers["Authorization"]) == (JOBS, "Bearer token-1")


@pytest.mark.parametrize(
    ("lifetime", "used"), [(3600, 2880), (300, 240), (299, 239), (200, 140), (121, 61), (120, 96), (60, 48), (1, 0.8)]
)
def test_a_token_is_renewed_at_80_percent_and_not_used_in_its_last_minute_if_it_lives_long(
    auth: ApiKeyAuth, clock: Any, lifetime: float, used: float
) -> None:
    fetch(auth, expires_in=lifetime)
    clock.now += used - 0.01
    assert begin(auth)[1].headers["Authorization"] == "Bearer token-1"
    clock.now += 0.02
    flow, request = begin(auth)
    assert issue(flow, request, "token-2").headers["Authorization"] == "Bearer token-2"


@given(lifetime=st.floats(0.001, 1e6), at=st.floats(0, 1e6))
def test_no_token_is_used_past_80_percent_of_its_life(lifetime: float, at: float) -> None:
    refresh = Token.issued("t", at=at, lifetime=lifetime).refresh_at - at
    assert 0 <= refresh <= 0.8 * lifetime + 1e-6
    assert lifetime <= 120 or refresh <= lifetime - 60 + 1e-6


def test_the_life_counts_from_before_the_exchange(auth: ApiKeyAuth, clock: Any) -> None:
    flow, request = begin(auth)
    clock.now += 1000  # IAM is slow
    issue(flow, request)
    end(flow)
    clock.now += 1879
    assert str(begin(auth)[1].url) == JOBS
    clock.now += 2
    assert str(begin(auth)[1].url) != JOBS


def test_the_clock_is_monotonic_by_default() -> None:
    assert inspect.signature(ApiKeyAuth).parameters["clock"].default is time.monotonic


def test_a_401_drops_the_token_and_sends_the_request_once_more(auth: ApiKeyAuth) -> None:
    fetch(auth)
    flow, request = begin(auth)
    exchange = flow.send(httpx.Response(401))
    again = issue(flow, exchange, "token-2")
    assert again is request
    assert again.headers["Authorization"] == "Bearer token-2"
    end(flow, 401)


@pytest.mark.parametrize("status", [400, 403, 404, 407, 429, 500, 503])
def test_no_other_answer_drops_the_token(auth: ApiKeyAuth, status: int) -> None:
    fetch(auth)
    flow, _ = begin(auth)
    end(flow, status)
    assert str(begin(auth)[1].url) == JOBS


def test_a_401_for_a_token_that_was_replaced_meanwhile_drops_nothing(auth: ApiKeyAuth) -> None:
    fetch(auth)
    (slow, first), (quick, _) = begin(auth), begin(auth)
    issue(quick, quick.send(httpx.Response(401)), "token-2")
    again = slow.send(httpx.Response(401))
    assert again is first
    assert again.headers["Authorization"] == "Bearer token-2"


def test_the_store_drops_only_the_current_token() -> None:
    store, old, new = TokenStore(), Token("same", 10.0), Token("same", 10.0)
    store.keep(new)
    store.drop(old)
    assert store.usable(0.0) is new
    store.drop(new)
    assert store.usable(0.0) is None


@pytest.mark.parametrize("way", ["close", "throw", "refusal"])
def test_a_caller_that_gives_up_releases_the_lock(auth: ApiKeyAuth, way: str) -> None:
    flow, exchange = begin(auth)
    if way == "close":
        flow.close()
    elif way == "throw":
        with pytest.raises(KeyboardInterrupt):
            flow.throw(KeyboardInterrupt)
    else:
        with pytest.raises(AuthenticationError):
            flow.send(httpx.Response(400, json=BAD_KEY, request=exchange))
    next_one = ThreadPoolExecutor(1).submit(fetch, auth)
    next_one.result(timeout=5)


@pytest.mark.parametrize(
    "url",
    [
        *("http://service.example/api/v1/jobs", "https://service.example:8443/api", "https://evil.example/api"),
        *("https://service.example.evil.example/api", "https://evil.example/https://service.example/api"),
        *("https://service.example@evil.example/api", "https://sub.service.example/api"),
    ],
)
@pytest.mark.parametrize("kind", ["key", "token"])
def test_another_host_gets_no_token(auth: ApiKeyAuth, kind: str, url: str) -> None:
    asked = auth if kind == "key" else TokenAuth("token-1", base_url=BASE_URL)
    if kind == "key":
        fetch(auth)
    flow, request = begin(asked, url)
    assert request.url == url
    assert "token-1" not in str(request.headers.raw)
    end(flow, 401)


@pytest.mark.parametrize("url", ["https://service.example:443/x", "HTTPS://SERVICE.example/x", JOBS])
def test_the_same_host_written_otherwise_gets_the_token(auth: ApiKeyAuth, url: str) -> None:
    fetch(auth)
    assert begin(auth, url)[1].headers["Authorization"] == "Bearer token-1"


@pytest.mark.parametrize("suffix", ["", "/"])
def test_iam_is_asked_at_its_token_path(suffix: str) -> None:
    auth = ApiKeyAuth(API_KEY, iam_url=IAM_URL + suffix, base_url=BASE_URL)
    assert begin(auth)[1].url == f"{IAM_URL}{TOKEN_PATH}"


# The response of IAM.


def response_of_iam(status: int, body: Any = None, **headers: str) -> httpx.Response:
    request = httpx.Request("POST", f"{IAM_URL}{TOKEN_PATH}")
    return httpx.Response(status, json=body, headers=headers, request=request)


@pytest.mark.parametrize(
    ("status", "kind", "checks_the_key"),
    [
        (400, AuthenticationError, True),
        (401, AuthenticationError, True),
        (302, AuthenticationError, False),
        (408, ServerError, False),
        (499, ServerError, False),
        (429, RateLimited, False),
        (500, ServerError, False),
        (599, ServerError, False),
    ],
)
def test_an_error_of_iam_has_a_type(status: int, kind: type[ApiError], checks_the_key: bool) -> None:
    with pytest.raises(kind, match="IAM: Provided API key") as failure:
        parse_token(response_of_iam(status, BAD_KEY), api_key=API_KEY, asked_at=0.0)
    assert failure.value.status == status
    assert ("Check the API key" in (failure.value.solution or "")) is checks_the_key


NO_PAGE = {"title": "Not Found"}


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (400, BAD_KEY, "Check the API key"),
        (404, BAD_KEY, "Check the API key"),
        (404, NO_PAGE, "IAM_URL"),
        (405, NO_PAGE, "IAM_URL"),
    ],
)
def test_the_advice_depends_on_whether_iam_answers_at_all(status: int, body: Any, advice: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        parse_token(response_of_iam(status, body), api_key=API_KEY, asked_at=0.0)
    assert advice in (caught.value.solution or "")


def test_a_block_before_iam_is_an_edge_block() -> None:
    blocked = httpx.Response(403, headers={"CF-RAY": "ray"}, request=httpx.Request("POST", IAM_URL))
    with pytest.raises(EdgeBlocked):
        parse_token(blocked, api_key=API_KEY, asked_at=0.0)


@pytest.mark.parametrize("token", ["", None, 5, "a b", "a\nb", "ä", ["t"]])
def test_a_value_that_cannot_be_a_header_is_not_a_token(token: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="without a usable token"):
        parse_token(response_of_iam(200, token_body(token)), api_key=API_KEY, asked_at=0.0)


@pytest.mark.parametrize("lifetime", [0, -1, None, "soon", [], 10**400])
def test_a_life_that_is_not_positive_seconds_is_refused(lifetime: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="without a usable token"):
        parse_token(response_of_iam(200, token_body("t", lifetime)), api_key=API_KEY, asked_at=0.0)


def test_a_token_is_read_from_the_response() -> None:
    token = parse_token(response_of_iam(200, token_body("t", "3600")), api_key=API_KEY, asked_at=5.0)
    assert (token.value, token.refresh_at) == ("t", 2885.0)
    assert repr(token) == "Token(refresh_at=2885.0)"


def test_an_interrupt_right_after_the_lock_was_acquired_leaves_it_free(
    auth: ApiKeyAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler of Ctrl-C runs after the call, before its outcome is kept."""

    class Interrupted(Lock):
        def acquire(self, *arguments: Any, **named: Any) -> bool:
            super().acquire(*arguments, **named)
            raise KeyboardInterrupt

    lock = Interrupted()
    monkeypatch.setattr(auth, "_thread_lock", lock)
    with pytest.raises(KeyboardInterrupt):
        begin(auth)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: Lock.acquire(lock, blocking=False)).result()


def test_a_lock_is_free_in_a_forked_child_and_for_its_own_thread() -> None:
    lock = Lock()
    with lock, lock:
        lock.renew()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lock.acquire, timeout=1).result()
            pool.submit(lock.release).result()
        lock.acquire()
        lock.acquire()
