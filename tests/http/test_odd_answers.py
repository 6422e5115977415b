"""Answers with one thing in them that nobody promised: waits go on, errors have a type, what is known is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import (
    JobFailed,
    RetryPolicy,
    RuntimeRestError,
    SubmissionPolicy,
    SubmissionUnknown,
    TransportError,
    UnexpectedAnswer,
    WaitTimeout,
)

from ..fixtures.faces import Connect
from ..fixtures.loopback import Answer, Loopback

JOB = "GET /api/v1/jobs/x"
JOBS = "GET /api/v1/jobs"
LOGS = "GET /api/v1/jobs/x/logs"
BACKENDS = "GET /api/v1/backends"
HUGE = "9" * 400
"""As a number, more than any float."""

Do = Callable[[Any], Any]


def job_of(face: Any) -> Any:
    """The job x, read."""
    return face.do(lambda client: client.jobs.get("x"))


@pytest.mark.parametrize(
    "odd",
    [
        *({"reason": 5}, {"reason": {"message": "boom"}}, {"reason_solution": ["a"]}, {"reason_code": [1]}),
        *({"reason_code": {"a": 1}}, {"status": ["Failed"]}),
    ],
    ids=json.dumps,
)
def test_a_failed_job_raises_whatever_its_state_holds(service: Loopback, connect: Connect, odd: dict[str, Any]) -> None:
    service.script(JOB, Answer(200, {"id": "x", "status": "Failed", "state": {"reason": "boom", **odd}}))
    face = connect(service)
    job = job_of(face)
    with pytest.raises(JobFailed, match="job x: Failed"):
        face.do(lambda _: job.wait())
    assert isinstance(job.failure, JobFailed)
    (ended,) = face.do(lambda client: client.jobs.wait_all(["x"]))
    assert isinstance(ended.failure, JobFailed)


@pytest.mark.parametrize(
    "odd",
    [
        *({"backend": ["b"]}, {"backend": {}}, {"tags": 7}, {"created": 5}),
        *({"created": moment} for moment in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00")),
        *({"created": moment} for moment in ("9999-12-31T23:59:59.999-12:00", "9999-12-31T23:59:59Z")),
    ],
    ids=json.dumps,
)
def test_jobs_with_an_odd_value_are_waited_for(service: Loopback, connect: Connect, odd: dict[str, Any]) -> None:
    listed = [{"id": name, "status": "Queued", **odd} for name in "xy"]
    service.script(JOBS, Answer(200, {"jobs": listed, "count": 2}))
    for name in "xy":
        service.script(f"{JOBS}/{name}", Answer(200, {"id": name, "status": "Queued"}))
    face = connect(service)
    # Read before, so that what is odd chooses the filters.
    known = face.do(lambda client: client.jobs.list())
    jobs = list(known)
    with pytest.raises(WaitTimeout):
        face.do(lambda client: client.jobs.wait_all(jobs, timeout=3))


@pytest.mark.parametrize("number", [HUGE, "-" + HUGE, "1e999", "NaN", '"4"', "true", "[4]"])
def test_an_invalid_number_of_seconds_is_ignored(service: Loopback, connect: Connect, number: str) -> None:
    status = '{"id": "x", "status": "%s", "backend": "b", "estimated_running_time_seconds": %s}'
    service.script(JOB, *[Answer(200, status % (word, number)) for word in ("Queued", "Queued", "Completed")])
    times = '{"devices": [{"name": "b", "queue_length": 3, "wait_time_seconds": {"average": %s, "p50": 2}}]}'
    service.script(BACKENDS, Answer(200, times % number))
    face = connect(service)
    job = job_of(face)
    seen: list[Any] = []
    face.do(lambda _: job.wait(on_status=seen.append))
    assert [update.estimated_running_time_seconds for update in seen] == [None, None]
    assert (seen[0].queue_length, seen[0].wait_time.average, seen[0].wait_time.p50) == (3, None, 2.0)


@pytest.mark.parametrize("charset", ["hex", "zlib", "uu", "idna", "undefined", "utf-16", "none of them"])
@pytest.mark.parametrize("options", [{}, {"validate": lambda violation: None}], ids=["unchecked", "checked"])
def test_a_charset_that_is_wrong_does_not_matter(
    service: Loopback, connect: Connect, charset: str, options: dict[str, Any]
) -> None:
    odd = {"Content-Type": f"text/plain; charset={charset}"}
    service.script(JOB, Answer(200, {"id": "x", "status": "Failed", "state": {"reason": "boom"}}))
    service.script(LOGS, Answer(200, "größer\n", odd))
    service.script(
        "GET /api/v1/versions", Answer(200, {"versions": []}, {"Content-Type": f"application/json; charset={charset}"})
    )
    face = connect(service, **options)
    job = job_of(face)
    assert face.do(lambda _: job.logs()) == "größer\n"
    with pytest.raises(JobFailed, match="boom") as caught:
        face.do(lambda _: job.wait())
    assert caught.value.log_tail == "größer"
    assert face.do(lambda client: client.versions()) == []


NOWHERE = [
    "javascript:alert(1)",
    "mailto:x",
    "http://xn--a/",
    "http://xn--zzzzzzzz99999999/",
    "http://[::1",
    "http://a:b/",
]


reads_redirects = pytest.mark.skipif(
    httpx.__name__ == "httpx2", reason="httpx2 does not read the address of a redirect that it does not follow"
)


@reads_redirects
@pytest.mark.parametrize("location", NOWHERE)
def test_a_redirect_to_an_invalid_url_is_a_transport_error(service: Loopback, connect: Connect, location: str) -> None:
    service.script("*", Answer(302, headers={"Location": location}))
    face = connect(service)
    with pytest.raises(TransportError, match="answer breaks HTTP") as caught:
        job_of(face)
    assert caught.value.sent is True
    assert "Authorization" not in repr(vars(caught.value.__cause__))


@reads_redirects
@pytest.mark.parametrize("location", NOWHERE)
def test_a_submission_redirected_to_an_invalid_url_is_looked_up(
    service: Loopback, connect: Connect, location: str
) -> None:
    service.script("POST /api/v1/jobs", Answer(302, headers={"Location": location}))
    service.script(JOBS, Answer(200, {"jobs": []}))
    face = connect(service, submission=SubmissionPolicy(settle=5))
    with pytest.raises(SubmissionUnknown):
        face.do(lambda client: client.jobs.submit("sampler", params={}, backend="b"))
    assert {call.method for call in service.calls} == {"POST", "GET"}


@pytest.mark.parametrize(
    "versions", [[{"status": "x"}], [{"version": None}], [{"version": 5}], [""], [None], 5, None], ids=json.dumps
)
def test_versions_without_a_name_are_no_list_of_versions(service: Loopback, connect: Connect, versions: Any) -> None:
    service.script("GET /api/v1/versions", Answer(200, {"versions": versions}))
    with pytest.raises(UnexpectedAnswer, match="no list of versions"):
        connect(service).do(lambda client: client.versions())


def test_the_least_busy_backend_is_found_among_odd_ones(service: Loopback, connect: Connect) -> None:
    online = {"status": {"name": "online"}}
    devices = [
        {"name": "texts", "qubits": "127", "queue_length": "0", **online},
        {"name": "lists", "qubits": [127], "queue_length": {}, **online},
        {"name": "flags", "qubits": True, "queue_length": False, **online},
        {"name": "state", "qubits": 127, "queue_length": 0, "status": {"name": ["online"]}},
        {"name": "plain", "qubits": 5, "queue_length": 9, **online},
    ]
    service.script(BACKENDS, Answer(200, {"devices": devices}))
    face = connect(service)
    assert face.do(lambda client: client.backends.least_busy(min_num_qubits=2)).name == "plain"
    listed = face.do(lambda client: client.backends.list())
    assert [backend.num_qubits for backend in listed] == [None, None, None, 127, 5]


@pytest.mark.parametrize(
    ("route", "body", "read"),
    [
        (JOB, {"id": "x", "state": 5, "tags": 7}, lambda client: client.jobs.get("x")),
        ("GET /api/v1/sessions/x", {"state": "open"}, lambda client: client.sessions.get("x")),
        (BACKENDS, {"devices": [{"name": "x", "status": 5}]}, lambda client: client.backends.get("x")),
    ],
    ids=["job", "session", "backend"],
)
def test_details_of_which_something_is_missing_are_a_typed_error(
    service: Loopback, connect: Connect, route: str, body: Any, read: Do
) -> None:
    service.script(route, Answer(200, body))
    thing = connect(service).do(read)
    with pytest.raises(UnexpectedAnswer, match="x is not what the contract promises"):
        thing.details  # noqa: B018 - reading it is what is tried
    assert thing.raw
    assert repr(thing)


@pytest.mark.parametrize("state", [{}, {"status": None}, {"status": ""}, {"state": {}}, {"status": 5}], ids=json.dumps)
@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_wait_for_a_job_without_a_status_ends(
    service: Loopback, connect: Connect, clock: Any, state: dict[str, Any], timeout: float | None
) -> None:
    service.script(JOB, Answer(200, {"id": "x", "status": "Running"}), Answer(200, {"id": "x", **state}))
    face = connect(service)
    job = job_of(face)
    with pytest.raises(RuntimeRestError) as caught:
        face.do(lambda _: job.wait(timeout=timeout))
    why = caught.value if timeout is None else caught.value.__cause__
    assert isinstance(why, UnexpectedAnswer)
    assert "does not hold the job's status" in str(why)
    assert 900 <= sum(clock.slept) < 1000 if timeout is None else isinstance(caught.value, WaitTimeout)


def test_a_check_without_a_status_does_not_end_a_wait(service: Loopback, connect: Connect) -> None:
    odd, done = Answer(200, {"id": "x"}), Answer(200, {"id": "x", "status": "Completed"})
    service.script(JOB, Answer(200, {"id": "x", "status": "Running"}), odd, Answer(200, {"status": "Odd"}), odd, done)
    face = connect(service)
    job = job_of(face)
    assert face.do(lambda _: job.wait()) == "Completed"


def test_jobs_listed_without_a_status_are_read_one_by_one(service: Loopback, connect: Connect) -> None:
    service.script(JOBS, Answer(200, {"jobs": [{"id": "x"}, {"id": "y", "status": []}], "count": 2}))
    for name in "xy":
        service.script(f"{JOBS}/{name}", Answer(200, {"id": name, "status": "Completed"}))
    jobs = connect(service).do(lambda client: client.jobs.wait_all(["x", "y"], results=False))
    assert [job.raw["status"] for job in jobs] == ["Completed"] * 2


def test_a_wait_for_a_session_without_a_state_ends(service: Loopback, connect: Connect, clock: Any) -> None:
    service.script("GET /api/v1/sessions/s", Answer(200, {"id": "s"}))
    face = connect(service)
    session = face.do(lambda client: client.sessions.get("s"))
    with pytest.raises(UnexpectedAnswer, match="contains no session state"):
        face.do(lambda _: session.wait())
    assert 900 <= sum(clock.slept) < 1000


@pytest.mark.parametrize(
    ("header", "slept"),
    [
        *((header, 3600.0) for header in ("99999999999", HUGE, "Fri, 31 Dec 9999 23:59:59 GMT", "86400")),
        *((header, 0.25) for header in ("-5", "soon", "nan", "1e9")),
    ],
)
@pytest.mark.parametrize("status", [200, 503])
def test_no_wait_sleeps_for_more_than_an_hour_at_a_time(
    service: Loopback, connect: Connect, clock: Any, header: str, slept: float, status: int
) -> None:
    running, completed = {"id": "x", "status": "Running"}, {"id": "x", "status": "Completed"}
    busy = Answer(status, running, {"Retry-After": header})
    service.script(JOB, Answer(200, running), busy, Answer(200, completed))
    face = connect(service, retries=RetryPolicy(attempts=1))
    job = job_of(face)
    assert face.do(lambda _: job.wait()) == "Completed"
    assert clock.slept == [pytest.approx(slept, abs=0.05)]


ODD = "\x1b[2J\x1b]0;title\x07 \x9b31m \x00\x08\x7f \u202e\u2066 \r\nERROR forged\u2028\x85."
"""What clears a screen, renames a window, rings, turns the writing round, ends lines."""

FAILED = {"status": "Failed", "state": {"reason": ODD, "reason_code": ODD, "reason_solution": ODD}}


def job_waited(face: Any) -> Any:
    job = job_of(face)
    return face.do(lambda _: job.wait(timeout=3))


def session_waited(face: Any) -> Any:
    session = face.do(lambda client: client.sessions.get("s"))
    return face.do(lambda _: session.wait(timeout=3))


def submitted(face: Any) -> Any:
    return face.do(lambda client: client.jobs.submit("sampler", params={}, backend="b"))


CASES: dict[str, tuple[Any, Do, int]] = {
    "message": ({"errors": [{"message": ODD, "code": ODD, "solution": ODD}], "trace": ODD}, job_of, 400),
    "body": (f"<p>{ODD}", job_of, 503),
    "status": ({"status": ODD}, job_waited, 200),
    "state": ({"state": ODD}, session_waited, 200),
    "reason": (FAILED, job_waited, 200),
    "name": ({"devices": [{"name": ODD}]}, lambda face: face.do(lambda client: client.backends.get("b")), 200),
    "end of the period": ({"usage_period": {"end_time": ODD}}, submitted, 200),
    "member": ({ODD: 1}, lambda face: face.do(lambda client: client.backends.status("b")), 200),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_service_says_moves_no_cursor_and_forges_no_line(
    service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    caplog.set_level("DEBUG", logger="qiskit_runtime_rest")
    body, act, status = CASES[case]
    service.script("*", Answer(status, body))
    service.script("POST /api/v1/jobs", Answer(409))
    service.script(LOGS, Answer(200, f"first\n{ODD}\tlast"))
    checks = {"validate": "responses"} if case == "member" else {}
    with pytest.raises(RuntimeRestError) as caught:
        act(connect(service, retries=RetryPolicy(attempts=2), **checks))
    head, *tail = str(caught.value).split("\n")
    assert "ERROR forged" in head
    assert "x1b[2J" in head
    assert head.isprintable()
    assert bool(tail) == isinstance(caught.value, JobFailed)
    assert all(line.replace("\t", "").isprintable() for line in tail)
    messages = [*(record.getMessage() for record in caplog.records), *getattr(caught.value, "__notes__", ())]
    assert all(message.isprintable() for message in messages)
    assert case not in ("status", "body") or messages


@pytest.mark.parametrize(
    "read",
    [
        lambda client: client.jobs.get("x"),
        lambda client: client.sessions.get("x"),
        lambda client: client.backends.get(ODD),
    ],
    ids=["job", "session", "backend"],
)
def test_a_handle_is_shown_on_one_line(service: Loopback, connect: Connect, read: Do) -> None:
    said = {"status": ODD, "state": ODD, "mode": ODD, "backend": ODD, "program": {"id": ODD}}
    service.script("*", Answer(200, {**said, "devices": [{"name": ODD, "status": {"name": ODD}}]}))
    assert repr(connect(service).do(read)).isprintable()


def test_the_errors_attributes_keep_the_services_words(service: Loopback, connect: Connect) -> None:
    service.script(JOB, Answer(200, FAILED))
    with pytest.raises(JobFailed) as caught:
        job_waited(connect(service))
    assert caught.value.reason == caught.value.solution == ODD
