"""Jobs on the live service are deleted whatever it answers, and the report names exactly what is left behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.conformance.live_jobs import check_jobs
from qiskit_runtime_rest.conformance.live_reads import open_live
from qiskit_runtime_rest.conformance.report import Report
from qiskit_runtime_rest.testing import Emulator

ALWAYS = None
NOTHING = "Left behind: nothing."
UNKNOWN = "Left behind: unknown, look for jobs with the tag contract-check-"


@pytest.fixture
def held(emulator: Emulator) -> Iterator[Emulator]:
    """The service, with jobs that stay queued until they are cancelled."""
    before, emulator.pace = emulator.pace, "hold"
    yield emulator
    emulator.pace = before


@pytest.fixture
def client(options: dict[str, Any]) -> Iterator[RuntimeClient]:
    with RuntimeClient(**options) as client:
        yield client


def checked(client: RuntimeClient) -> Report:
    return check_jobs(open_live(client), jobs=2, backend="ibm_fez", clock=client.api.get_httpx_client().clock)


def written(emulator: Emulator) -> Counter[str]:
    return Counter(str(one.operation) for one in emulator.requests if one.method in ("POST", "DELETE"))


def left(emulator: Emulator, client: RuntimeClient) -> list[str]:
    emulator.faults.clear()
    return [job.id for job in client.jobs.list()]


def test_two_jobs_run_in_one_batch_and_are_deleted(emulator: Emulator, client: RuntimeClient) -> None:
    report = checked(client)
    assert report.passed, report.lines()
    assert written(emulator) == Counter(
        create_token=1, create_session=1, create_job=2, delete_job=2, close_session=1
    ), written(emulator)
    assert left(emulator, client) == []
    assert report.answers["get_job_results_jid", 200] == 2
    assert "2 jobs on ibm_fez" in report.remarks[-1]
    assert f"s of QPU time charged. {NOTHING}" in report.remarks[-1]


def test_jobs_that_wait_too_long_are_cancelled_and_deleted(held: Emulator, client: RuntimeClient) -> None:
    report = checked(client)
    assert written(held) >= Counter(cancel_job=2, delete_job=2, close_session=1)
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


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
def test_known_jobs_and_the_batch_are_deleted_whatever_the_list_says(
    held: Emulator, client: RuntimeClient, answer: dict[str, Any]
) -> None:
    held.faults.add("list_jobs", **{"times": ALWAYS, **answer})
    report = checked(client)
    assert written(held) >= Counter(create_job=2, cancel_job=2, delete_job=2, close_session=1)
    assert UNKNOWN in report.remarks[-1]
    assert not report.passed
    assert left(held, client) == []


def test_a_failed_list_is_read_again(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("list_jobs", kind="bad_gateway", times=2)
    report = checked(client)
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


def test_a_refusal_of_iam_does_not_prevent_the_cleanup(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("list_jobs", kind="expired_token")
    refusal = {"errorCode": "BXNIM0415E", "errorMessage": "s3cr3t could not be found."}
    held.faults.add("create_token", kind="answer", status=400, body=refusal, skip=1, times=2)
    report = checked(client)
    assert NOTHING in report.remarks[-1]
    assert "AuthenticationError" in "\n".join(report.lines())
    assert "s3cr3t" not in "\n".join(report.lines())
    assert left(held, client) == []


def test_jobs_and_batches_that_cannot_be_deleted_are_named(held: Emulator, client: RuntimeClient) -> None:
    for operation in ("cancel_job", "delete_job", "close_session"):
        held.faults.add(operation, kind="bad_gateway", times=ALWAYS)
    report = checked(client)
    jobs = left(held, client)
    assert len(jobs) == 2
    found = "\n".join(str(one) for one in report.findings.values())
    for job in jobs:
        assert f"job {job}" in report.remarks[-1]
        assert f"job {job}" in found
    assert "batch " in report.remarks[-1]


@pytest.mark.parametrize("operation", ["cancel_job", "delete_job", "close_session"])
def test_a_step_of_the_cleanup_that_fails_is_repeated(held: Emulator, client: RuntimeClient, operation: str) -> None:
    held.faults.add(operation, kind="rate_limited")
    report = checked(client)
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


def test_a_rate_limit_ends_the_wait_and_the_jobs_are_deleted(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("list_jobs", kind="rate_limited")
    report = checked(client)
    assert "429" in "\n".join(report.lines())
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


@pytest.mark.parametrize("usage", ["s3cr3t", {"qpu_charge_time_seconds": "s3cr3t"}, None])
def test_an_odd_charge_is_unknown_and_does_not_prevent_the_cleanup(
    emulator: Emulator, client: RuntimeClient, usage: Any
) -> None:
    emulator.faults.add("get_job_metrics", kind="answer", status=200, body={"usage": usage}, times=ALWAYS)
    report = checked(client)
    assert "0 s of QPU time charged, as far as it is known" in report.remarks[-1]
    assert "s3cr3t" not in json.dumps(report.as_json())
    assert left(emulator, client) == []


@pytest.mark.parametrize("answer", [{"kind": "rate_limited"}, {"kind": "bad_gateway"}, {"status": 200, "body": {}}])
def test_a_lost_job_is_unknown_if_the_list_cannot_be_read(
    held: Emulator, client: RuntimeClient, answer: dict[str, Any]
) -> None:
    held.faults.add("create_job", kind="reset_after")
    held.faults.add("list_jobs", **{"times": ALWAYS, **answer})
    report = checked(client)
    assert not report.passed
    tag = report.remarks[-1].partition(UNKNOWN)[2].rstrip(".")
    held.faults.clear()
    assert len(list(client.jobs.list(tags=[f"contract-check-{tag}"]))) == 1


def test_a_lost_job_that_the_list_shows_is_deleted(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("create_job", kind="reset_after")
    report = checked(client)
    assert NOTHING in report.remarks[-1]
    assert not report.passed
    assert written(held)["create_job"] == 1
    assert left(held, client) == []


@pytest.mark.parametrize("answer", [{"kind": "reset"}, {"kind": "bad_gateway"}, {"status": 200, "body": {}}])
def test_a_job_that_may_have_been_created_is_unknown(
    held: Emulator, client: RuntimeClient, answer: dict[str, Any]
) -> None:
    held.faults.add("create_job", **answer)
    assert UNKNOWN in checked(client).remarks[-1]


def test_a_lost_batch_may_be_open(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("create_session", kind="reset_after")
    report = checked(client)
    assert not report.passed
    assert "Left behind: unknown, a batch may be open" in report.remarks[-1]


@pytest.mark.parametrize("operation", ["create_session", "create_job"])
@pytest.mark.parametrize("status", [400, 429])
def test_a_refused_request_leaves_nothing_behind(
    held: Emulator, client: RuntimeClient, operation: str, status: int
) -> None:
    held.faults.add(operation, kind="answer", status=status)
    report = checked(client)
    assert not report.passed
    assert NOTHING in report.remarks[-1]
    assert left(held, client) == []


def test_values_of_responses_are_not_reported(held: Emulator, client: RuntimeClient) -> None:
    held.faults.add("create_session", kind="answer", status=400, body={"s3cr3t": ["s3cr3t"], "errors": "s3cr3t"})
    report = checked(client)
    assert "create_session: JsonSchemaError (400, jobs): $.errors is a string, not array" in "\n".join(report.lines())
    assert "s3cr3t" not in json.dumps(report.as_json())
