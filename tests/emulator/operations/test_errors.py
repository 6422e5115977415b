"""Errors in the form, and with the codes and texts, that the live service was seen to send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]

MORE_INFO = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"
UNKNOWN_JOB = {
    "code": 1291,
    "message": "Job not found. Job ID: d0000000000000000000",
    "solution": "Verify the job ID is correct and that you have the correct access permissions.",
    "more_info": MORE_INFO,
}


def only_error(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    assert set(body) == {"errors", "trace"}
    assert UUID(body["trace"]).version == 4
    (error,) = body["errors"]
    return dict(error)


@pytest.fixture
def open_plan(emulator: Emulator, connect: Connect) -> httpx.Client:
    return connect(emulator, instance=emulator.instances["emulator-open"])


@pytest.mark.parametrize("path", ["", "/results", "/logs", "/metrics", "/interim_results"])
def test_an_unknown_job_is_not_found(api: httpx.Client, path: str) -> None:
    answer = api.get(f"/jobs/d0000000000000000000{path}")
    assert answer.status_code == 404
    assert only_error(answer) == UNKNOWN_JOB


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/jobs"), ("GET", "/backends"), ("GET", "/instances/usage"), ("POST", "/sessions")]
)
def test_an_instance_of_another_region_or_account_is_not_found(api: httpx.Client, method: str, path: str) -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:eu-de:a/0:0::"
    answer = api.request(method, path, headers={"Service-CRN": crn})
    error = only_error(answer)
    assert (answer.status_code, error["code"], error["message"]) == (404, 1279, f"Instance {crn} not found")
    assert error["solution"]


def test_a_text_that_is_no_crn_is_not_authorized(api: httpx.Client) -> None:
    answer = api.get("/jobs", headers={"Service-CRN": "not-a-crn"})
    assert answer.status_code == 403
    assert only_error(answer) == {
        "code": 1200,
        "message": "You are not authorized to perform this action.",
        "solution": "Try again or contact support.",
        "more_info": MORE_INFO,
    }


def test_the_open_plan_has_no_dedicated_sessions(open_plan: httpx.Client) -> None:
    answer = open_plan.post("/sessions", json={"mode": "dedicated"})
    assert answer.status_code == 400
    assert only_error(answer) == {
        "code": 1352,
        "message": "You are not authorized to run a session when using the open plan.",
        "solution": "Create an instance of a different plan type or use a different execution mode.",
        "more_info": MORE_INFO,
    }


def test_an_unknown_mode_is_an_internal_error(api: httpx.Client) -> None:
    answer = api.post("/sessions", json={"mode": "exclusive"})
    assert (answer.status_code, only_error(answer)["message"]) == (500, "Internal server error")


@pytest.mark.parametrize("path", ["configuration", "properties", "status", "defaults"])
def test_an_unknown_backend_is_not_found_without_its_name(api: httpx.Client, path: str) -> None:
    answer = api.get(f"/backends/ibm_nowhere/{path}")
    assert (answer.status_code, only_error(answer)["message"]) == (404, "device not found")
    assert "solution" not in only_error(answer)


def test_a_job_without_log_has_no_logs(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "hold"
    answer = api.get(f"/jobs/{submit(api)}/logs")
    assert (answer.status_code, only_error(answer)["message"]) == (404, "logs not found")


@pytest.mark.parametrize("term", ["", "x", "xy"])
def test_a_search_for_tags_needs_three_characters(api: httpx.Client, term: str) -> None:
    answer = api.get("/tags", params={"type": "job", "search": term})
    assert answer.status_code == 400
    assert "search" not in only_error(answer)["message"]
    assert api.get("/tags", params={"type": "job", "search": "xyz"}).status_code == 200


@pytest.mark.parametrize("path", ["configuration", "properties"])
def test_the_open_plan_has_no_custom_calibrations(api: httpx.Client, open_plan: httpx.Client, path: str) -> None:
    query = {"calibration_id": "slow_gates_ac"}
    assert api.get(f"/backends/ibm_kingston/{path}", params=query).status_code == 200
    answer = open_plan.get(f"/backends/ibm_kingston/{path}", params=query)
    error = only_error(answer)
    assert answer.status_code == 403
    assert error["message"] == "You are not authorized to use custom calibrations with your current service plan"


@pytest.mark.parametrize("path", ["configuration", "properties"])
def test_a_device_has_the_calibrations_of_its_family(api: httpx.Client, path: str) -> None:
    devices = {"ibm_fez": {"slow_gates_ac", "slow_gates_dc"}, "ibm_miami": {"slow_gates"}}
    for device, known in devices.items():
        for calibration in ("slow_gates_ac", "slow_gates_dc", "slow_gates", "invalid_id"):
            answer = api.get(f"/backends/{device}/{path}", params={"calibration_id": calibration})
            assert answer.status_code == (200 if calibration in known else 404)


@pytest.mark.parametrize("path", ["/jobs", "/workloads", "/backends", "/versions/nowhere"])
def test_codes_are_numbers_and_point_to_one_page(api: httpx.Client, path: str) -> None:
    error = only_error(api.get(path, headers={"Authorization": ""}))
    assert isinstance(error["code"], int)
    assert error["more_info"] == MORE_INFO
    assert error["solution"]
