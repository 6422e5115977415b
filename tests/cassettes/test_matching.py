"""Which recorded response a request gets, decided without a server."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from qiskit_runtime_rest.cassettes.judgement import judged
from qiskit_runtime_rest.cassettes.matching import NotRecorded, RecordedResponses, RequestKey
from qiskit_runtime_rest.cassettes.services import IAM, RUNTIME
from qiskit_runtime_rest.config.api_versions import API_VERSION

from .entries import CRNS, entry, responses


def get(recorded: RecordedResponses, target: str = "/v1/jobs", **changes: Any) -> str:
    """The body of the next response, or the reason why there is none."""
    path, _, query = target.partition("?")
    given = {"service": RUNTIME, "method": "GET", "path": path, "query": query, "body": b"", **changes}
    if isinstance(given["body"], dict):
        given["body"] = json.dumps(given["body"]).encode()
    try:
        return recorded.next(RequestKey(**given)).response_body.decode()
    except NotRecorded as error:
        return f"not recorded: {error}"


def test_responses_come_in_their_order_for_each_request() -> None:
    recorded = RecordedResponses(
        [
            *responses("a1", "a2", path="/v1/jobs/a"),
            *responses("b1", path="/v1/jobs/b"),
            *responses("a3", path="/v1/jobs/a"),
        ]
    )
    targets = ["/v1/jobs/a", "/v1/jobs/b", "/v1/jobs/a", "/v1/jobs/a", "/v1/jobs/a", "/v1/jobs/b"]
    assert [get(recorded, target) for target in targets] == ["a1", "b1", "a2", "a3", "a3", "b1"]


def test_a_wait_is_as_short_as_possible() -> None:
    kept = responses("queued", "queued", "queued", "running", "queued", "done", "done")
    recorded = RecordedResponses(kept)
    assert [get(recorded) for _ in range(5)] == ["queued", "running", "queued", "done", "done"]
    recorded = RecordedResponses(kept, exhausted="error")
    bodies = [get(recorded) for _ in range(8)]
    assert bodies[:3] == ["queued"] * 3
    assert bodies[-1] == "not recorded: GET /v1/jobs was recorded 7 times, and was sent once more."


def test_repeated_posts_are_not_taken_for_one() -> None:
    recorded = RecordedResponses(responses("same", "same", "other", method="POST"))
    assert [get(recorded, method="POST") for _ in range(3)] == ["same", "same", "other"]


def test_methods_paths_queries_and_bodies_distinguish_requests() -> None:
    recorded = RecordedResponses(
        [
            *responses("get"),
            *responses("post one", method="POST", request_body=b'{"n":1}'),
            *responses("post two", method="POST", request_body=b'{"n":2}'),
            *responses("limit", query="limit=1&offset=2"),
        ]
    )
    assert get(recorded) == "get"
    assert get(recorded, method="POST", body=b'{ "n" : 2 }') == "post two"
    assert get(recorded, "/v1/jobs?offset=2&limit=1") == "limit"
    assert "nearest that was: GET /v1/jobs." in get(recorded, "/v1/job")
    assert "body: $.n was 1, and is 3" in get(recorded, method="POST", body={"n": 3})
    assert get(recorded, "/v1/jobs?limit=2").startswith("not recorded")
    assert get(recorded, method="DELETE").startswith("not recorded")
    assert get(recorded, service=IAM).startswith("not recorded")


def test_an_empty_cassette_says_so() -> None:
    assert get(RecordedResponses([])).endswith("The cassette is empty.")


def test_volatile_parts_do_not_count() -> None:
    body = {"tags": ["mine", "qrr-" + "a" * 32], "since": "2026-01-01T00:00:00Z", "user": "IBMid-FAKE000001"}
    recorded = RecordedResponses(responses("it", method="POST", request_body=json.dumps(body).encode()))
    sent = {"tags": ["qrr-" + "b" * 32, "mine"], "since": "2027-02-03 04:05:06.789+01:00", "user": "IBMid-ME"}
    assert get(recorded, method="POST", body=sent) == "it"
    assert get(recorded, method="POST", body={**sent, "tags": ["mine", "more"]}).startswith("not recorded")


def test_an_exact_match_goes_before_a_tolerant_one() -> None:
    recorded = RecordedResponses(
        [
            *responses("first", query="created_after=2026-01-01T00:00:00Z"),
            *responses("second", query="created_after=2026-01-02T00:00:00Z"),
        ]
    )
    assert get(recorded, "/v1/jobs?created_after=2026-01-02T00:00:00Z") == "second"
    assert get(recorded, "/v1/jobs?created_after=2026-09-09T00:00:00Z") == "first"


def test_a_circuit_packed_in_another_order_is_the_same() -> None:
    def body(circuit: bytes) -> bytes:
        return json.dumps({"circuit_b64": base64.b64encode(circuit).decode()}).encode()

    recorded = RecordedResponses(responses("it", method="POST", request_body=body(b"QISKIT\xffabc")))
    assert get(recorded, method="POST", body=body(b"QISKIT\xffcab")) == "it"
    assert get(recorded, method="POST", body=body(b"QISKIT\xffcad")).startswith("not recorded")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff"], ids=["empty", "cut", "deep", "binary"])
def test_bodies_of_any_kind_are_compared(body: bytes) -> None:
    recorded = RecordedResponses(responses("it", method="POST", request_body=body))
    assert get(recorded, method="POST", body=body) == "it"
    assert get(recorded, method="POST", body=body + b"x").startswith("not recorded")


def test_matching_by_path_leaves_out_the_body_alone() -> None:
    recorded = RecordedResponses(responses("it", method="POST", request_body=b"1", query="a=1"), match="path")
    assert get(recorded, "/v1/jobs?a=1", method="POST", body=b"2") == "it"
    assert get(recorded, "/v1/jobs?a=2", method="POST", body=b"1").startswith("not recorded")


@pytest.mark.parametrize("order", [1, -1])
def test_the_response_of_the_same_instance_is_preferred(order: int) -> None:
    kept = [
        entry(response_body=name.encode(), request_headers=(("service-crn", crn),))
        for name, crn in zip("ab", CRNS, strict=True)
    ]
    recorded = RecordedResponses(kept[::order])
    assert [get(recorded, preferred=(crn, "")) for crn in CRNS] == ["a", "b"]
    assert get(recorded, preferred=("another", "")) in ("a", "b")


def test_a_body_that_is_a_list_differs_by_its_elements() -> None:
    recorded = RecordedResponses(
        [
            *responses("one", method="PUT", request_body=b'["one", 1]'),
            *responses("two", method="PUT", request_body=b'["two", 2]'),
        ]
    )
    assert get(recorded, method="PUT", body=b'["two", 2]') == "two"
    assert get(recorded, method="PUT", body=b'["one", 1]') == "one"


def test_only_responses_of_the_runtime_service_are_judged() -> None:
    headers = (("ibm-api-version", API_VERSION),)
    wrong = {"path": "/v1/versions", "response_headers": (("content-type", "application/json"),)}
    kept = [entry(service=service, request_headers=headers, **wrong) for service in (RUNTIME, IAM)]
    assert judged(kept).checked == 1
    assert judged(kept[1:]).checked == 0
