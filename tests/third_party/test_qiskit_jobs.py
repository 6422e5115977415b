"""qiskit-ibm-runtime's jobs, sessions and batches, in every state that the client tells apart.

Habits of the client that matter here: it takes a job that the time limit ended for an error by `reason_code` 1305, it
reads a failed job's result for a traceback, it lists jobs in pages of at most 20 until `count` is reached, and it asks
for `/instances/usage` and the backend's status before each submission.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import Report, RunScript


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qiskit_jobs.py")


def test_the_client_waits_for_the_end_of_a_job(report: Report) -> None:
    done = report["done"]
    before, after = done["statuses"]
    assert before in {"QUEUED", "RUNNING", "DONE"}
    assert after == "DONE"
    assert done["flags"] == [True, False, False, False, True]
    assert done["again"] == 10
    assert done["error"] is None
    assert done["backend"] == done["properties"] == "ibm_fez"
    assert done["too late"][0] == "RuntimeInvalidStateError"


def test_metrics_and_usage_are_complete(report: Report) -> None:
    done = report["done"]
    created, running, finished = (datetime.fromisoformat(text) for text in done["timestamps"])
    assert created <= running < finished
    assert {"caller", "circuits_execution_time_ns", "qiskit_version", "timestamps", "usage"} <= set(done["metrics"])
    usage, charged, state = done["usage"]
    assert usage == charged == done["instance usage"] > 0
    assert state == "complete"
    assert "qiskit_ibm_runtime" in done["caller"]


def test_a_job_is_found_again_by_its_id(report: Report) -> None:
    program, tags, created, session, private = report["done"]["found"]
    assert (program, tags, session, private) == ("sampler", ["study", "first"], None, False)
    assert datetime.fromisoformat(created) == datetime.fromisoformat(report["done"]["timestamps"][0])


def test_tags_are_replaced_and_searched(report: Report) -> None:
    tags = report["tags"]
    assert tags["updated"] == ["second", "study"]
    assert tags["by both"] is True
    assert tags["by old"] == 0
    assert "1205" in tags["too long"][1]


def test_jobs_are_listed_over_pages_with_all_filters(report: Report) -> None:
    waiting = report["waiting"]
    assert waiting["status"] == "QUEUED"
    assert waiting["pending"] == waiting["after"] == waiting["queue"] == 23
    assert waiting["ten"] == 10
    assert waiting["newest"] is waiting["oldest"] is waiting["skipped"] is True
    assert waiting["before"] == 1
    assert waiting["elsewhere"] == waiting["estimators"] == 0


def test_a_waiting_job_times_out_and_cannot_be_deleted(report: Report) -> None:
    assert report["waiting"]["timeout"][0] == "RuntimeJobTimeoutError"
    assert "3209" in report["waiting"]["undeletable"][1]


def test_cancelled_jobs_are_final_and_cost_nothing(report: Report) -> None:
    cancelled = report["cancelled"]
    assert cancelled["status"] == ["CANCELLED", "CANCELLED"]
    assert cancelled["result"][0] == "RuntimeInvalidStateError"
    assert cancelled["usage"] == 0
    assert cancelled["pending"] == 0


def test_the_time_limit_raises_its_error(report: Report) -> None:
    (kind, message), status, explained = report["limited"]
    assert kind == "RuntimeJobMaxTimeoutError"
    assert "1305" in message
    assert status == "ERROR"
    assert "maximum execution time" in explained


def test_a_failed_job_has_a_reason(report: Report) -> None:
    failed = report["failed"]
    kind, message = failed["result"]
    assert kind == "RuntimeJobFailureError"
    assert "Error code 1520" in message
    assert "20000000 exceeds" in failed["message"]
    assert failed["status"] == "ERROR"
    assert "20000000 exceeds" in failed["logs"]


def test_measurements_can_be_points(report: Report) -> None:
    assert report["kerneled"] == [[10, 156], "complex128"]


def test_the_client_refuses_a_circuit_that_was_not_transpiled(report: Report) -> None:
    kind, message = report["not transpiled"]
    assert kind == "IBMInputValueError"
    assert "h on qubits (0,)" in message


def test_the_result_of_a_private_job_is_read_once_and_its_input_never(report: Report) -> None:
    private = report["private"]
    assert private["marked"] == [True, True]
    assert private["shots"] == 10
    assert private["again"] is None
    assert private["inputs"] == {}


def test_deleted_and_unknown_jobs_are_not_found(report: Report) -> None:
    assert report["deleted"][0] == report["unknown"][0] == "RuntimeJobNotFound"
    assert report["open plan"]["others' job"][0] == "RuntimeJobNotFound"


def test_a_session_lasts_from_its_first_job_to_its_close(report: Report) -> None:
    session = report["session"]
    assert session["states"] == ["Pending", "In progress, accepting new jobs", "Closed"]
    assert session["history"] == ["open", "active", "closed"]
    assert session["job's"] is True
    assert session["details"] == {
        "mode": "dedicated",
        "max_time": 3600,
        "state": "active",
        "accepting_jobs": True,
        "backend_name": "ibm_fez",
    }
    assert session["usage"] > 0
    assert session["closed"] == ["IBMRuntimeError", "'The session is closed.'"]


def test_a_session_is_found_again_by_its_id(report: Report) -> None:
    session = report["session"]
    assert session["from id"] == "Closed"
    assert "dedicated instead of batch" in session["wrong kind"][1]
    assert "Session not found" in session["unknown"][1]


def test_a_batch_runs_its_jobs(report: Report) -> None:
    assert report["batch"] == {"shots": [5, 6, 7], "listed": True, "mode": "batch", "status": "Closed"}


def test_cancelling_a_session_fails_its_queued_jobs(report: Report) -> None:
    assert report["cancelled session"] == ["Closed", "ERROR"]


def test_the_open_plan_has_batches_but_no_sessions(report: Report) -> None:
    assert "1352" in report["open plan"]["session"][1]
    assert report["open plan"]["batch"] == "Pending"


@pytest.mark.usefixtures("report")
def test_the_client_posted_each_job_once(emulator: Emulator) -> None:
    posts = [request for request in emulator.requests if request.operation == "create_job"]
    assert {request.status for request in posts} == {200}
    assert len(posts) == 33
