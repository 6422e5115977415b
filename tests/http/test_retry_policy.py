"""When a request may be sent again, and after how long: the decisions alone."""

from __future__ import annotations

import itertools

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest import ApiError, PendingJobsLimit, QuotaExceeded, RateLimited, RetryPolicy, TransportError
from qiskit_runtime_rest.http.retrying import may_retry

IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
OTHERS = ("POST", "PATCH")
PASSING = (408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
STAYING = (400, 401, 403, 404, 409, 413, 422, 423, 499, 501, 505, 519, 525, 302)


def answered(status: int) -> ApiError:
    return ApiError("said", status=status)


def lost(*, sent: bool) -> TransportError:
    return TransportError("lost", method="GET", url="https://h/", sent=sent)


def request(method: str) -> httpx.Request:
    return httpx.Request(method, "https://h/v1/jobs")


@pytest.mark.parametrize(("method", "status"), [*itertools.product(IDEMPOTENT, PASSING)])
def test_what_passes_is_tried_again(method: str, status: int) -> None:
    assert may_retry(request(method), answered(status), reached_service=True)


@pytest.mark.parametrize(("method", "status"), [*itertools.product(IDEMPOTENT + OTHERS, STAYING)])
def test_what_stays_is_not_tried_again(method: str, status: int) -> None:
    assert not may_retry(request(method), answered(status), reached_service=True)
    assert not may_retry(request(method), answered(status), reached_service=False)


@pytest.mark.parametrize(("method", "status"), [*itertools.product(OTHERS, PASSING)])
def test_what_may_have_happened_is_not_done_twice(method: str, status: int) -> None:
    assert may_retry(request(method), answered(status), reached_service=True) is (status == 429)


@pytest.mark.parametrize(("method", "status"), [*itertools.product(IDEMPOTENT + OTHERS, PASSING)])
def test_what_failed_on_the_way_to_a_token_is_tried_again(method: str, status: int) -> None:
    assert may_retry(request(method), answered(status), reached_service=False)
    assert may_retry(request(method), lost(sent=True), reached_service=False)


@pytest.mark.parametrize("method", IDEMPOTENT)
def test_a_lost_connection_is_tried_again(method: str) -> None:
    assert may_retry(request(method), lost(sent=True), reached_service=True)
    assert may_retry(request(method), lost(sent=False), reached_service=True)


@pytest.mark.parametrize("method", OTHERS)
def test_a_lost_connection_is_tried_again_only_if_no_byte_left(method: str) -> None:
    assert not may_retry(request(method), lost(sent=True), reached_service=True)
    assert may_retry(request(method), lost(sent=False), reached_service=True)


@pytest.mark.parametrize("kind", [PendingJobsLimit, QuotaExceeded])
@pytest.mark.parametrize("method", IDEMPOTENT + OTHERS)
def test_a_limit_that_stays_is_not_waited_for(method: str, kind: type[ApiError]) -> None:
    assert not may_retry(request(method), kind("full", status=429), reached_service=True)
    assert may_retry(request(method), RateLimited("slow down", status=429), reached_service=True)


@pytest.mark.parametrize(
    ("attempt", "bound"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 16.0), (7, 20.0), (50, 20.0)]
)
def test_the_delay_is_anything_up_to_a_bound_that_doubles(attempt: int, bound: float) -> None:
    for share in (0.0, 0.25, 0.999):
        policy = RetryPolicy(attempts=100, random=lambda share=share: share)  # type: ignore[misc]
        assert policy.delay(attempt, elapsed=0, retry_after=None) == pytest.approx(share * bound)


def test_delays_differ_from_client_to_client() -> None:
    delays = {RetryPolicy().delay(3, elapsed=0, retry_after=None) for _ in range(50)}
    assert len(delays) > 40


@pytest.mark.parametrize(("asked", "least"), [(0, 0), (7, 7), (59, 59), (60, 60), (3600, 60), (float("inf"), 60)])
def test_retry_after_is_waited_for_up_to_a_cap_and_jittered(asked: float, least: float) -> None:
    policy = RetryPolicy(random=lambda: 0.5)
    assert policy.delay(1, elapsed=0, retry_after=asked) == least + 0.25


@pytest.mark.parametrize(("attempt", "goes_on"), [(1, True), (5, True), (6, False), (7, False)])
def test_attempts_are_a_budget(attempt: int, goes_on: bool) -> None:
    delay = RetryPolicy(random=lambda: 0.0).delay(attempt, elapsed=0, retry_after=None)
    assert (delay is not None) is goes_on


@pytest.mark.parametrize(
    ("elapsed", "retry_after", "goes_on"), [(119.5, 0.5, True), (119.6, 0.5, False), (121, None, False)]
)
def test_seconds_are_a_budget(elapsed: float, retry_after: float | None, goes_on: bool) -> None:
    delay = RetryPolicy(random=lambda: 0.0).delay(1, elapsed=elapsed, retry_after=retry_after)
    assert (delay is not None) is goes_on


@pytest.mark.parametrize(("seconds", "kept"), [(5.0, 5.0), (0.0, 0.0), (500.0, 120.0)])
def test_a_caller_can_only_shorten_the_budget(seconds: float, kept: float) -> None:
    assert RetryPolicy().within(seconds).seconds == kept


@given(
    attempt=st.integers(1, 200),
    elapsed=st.floats(0, 500),
    retry_after=st.none() | st.floats(0, allow_nan=False),
    share=st.floats(0, 1, exclude_max=True),
)
def test_no_retry_begins_after_the_budget(
    attempt: int, elapsed: float, retry_after: float | None, share: float
) -> None:
    policy = RetryPolicy(random=lambda: share)
    delay = policy.delay(attempt, elapsed=elapsed, retry_after=retry_after)
    assert delay is None or (0 <= delay <= 80 and elapsed + delay <= 120 and attempt < 6)
