"""Retrying stepped by hand: what is sent again, after which sleep, and the final error."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import ApiError, NotFound, RateLimited, RetryPolicy, ServerError, TransportError
from qiskit_runtime_rest.errors import UnexpectedAnswer
from qiskit_runtime_rest.http.auth.iam import token_request
from qiskit_runtime_rest.http.retrying import (
    BUDGET,
    NO_RATE_RETRIES,
    VIOLATION,
    may_have_happened,
    send_with_retries,
    what_happened,
)
from qiskit_runtime_rest.plans.deadline import Deadline, end_by

from ..fixtures.clocks import FakeClock
from ..fixtures.stepping import URL, Reply, Stepper, error, reply

POLICY = RetryPolicy(random=lambda: 0.5)


def request(method: str = "GET", extensions: dict[str, Any] | None = None) -> httpx.Request:
    return httpx.Request(method, URL, extensions=extensions or {})


def send(clock: FakeClock, replies: list[Reply], asked: httpx.Request | None = None) -> tuple[httpx.Response, Stepper]:
    stepper = Stepper(clock, replies)
    return stepper.run(send_with_retries(asked or request(), {"stream": False}, POLICY, clock)), stepper


def test_a_success_is_sent_once_with_the_options(clock: FakeClock) -> None:
    response, stepper = send(clock, [reply({"a": 1})])
    assert response.json() == {"a": 1}
    assert [one.options for one in stepper.requests] == [{"stream": False}]
    assert (clock.slept, response.encoding) == ([], "utf-8")


def test_delays_double_until_the_attempts_are_used_up(clock: FakeClock) -> None:
    with pytest.raises(ServerError) as failure:
        send(clock, [reply(status=503)] * 7)
    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert failure.value.__notes__ == ["Given up after 6 attempts in 7.8 s."]


def test_a_final_error_of_one_attempt_has_no_notes(clock: FakeClock) -> None:
    with pytest.raises(NotFound) as failure:
        send(clock, [reply(status=404)])
    assert not hasattr(failure.value, "__notes__")


def test_retry_after_is_added_to_the_delay(clock: FakeClock) -> None:
    send(clock, [reply(status=429, Retry_After="7"), reply()])
    assert clock.slept == [7.25]


def test_the_last_answer_of_the_service_is_noted_on_a_lost_connection(clock: FakeClock) -> None:
    lost = httpx.ReadError("gone", request=request())
    with pytest.raises(TransportError) as failure:
        send(clock, [reply({"errors": [{"message": "Planned."}]}, 503), *[lost] * 5])
    assert [note.partition(":")[0] for note in failure.value.__notes__] == [
        "Given up after 6 attempts in 7.8 s.",
        "The service's last answer",
    ]
    assert "Planned (HTTP 503" in failure.value.__notes__[1]


def test_a_failed_token_request_does_not_reach_the_service(clock: FakeClock) -> None:
    token = token_request("https://iam", api_key="k" * 20, like=request())
    post = request("POST")
    _, stepper = send(clock, [httpx.ReadError("gone", request=token), error(503), reply({})], post)
    assert len(stepper.requests) == 3
    with pytest.raises(TransportError, match=r"check iam_url") as failure:
        send(clock, [httpx.ConnectError("no", request=token) for _ in range(6)], post)
    assert failure.value.sent is False


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ProxyError, False),
        (httpx.ReadTimeout, True),
        (httpx.RemoteProtocolError, True),
        (httpx.WriteError, True),
    ],
)
def test_a_post_is_sent_again_only_if_nothing_was_sent(
    clock: FakeClock, failure: type[httpx.RequestError], sent: bool
) -> None:
    lost = [failure("no", request=request("POST"))]
    if not sent:
        assert len(send(clock, [*lost, reply()], request("POST"))[1].requests) == 2
        return
    with pytest.raises(TransportError) as caught:
        send(clock, [*lost, reply()], request("POST"))
    assert caught.value.sent


@pytest.mark.parametrize(
    "failure",
    [httpx.UnsupportedProtocol("ftp"), httpx.LocalProtocolError("x"), httpx.ConnectError("CERTIFICATE_VERIFY_FAILED")],
)
def test_a_lasting_failure_is_final(clock: FakeClock, failure: httpx.RequestError) -> None:
    with pytest.raises(TransportError):
        send(clock, [failure, reply()])
    assert clock.slept == []


def test_the_cause_does_not_hold_the_credentials(clock: FakeClock) -> None:
    secret = httpx.Request("POST", URL, headers={"Authorization": "Bearer secret"})
    with pytest.raises(TransportError) as failure:
        send(clock, [httpx.ReadError("gone", request=secret)], secret)
    cause = failure.value.__cause__
    assert isinstance(cause, httpx.ReadError)
    assert "Authorization" not in cause.request.headers
    assert (cause.request.method, str(cause.request.url)) == ("POST", URL)


@pytest.mark.parametrize("first", [reply(status=503), httpx.ReadError("gone")])
def test_a_delete_that_may_have_succeeded_succeeds_with_not_found(clock: FakeClock, first: Reply) -> None:
    assert send(clock, [first, reply(status=404)], request("DELETE"))[0].status_code == 204


@pytest.mark.parametrize("first", [reply(status=429), httpx.ConnectError("no"), error(503)])
def test_a_delete_that_cannot_have_succeeded_is_not_found(clock: FakeClock, first: Reply) -> None:
    with pytest.raises(NotFound):
        send(clock, [first, reply(status=404)], request("DELETE"))


def test_a_get_is_never_taken_for_done(clock: FakeClock) -> None:
    with pytest.raises(NotFound):
        send(clock, [reply(status=503), reply(status=404)])


@pytest.mark.parametrize(("budget", "sends"), [(0.0, 1), (0.3, 2), (1.0, 3), (1000.0, 6)])
def test_a_budget_ends_the_retries(clock: FakeClock, budget: float, sends: int) -> None:
    stepper = Stepper(clock, [reply(status=503)] * 7)
    with pytest.raises(ServerError):
        stepper.run(send_with_retries(request(extensions={BUDGET: budget}), {}, POLICY, clock))
    assert len(stepper.requests) == sends


@pytest.mark.parametrize(
    ("extensions", "seconds"),
    [
        ({}, 300.0),
        ({BUDGET: 0.5}, 5.0),
        ({BUDGET: 30.0}, 30.0),
        ({"timeout": {"read": 200.0, "write": 200.0}}, 400.0),
        ({"timeout": {"read": None}}, 3600.0),
    ],
)
def test_an_attempt_has_a_longest_time(clock: FakeClock, extensions: dict[str, Any], seconds: float) -> None:
    _, stepper = send(clock, [reply()], request(extensions=extensions))
    assert [one.seconds for one in stepper.requests] == [seconds]


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/jobs"), ("GET", "/v1/jobs/x/results")])
def test_params_and_results_may_take_longer(clock: FakeClock, method: str, path: str) -> None:
    _, stepper = send(clock, [reply()], httpx.Request(method, f"https://service/api{path}"))
    assert [one.seconds for one in stepper.requests] == [3600.0]


def test_no_retry_begins_after_the_deadline(clock: FakeClock) -> None:
    with end_by(Deadline(clock.now + 0.7, clock)), pytest.raises(ServerError):
        send(clock, [reply(status=503)] * 7)
    assert clock.slept == [0.25]


def test_a_sender_that_handles_the_rate_gets_the_refusal_at_once(clock: FakeClock) -> None:
    with pytest.raises(RateLimited):
        send(clock, [reply(status=429)], request("POST", {NO_RATE_RETRIES: True}))
    assert clock.slept == []


def test_a_violation_of_the_contract_is_noted_on_the_error(clock: FakeClock) -> None:
    refused = reply(status=404)
    refused.extensions[VIOLATION] = "odd"
    with pytest.raises(NotFound) as failure:
        send(clock, [refused])
    assert failure.value.__notes__ == ["Besides, odd"]


def test_token_requests_are_removed_from_the_history(clock: FakeClock) -> None:
    token = token_request("https://iam", api_key="k" * 20, like=request())
    response = reply()
    response.history = [reply(status=401), httpx.Response(200, request=token)]
    assert [past.status_code for past in send(clock, [response])[0].history] == [401]


@pytest.mark.parametrize(
    ("failure", "uncertain"),
    [
        (TransportError("", method="POST", url=URL, sent=True), True),
        (TransportError("", method="POST", url=URL, sent=False), False),
        (ServerError("", status=503, url=URL), True),
        (UnexpectedAnswer("", status=200, url=URL), True),
        (ServerError("", status=503, url="https://iam/identity/token"), False),
        (NotFound("", status=404, url=URL), False),
    ],
)
def test_only_some_failures_leave_it_open_whether_the_work_was_done(
    failure: ApiError | TransportError, uncertain: bool
) -> None:
    assert may_have_happened(failure) is uncertain


def test_the_reason_of_a_lost_connection_names_the_setting() -> None:
    assert what_happened(httpx.ConnectError("")).startswith("could not connect; check base_url")
    assert "IAM_URL" in what_happened(httpx.ConnectTimeout(""), url="iam_url (IAM_URL)")
    assert what_happened(httpx.ReadError("")) == "the connection was lost"


def test_each_retry_is_logged(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    send(clock, [reply(status=503), reply(status=503), reply()])
    assert [message.rpartition(" Attempt ")[2] for message in caplog.messages] == [
        "2 of 6 follows in 0.2 s.",
        "3 of 6 follows in 0.5 s.",
    ]
