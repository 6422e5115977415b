"""Jobs on the live service are taken back whatever it answers, and what is said to be left is what is left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.conformance.live import open_live
from qiskit_runtime_rest.conformance.report import Report
from qiskit_runtime_rest.conformance.spending import spend
from qiskit_runtime_rest.testing import Emulator

ALWAYS = None
NOTHING = "Left behind: nothing."
UNKNOWN = "Left behind: unknown, look for jobs with the tag contract-check-"


@pytest.fixture
def held(emulator: Emulator) -> Iterator[Emulator]:
    """The service, with jobs that stay queued until somebody cancels them."""
    before, emulator.pace = emulator.pace, "hold"
    yield emulator
    emulator.pace = before


@pytest.fixture
def client(options: dict[str, Any]) -> Iterator[RuntimeClient]:
    with RuntimeClient(**options) as client:
        yield client


def spent(client: RuntimeClient) -> Report:
    return spend(open_live(client), jobs=2, backend="ibm_torino", clock=client.api.get_httpx_client().clock)


def written(emulator: Emulator) -> Counter[str]:
    return Counter(str(one.operation) for one in emulator.requests if one.method in ("POST", "DELETE"))


def left(emulator: Emulator, client: RuntimeClient) -> list[str]:
    emulator.faults.clear()
    return [job.id for job in client.jobs.list()]


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "bad_gateway"},
        {"kind": "edge_block"},
        {"status": 200, "body": {"jobs": None}},
        {"status": 200, "body": {"jobs": [{"id": "x", "tags": None}]}},
        {"status": 200, "body": [1]},
        {"status": 200, "body": {"jobs": ["x"]}},
        {"kind": "reset"},
    ],
    ids=["html", "blocked", "null", "no tags", "array", "no job", "lost"],
)
def test_known_jobs_and_the_batch_are_taken_back_whatever_the_list_says(
    held: Emulator, client: RuntimeClient, answer: dict[str, Any]
) -> None:
    held.faults.add("list_jobs", **{"times": ALWAYS, **answer})
    report = spent(client)
    assert written(held) >= Counter(create_job=2, cancel_job=2, delete_job=2, close_session=1)
    assert UNKNOWN in report.remarks[-1]
    assert not report.passed
    assert left(held, client) == []


def test_one_bad_answer_of_the_list_leaves_no_doubt(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("list_jobs", kind="bad_gateway", times=2)
    report = spent(client)
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


def test_a_refusal_of_iam_meanwhile_keeps_nothing_from_being_taken_back(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("list_jobs", kind="expired_token")
    refusal = {"errorCode": "BXNIM0415E", "errorMessage": "s3cr3t could not be found."}
    held.faults.add("create_token", kind="answer", status=400, body=refusal, skip=1, times=2)
    report = spent(client)
    assert NOTHING in report.remarks[-1]
    assert "AuthenticationError" in "\n".join(report.lines())
    assert "s3cr3t" not in "\n".join(report.lines())
    assert left(held, client) == []


def test_what_cannot_be_taken_back_is_named(held: Emulator, client: RuntimeClient) -> None:
    for operation in ("cancel_job", "delete_job", "close_session"):
        held.faults.add(operation, kind="bad_gateway", times=ALWAYS)
    report = spent(client)
    jobs = left(held, client)
    assert len(jobs) == 2
    found = "\n".join(str(one) for one in report.findings.values())
    for job in jobs:
        assert f"job {job}" in report.remarks[-1]
        assert f"job {job}" in found
    assert "batch " in report.remarks[-1]


@pytest.mark.parametrize("operation", ["cancel_job", "delete_job", "close_session"])
def test_what_fails_once_is_tried_again(held: Emulator, client: RuntimeClient, operation: str) -> None:
    held.faults.add(operation, kind="rate_limited")
    report = spent(client)
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


def test_a_request_for_less_ends_the_wait_and_what_was_submitted_is_taken_back(
    held: Emulator, client: RuntimeClient
) -> None:
    held.faults.add("list_jobs", kind="rate_limited")
    report = spent(client)
    assert "429" in "\n".join(report.lines())
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


@pytest.mark.parametrize("usage", ["s3cr3t", {"qpu_charge_time_seconds": "s3cr3t"}, None])
def test_an_odd_charge_is_unknown_and_keeps_nothing_from_being_taken_back(
    emulator: Emulator, client: RuntimeClient, usage: Any
) -> None:
    emulator.faults.add("get_job_metrics", kind="answer", status=200, body={"usage": usage}, times=ALWAYS)
    report = spent(client)
    assert "0 s of QPU time charged, as far as it is known" in report.remarks[-1]
    assert "s3cr3t" not in json.dumps(report.as_json())
    assert left(emulator, client) == []


@pytest.mark.parametrize("answer", [{"kind": "rate_limited"}, {"kind": "bad_gateway"}, {"status": 200, "body": {}}])
def test_a_job_whose_answer_was_lost_and_that_cannot_be_looked_for_is_unknown(
    held: Emulator, client: RuntimeClient, answer: dict[str, Any]
) -> None:
    held.faults.add("create_job", kind="reset_after")
    held.faults.add("list_jobs", **{"times": ALWAYS, **answer})
    report = spent(client)
    assert not report.passed
    tag = report.remarks[-1].partition(UNKNOWN)[2].rstrip(".")
    held.faults.clear()
    assert len(list(client.jobs.list(tags=[f"contract-check-{tag}"]))) == 1


def test_a_job_whose_answer_was_lost_and_that_turns_up_is_no_longer_unknown(
    held: Emulator, client: RuntimeClient
) -> None:
    held.faults.add("create_job", kind="reset_after")
    assert NOTHING in spent(client).remarks[-1]
    assert left(held, client) == []


@pytest.mark.parametrize("answer", [{"kind": "reset"}, {"kind": "bad_gateway"}, {"status": 200, "body": {}}])
def test_a_job_that_may_still_turn_up_is_unknown(held: Emulator, client: RuntimeClient, answer: dict[str, Any]) -> None:
    held.faults.add("create_job", **answer)
    assert UNKNOWN in spent(client).remarks[-1]


def test_a_batch_whose_answer_was_lost_may_be_open(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("create_session", kind="reset_after")
    report = spent(client)
    assert not report.passed
    assert "Left behind: unknown, a batch may be open" in report.remarks[-1]


@pytest.mark.parametrize("operation", ["create_session", "create_job"])
@pytest.mark.parametrize("status", [400, 429])
def test_what_was_refused_is_not_left_behind(
    held: Emulator, client: RuntimeClient, operation: str, status: int
) -> None:
    held.faults.add(operation, kind="answer", status=status)
    report = spent(client)
    assert not report.passed
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


def test_what_answers_hold_is_not_told(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("create_session", kind="answer", status=400, body={"s3cr3t": ["s3cr3t"], "errors": "s3cr3t"})
    report = spent(client)
    assert "create_session: JsonSchemaError (400, jobs): $.errors is a string, not array" in "\n".join(report.lines())
    assert "s3cr3t" not in json.dumps(report.as_json())
