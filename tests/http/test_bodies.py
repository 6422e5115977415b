"""Answers that take for ever, or have no end: what is read of them, and what is raised."""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import JobFailed, RetryPolicy, ServerError, TransportError, UnexpectedAnswer, WaitTimeout
from qiskit_runtime_rest.http import bodies

from ..fixtures.faces import Connect
from ..fixtures.loopback import Answer, Asked, Loopback, refused

JOB = "/api/v1/jobs/x"
MIB = 2**20


def dripping(clock: Any, text: str) -> Iterator[bytes]:
    """The characters of `text`, two seconds of the clock before the first one: later ones might meet the next call."""
    clock.now += 2
    yield from (character.encode() for character in text)


def over(status: str = "Completed", **about: Any) -> Answer:
    """The JSON of a job that is over."""
    return Answer(200, {"id": "x", "status": status, "program": {"id": "sampler"}, **about})


def slow(clock: Any, body: Any) -> Any:
    """Answers with `body`, slowly."""
    return lambda _: Answer(200, parts=dripping(clock, json.dumps(body)))


RESULT: dict[str, Any] = {"results": [], "metadata": {}}


# In time.


def test_a_wait_does_not_outlast_its_deadline_for_a_slow_answer(
    service: Loopback, connect: Connect, clock: Any
) -> None:
    service.script(f"GET {JOB}", Answer(200, {"id": "x", "status": "Queued"}), slow(clock, {"id": "x", "status": "?"}))
    face = connect(service)
    job = face.do(lambda client: client.jobs.get("x"))
    with pytest.raises(WaitTimeout) as late:
        face.do(lambda _: job.wait(timeout=1))
    assert isinstance(late.value.__cause__, TransportError)
    assert late.value.__cause__.sent
    assert "no answer in time" in str(late.value.__cause__)
    assert len(service.of(JOB)) == 2


def test_the_deadline_of_a_result_holds_while_it_comes(service: Loopback, connect: Connect, clock: Any) -> None:
    service.script(f"GET {JOB}", over())
    service.script(f"GET {JOB}/results", slow(clock, RESULT), Answer(200, RESULT))
    face = connect(service)
    job = face.do(lambda client: client.jobs.get("x"))
    with pytest.raises(WaitTimeout) as late:
        face.do(lambda _: job.result(timeout=1))
    assert isinstance(late.value.__cause__, TransportError)
    assert len(face.do(lambda _: job.result(timeout=1))) == 0


def test_a_wait_for_many_leaves_a_slow_result_to_its_handle(service: Loopback, connect: Connect, clock: Any) -> None:
    service.script(f"GET {JOB}", over())
    service.script(f"GET {JOB}/results", slow(clock, RESULT), Answer(200, RESULT))
    face = connect(service)
    (job,) = face.do(lambda client: client.jobs.wait_all(["x"], timeout=1))
    assert len(face.do(lambda _: job.result())) == 0
    assert len(service.of(f"{JOB}/results")) == 2


@pytest.mark.parametrize(("private", "timeout"), [(False, None), (True, 1)], ids=["no deadline", "read once"])
def test_a_slow_result_is_read_to_its_end_without_a_deadline_or_if_it_would_be_lost(
    service: Loopback, connect: Connect, clock: Any, private: bool, timeout: float | None
) -> None:
    service.script(f"GET {JOB}", over(private=private))
    service.script(f"GET {JOB}/results", slow(clock, RESULT))
    face = connect(service)
    job = face.do(lambda client: client.jobs.get("x"))
    assert len(face.do(lambda _: job.result(timeout=timeout))) == 0


def test_a_failed_job_is_reported_without_a_log_that_comes_slowly(
    service: Loopback, connect: Connect, clock: Any
) -> None:
    service.script(f"GET {JOB}", over("Failed", state={"status": "Failed", "reason": "Why not."}))
    service.script(f"GET {JOB}/logs", slow(clock, "a long story"))
    face = connect(service)
    job = face.do(lambda client: client.jobs.get("x"))
    with pytest.raises(JobFailed, match="Why not") as failed:
        face.do(lambda _: job.wait(timeout=1))
    assert failed.value.log_tail is None


def test_a_wait_for_a_session_does_not_outlast_its_deadline_for_a_list_without_an_end(
    service: Loopback, connect: Connect, clock: Any
) -> None:
    number = itertools.count()

    def page(_: Asked) -> Answer:
        clock.now += 2
        return Answer(200, {"jobs": [{"id": f"job-{next(number)}", "status": "Completed"} for _ in range(200)]})

    service.script("GET /api/v1/sessions/s", Answer(200, {"id": "s", "state": "closed"}))
    service.script("GET /api/v1/jobs", *[page] * 9, Answer(200, {"jobs": []}))
    face = connect(service)
    session = face.do(lambda client: client.sessions.get("s"))
    with pytest.raises(WaitTimeout, match="does not list all its jobs") as late:
        face.do(lambda _: session.wait(timeout=5))
    assert late.value.session_id == "s"
    assert len(service.of("/api/v1/jobs")) == 3


# In size.


def packed(body: Any, **more: Any) -> Answer:
    """An answer with `body` as JSON, compressed."""
    return Answer(200, gzip.compress(json.dumps(body).encode()), {"Content-Encoding": "gzip"}, **more)


def blown_up(status: int) -> Answer:
    """64 MiB in as many KiB."""
    return Answer(status, gzip.compress(b" " * (64 * MIB)), {"Content-Encoding": "gzip"})


@pytest.mark.parametrize("at_once", [True, False], ids=["in one", "in parts"])
def test_a_packed_answer_is_unpacked(service: Loopback, connect: Connect, at_once: bool) -> None:
    body = {"text": "".join(map(str, range(400_000)))}
    whole = packed(body)
    parts = [whole.content[at : at + 5000] for at in range(0, len(whole.content), 5000)]
    service.script("*", whole if at_once else Answer(200, parts=parts, headers=whole.headers))
    assert connect(service).request("GET", "/v1/jobs/x").json() == body


@pytest.mark.parametrize("token", ["one", "none"])
def test_no_more_is_read_of_an_error_than_a_message_takes(service: Loopback, connect: Connect, token: str) -> None:
    service.script("POST /identity/token" if token == "none" else "*", blown_up(503))
    face = connect(service, retries=RetryPolicy(attempts=1))
    tracemalloc.start()
    try:
        with pytest.raises(ServerError) as caught:
            face.request("GET", "/v1/jobs/x")
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
    assert caught.value.status == 503


def test_what_is_left_unread_of_an_error_hinders_no_other_request(service: Loopback, connect: Connect) -> None:
    long = json.dumps(refused(1999, "Planned outage.")) + " " * (8 * MIB)
    service.script("*", Answer(503, long), Answer(200, {"id": "x"}))
    assert connect(service).request("GET", "/v1/jobs/x").json() == {"id": "x"}


@pytest.mark.parametrize("way", ["plain", "packed"])
@pytest.mark.parametrize("path", ["/v1/jobs/x", "/v1/jobs/x/results"])
def test_an_answer_longer_than_any_should_be_is_an_error_and_not_asked_for_again(
    service: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch, way: str, path: str
) -> None:
    monkeypatch.setattr(bodies, "JSON_BYTES", MIB)
    monkeypatch.setattr(bodies, "RESULT_BYTES", 2 * MIB)
    room = (2 if path.endswith("results") else 1) * MIB - 2
    answer = packed if way == "packed" else lambda text: Answer(200, json.dumps(text))
    service.script("*", answer("x" * room), answer("x" * room + "x"))
    face = connect(service)
    assert len(face.request("GET", path).json()) == room
    with pytest.raises(UnexpectedAnswer, match="longer than"):
        face.request("GET", path)
    assert len(service.calls) == 2


def test_a_result_longer_than_any_should_be_is_a_typed_error(
    service: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "RESULT_BYTES", MIB)
    service.script(f"GET {JOB}", over())
    service.script(f"GET {JOB}/results", blown_up(200))
    face = connect(service)
    job = face.do(lambda client: client.jobs.get("x"))
    with pytest.raises(UnexpectedAnswer, match="longer than 1 MiB"):
        face.do(lambda _: job.result())
    assert len(service.of(f"{JOB}/results")) == 1


@pytest.mark.parametrize("packed_by", ["gzip, gzip", "br", "deflate"])
def test_another_compression_than_the_one_asked_for_is_refused(
    service: Loopback, connect: Connect, packed_by: str
) -> None:
    body = gzip.compress(gzip.compress(b"{}"))
    service.script("*", Answer(200, body, {"Content-Encoding": packed_by}))
    with pytest.raises(TransportError, match=f"expected gzip, got {packed_by}"):
        connect(service, retries=RetryPolicy(attempts=1)).request("GET", "/v1/jobs/x")


def test_an_answer_may_say_that_it_is_not_packed(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200, b'{"id": "x"}', {"Content-Encoding": "identity"}))
    assert connect(service).request("GET", "/v1/jobs/x").json() == {"id": "x"}


def test_what_follows_a_packed_answer_is_not_taken_for_a_part_of_it(service: Loopback, connect: Connect) -> None:
    whole = packed({"id": "x"})
    service.script("*", Answer(200, parts=[whole.content, b"more", b"and more"], headers=whole.headers))
    assert connect(service).request("GET", "/v1/jobs/x").json() == {"id": "x"}
