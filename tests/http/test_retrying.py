"""Requests that fail, on the wire: which are sent again, how often, and what is raised in the end."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

import pytest

from qiskit_runtime_rest import (
    ApiError,
    NotFound,
    PendingJobsLimit,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    TransportError,
)
from qiskit_runtime_rest.http.retrying import BUDGET

from ..fixtures.faces import Connect
from ..fixtures.loopback import CRN, CUT, HTML, RESET, Answer, Loopback, refused

FAILURES = {
    **{str(status): Answer(status, HTML.body) for status in (408, 503, 504, 524)},
    "reset": RESET,
    "reset-midway": Answer(200, "{}" * 5000, reset="after"),
    "cut": CUT,
    "cut-503": Answer(503, "down", length=100),
    "bad-compression": Answer(200, b"not gzip", {"Content-Encoding": "gzip"}),
}
FINAL = [400, 401, 403, 404, 409, 422, 423, 499, 501, 525, 302]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    ("method", "path", "again"),
    [
        *(("GET", "/v1/jobs/x", True), ("PUT", "/v1/jobs/x/tags", True), ("DELETE", "/v1/jobs/x", True)),
        *(("POST", "/v1/jobs", False), ("POST", "/v1/sessions", False), ("PATCH", "/v1/sessions/x", False)),
    ],
)
def test_only_what_cannot_be_done_twice_is_sent_again(
    service: Loopback, connect: Connect, method: str, path: str, again: bool, failure: str
) -> None:
    service.script(f"{method} /api{path}", FAILURES[failure], FAILURES[failure], Answer(200, {}))
    face = connect(service)
    if again:
        assert face.request(method, path).json() == {}
        assert len(service.calls) == 3
    else:
        with pytest.raises((ApiError, TransportError)) as caught:
            face.request(method, path, json={"a": 1})
        assert len(service.calls) == 1
        assert getattr(caught.value, "sent", True)


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_will_not_change_is_final(
    service: Loopback, connect: Connect, clock: Any, method: str, status: int
) -> None:
    service.script("*", Answer(status))
    with pytest.raises(ApiError):
        connect(service, token="ready-made").request(method, "/v1/jobs/x")
    assert len(service.calls) == 1
    assert clock.slept == []


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/sessions"])
def test_a_post_refused_with_429_is_sent_again_with_its_body(service: Loopback, connect: Connect, path: str) -> None:
    service.script("*", Answer(429, refused(1202, "Too many.")), Answer(200, {"id": "x"}))
    connect(service).request("POST", path, json={"a": 1})
    assert [json.loads(call.body) for call in service.calls] == [{"a": 1}] * 2


def test_too_many_pending_jobs_are_not_waited_for(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(429, refused(3458, "Too many pending jobs.")))
    with pytest.raises(PendingJobsLimit):
        connect(service).request("POST", "/v1/jobs", json={})
    assert len(service.calls) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_whatever_the_method(connect: Connect, clock: Any, method: str) -> None:
    port = free_port()
    face = connect(token="ready-made", base_url=f"http://127.0.0.1:{port}/api")
    late: list[Loopback] = []
    rest = clock.sleep

    def start(seconds: float, stop: object = None) -> None:
        rest(seconds)
        if not late:
            late.append(Loopback(port=port).__enter__())
            late[0].script("*", Answer(200, {}))

    clock.sleep = start
    try:
        assert face.request(method, "/v1/jobs").json() == {}
    finally:
        for server in late:
            server.__exit__(None, None, None)
    assert len(clock.slept) == 1
    assert len(late[0].asked) == 1


def test_a_connection_refused_for_good_says_where_and_what_to_check(connect: Connect, clock: Any) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    with pytest.raises(TransportError, match=r"GET http://127\.0\.0\.1.*could not connect; check base_url") as caught:
        connect(token="ready-made", base_url=url).request("GET", "/v1/jobs")
    assert caught.value.sent is False
    assert (caught.value.method, caught.value.url) == ("GET", f"{url}/v1/jobs")
    assert len(clock.slept) == 5
    assert caught.value.__notes__ == [f"Given up after 6 attempts in {sum(clock.slept):.1f} s."]


def test_an_iam_that_is_not_reached_says_which_address_to_check(service: Loopback, connect: Connect) -> None:
    face = connect(service, iam_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TransportError, match=r"identity/token: could not connect; check iam_url \(IAM_URL\), the name"):
        face.request("GET", "/v1/jobs")


@pytest.mark.parametrize("failure", ["503", "reset", "429", "cut"])
def test_iam_is_asked_again_also_for_a_post_which_is_sent_once(
    service: Loopback, connect: Connect, failure: str
) -> None:
    def issue(request: Any) -> Answer:
        return service.issue(request)

    spoiled = {**FAILURES, "429": Answer(429, {"errorMessage": "Slow down."})}[failure]
    service.script("POST /identity/token", spoiled, spoiled, issue)
    service.script("POST /api/v1/jobs", Answer(200, {"id": "x"}))
    assert connect(service).request("POST", "/v1/jobs", json={}).json() == {"id": "x"}
    assert (len(service.exchanges), len(service.calls)) == (3, 1)


def test_iam_that_stays_down_is_given_up_on_with_its_last_words(service: Loopback, connect: Connect) -> None:
    service.script("POST /identity/token", Answer(503, {"errorMessage": "Closed for today."}))
    with pytest.raises(ServerError, match=r"IAM: Closed for today") as caught:
        connect(service).request("POST", "/v1/jobs", json={})
    assert (len(service.exchanges), len(service.calls)) == (6, 0)
    assert "Given up after 6 attempts" in caught.value.__notes__[0]


def test_waits_grow_and_are_jittered(service: Loopback, connect: Connect, clock: Any) -> None:
    service.script("*", Answer(503))
    with pytest.raises(ServerError):
        connect(service).request("GET", "/v1/jobs")
    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert len(service.calls) == 6


@pytest.mark.parametrize(("header", "waited"), [("7", 7.25), ("3600", 60.25), ("soon", 0.25)])
def test_retry_after_is_honoured_up_to_a_cap(
    service: Loopback, connect: Connect, clock: Any, header: str, waited: float
) -> None:
    service.script("*", Answer(503, headers={"Retry-After": header}), Answer(200))
    connect(service).request("GET", "/v1/jobs")
    assert clock.slept == [waited]


def test_the_budget_in_seconds_ends_the_retries(service: Loopback, connect: Connect, clock: Any) -> None:
    service.script("*", Answer(503, headers={"Retry-After": "50"}))
    with pytest.raises(ServerError) as caught:
        connect(service).request("GET", "/v1/jobs")
    assert len(service.calls) == 3
    assert sum(clock.slept) <= 120
    assert caught.value.retry_after == 50


def test_attempts_are_the_callers_choice(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(503))
    with pytest.raises(ServerError) as caught:
        connect(service, retries=RetryPolicy(attempts=1)).request("GET", "/v1/jobs")
    assert len(service.calls) == 1
    assert not hasattr(caught.value, "__notes__")


def test_a_call_with_a_deadline_takes_no_longer_for_its_retries(service: Loopback, clock: Any) -> None:
    service.script("*", Answer(503))
    retries = RetryPolicy(random=lambda: 0.5)
    with RuntimeClient(
        token="ready-made", instance=CRN, base_url=service.base_url, clock=clock, retries=retries
    ) as client:
        with pytest.raises(ServerError):
            client.api.get_httpx_client().get("/v1/jobs/x", extensions={BUDGET: 0.5})
        limited = len(service.calls)
        with pytest.raises(ServerError):
            client.api.get_httpx_client().get("/v1/jobs/x")
    assert (limited, len(service.calls) - limited) == (2, 6)


def test_each_retry_is_logged_with_its_reason(
    service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    service.script("*", Answer(503, refused(1999, "Planned outage.")), RESET, Answer(200))
    connect(service).request("GET", "/v1/jobs")
    records = [record for record in caplog.records if record.name == "qiskit_runtime_rest.connection"]
    assert [record.levelno for record in records] == [logging.WARNING] * 2
    first, second = (record.getMessage() for record in records)
    assert "Planned outage" in first
    assert first.endswith("] Attempt 2 of 6 follows in 0.2 s.")
    assert "GET http://127.0.0.1" in second
    assert second.endswith(". Attempt 3 of 6 follows in 0.5 s.")


def test_what_is_given_up_on_carries_the_services_last_words(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(503, refused(1999, "Planned outage.")), RESET)
    with pytest.raises(TransportError) as caught:
        connect(service).request("GET", "/v1/jobs")
    assert caught.value.sent
    given_up, last_words = caught.value.__notes__
    assert given_up.startswith("Given up after 6 attempts")
    assert "The service's last answer: Planned outage (HTTP 503, code 1999)" in last_words


@pytest.mark.parametrize("first", ["503", "reset", "cut", "504"])
def test_a_delete_that_was_done_by_an_attempt_whose_answer_got_lost_is_done(
    service: Loopback, connect: Connect, first: str
) -> None:
    service.script("DELETE /api/v1/jobs/x", FAILURES[first], Answer(404, refused(1291, "Job not found.")))
    assert connect(service).request("DELETE", "/v1/jobs/x").status_code == 204


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_other_methods_are_not_done_by_a_404(service: Loopback, connect: Connect, method: str) -> None:
    service.script("*", Answer(503), Answer(404))
    with pytest.raises(NotFound):
        connect(service).request(method, "/v1/jobs/x")


@pytest.mark.parametrize("answers", [[Answer(404)], [Answer(429), Answer(404)]], ids=["at-once", "after-429"])
def test_a_delete_of_what_never_was_is_not_found(service: Loopback, connect: Connect, answers: list[Answer]) -> None:
    service.script("*", *answers)
    with pytest.raises(NotFound):
        connect(service).request("DELETE", "/v1/jobs/x")


def test_a_delete_that_iam_held_up_is_not_taken_for_done(service: Loopback, connect: Connect) -> None:
    service.script("POST /identity/token", Answer(503), service.issue)
    with pytest.raises(NotFound):
        connect(service).request("DELETE", "/v1/jobs/x")


def test_the_history_of_an_answer_holds_no_tokens(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(401), Answer(200))
    response = connect(service).request("GET", "/v1/jobs")
    assert len(service.exchanges) == 2
    assert [past.status_code for past in response.history] == [401]
    assert all("access_token" not in past.text for past in response.history)


def test_an_error_in_a_streamed_answer_has_its_message(service: Loopback) -> None:
    service.script("*", Answer(404, refused(1291, "Job not found.")))
    with RuntimeClient(token="ready-made", instance=CRN, base_url=service.base_url) as client:
        http = client.api.get_httpx_client()
        with pytest.raises(NotFound, match="Job not found"), http.stream("GET", "/v1/jobs/x"):
            raise AssertionError("an error was handed out as an answer")


@pytest.mark.parametrize(
    ("url", "headers", "complaint"),
    [("/v1/jobs", {"X-Own": "a\nb"}, "cannot be sent as it is"), ("ftp://127.0.0.1/x", {}, r"not an http\(s\) URL")],
    ids=["header", "scheme"],
)
def test_a_request_that_cannot_be_sent_is_not_tried_again(
    service: Loopback, connect: Connect, clock: Any, url: str, headers: dict[str, str], complaint: str
) -> None:
    with pytest.raises(TransportError, match=complaint):
        connect(service, token="ready-made").request("GET", url, headers=headers)
    assert clock.slept == []
    assert service.asked == []
