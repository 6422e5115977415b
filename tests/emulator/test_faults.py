from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


@pytest.fixture(autouse=True)
def held(emulator: Emulator) -> None:
    emulator.pace = "hold"


def test_a_fault_spoils_the_chosen_number_of_responses(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("list_jobs", status=503, times=2)
    assert [api.get("/jobs").status_code for _ in range(3)] == [503, 503, 200]
    assert [rule.fired for rule in emulator.faults.list()] == [2]


def test_a_fault_spoils_its_operation_only(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("get_job_logs", status=500)
    assert api.get("/jobs").status_code == 200
    assert api.get("/jobs/x/logs").status_code == 500


@pytest.mark.parametrize("operation", ["get_job_logs", "get_jog_logs_jid"])
def test_an_operation_has_its_plain_name_and_its_contract_id(
    emulator: Emulator, api: httpx.Client, operation: str
) -> None:
    emulator.faults.add(operation, status=500)
    assert api.get("/jobs/x/logs").status_code == 500


def test_a_rule_for_no_operation_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="matches no operation"):
        emulator.faults.add("get_jobb")
    address = f"{emulator.url}/_emulator/faults"
    refused = httpx.post(address, json=[{"operation": "list_jobs"}, {"operation": "get_jobb"}])
    assert (refused.status_code, "get_jobb" in refused.text) == (400, True)
    assert emulator.faults.list() == []
    assert httpx.post(address, json={"operation": "get_job*"}).status_code == 201


def test_a_fault_can_send_html_and_headers(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("list_jobs", status=502, html="<p>down</p>", headers={"X-Why": "test"})
    answer = api.get("/jobs")
    assert (answer.status_code, answer.text, answer.headers["x-why"]) == (502, "<p>down</p>", "test")
    assert answer.headers["content-type"].startswith("text/html")


def test_a_header_of_a_rule_replaces_the_one_of_that_name(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("list_jobs", status=200, html="null", headers={"Content-Type": "application/json"})
    answer = api.get("/jobs")
    assert answer.headers.get_list("content-type") == ["application/json"]
    assert answer.json() is None


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limited", 429, 1202),
        ("expired_token", 401, 1201),
        ("backend_reserved", 423, 1233),
        ("server_error", 500, 1000),
        ("unavailable", 503, 1999),
    ],
)
def test_errors_of_the_service_have_its_body(
    emulator: Emulator, api: httpx.Client, kind: str, status: int, code: int
) -> None:
    emulator.faults.add("list_jobs", kind=kind)
    answer = api.get("/jobs")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert "retry-after" not in answer.headers


def test_a_fault_can_send_retry_after(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("list_jobs", kind="rate_limited", retry_after=7)
    assert api.get("/jobs").headers["retry-after"] == "7"


@pytest.mark.parametrize(("kind", "status"), [("edge_error", 520), ("edge_block", 403)])
def test_an_error_of_the_edge_is_html_with_a_ray_id(
    emulator: Emulator, api: httpx.Client, kind: str, status: int
) -> None:
    emulator.faults.add("list_jobs", kind=kind)
    answer = api.get("/jobs")
    assert answer.status_code == status
    assert answer.headers["cf-ray"]
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_connection_reset_before_leaves_no_job(emulator: Emulator, api: httpx.Client, bell: dict[str, Any]) -> None:
    emulator.faults.add("create_job", kind="reset")
    with pytest.raises(httpx.ReadError):
        api.post("/jobs", json=bell)
    assert api.get("/jobs").json()["count"] == 0


def test_a_connection_reset_after_leaves_the_job(emulator: Emulator, api: httpx.Client, bell: dict[str, Any]) -> None:
    emulator.faults.add("create_job", kind="reset_after")
    with pytest.raises(httpx.ReadError):
        api.post("/jobs", json=bell)
    assert api.get("/jobs").json()["count"] == 1


def test_an_error_can_follow_a_request_that_took_effect(
    emulator: Emulator, api: httpx.Client, bell: dict[str, Any]
) -> None:
    emulator.faults.add("create_job", status=502, when="after")
    assert api.post("/jobs", json=bell).status_code == 502
    assert api.get("/jobs").json()["count"] == 1


def test_a_truncated_body_ends_the_connection_early(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("get_instance", kind="truncated", keep=20)
    with pytest.raises(httpx.RemoteProtocolError):
        api.get("/instance")
    assert api.get("/instance").status_code == 200


def test_a_fault_can_put_in_an_unknown_status_and_nulls(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    job_id = submit(api)
    emulator.faults.add("get_job", kind="unknown_status")
    emulator.faults.add("get_job", kind="null", replace={"created": None, "usage.status": None})
    strange, nulls, usual = (api.get(f"/jobs/{job_id}").json() for _ in range(3))
    assert strange["status"] == strange["state"]["status"] == "Reticulating"
    assert (nulls["created"], nulls["usage"]["status"]) == (None, None)
    assert usual["status"] == "Queued"


def test_the_token_endpoint_can_fail_too(emulator: Emulator) -> None:
    emulator.faults.add("create_token", status=503, times=1)
    answer = httpx.post(f"{emulator.iam_url}/identity/token", data={})
    assert answer.status_code == 503


def test_faults_are_added_listed_and_removed_over_http(control: httpx.Client, api: httpx.Client) -> None:
    added = control.post("/faults", json=[{"operation": "list_jobs", "status": 500}, {"kind": "reset"}])
    assert added.status_code == 201
    first, second = added.json()["faults"]
    assert control.delete(f"/faults/{second['id']}").status_code == 204
    assert control.delete(f"/faults/{second['id']}").status_code == 404
    assert api.get("/jobs").status_code == 500
    assert [(rule["id"], rule["fired"]) for rule in control.get("/faults").json()["faults"]] == [(first["id"], 1)]
    control.delete("/faults")
    assert control.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize("rule", [{"operation": "list_jobs", "colour": "red"}, {"probability": 2}, 5])
def test_a_wrong_rule_is_refused_with_the_reason(control: httpx.Client, rule: Any) -> None:
    answer = control.post("/faults", json=rule)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_is_noted_in_the_record_of_requests(emulator: Emulator, api: httpx.Client) -> None:
    emulator.faults.add("list_jobs", kind="rate_limited")
    api.get("/jobs")
    api.get("/jobs")
    assert [(one.operation, one.fault, one.status) for one in emulator.requests[-2:]] == [
        ("list_jobs", "rate_limited", 429),
        ("list_jobs", None, 200),
    ]


@pytest.mark.parametrize("step", ["²", "9" * 5000, "-1", "1" * 20, ""])
def test_a_step_that_is_no_place_of_a_list_changes_nothing(emulator: Emulator, api: httpx.Client, step: str) -> None:
    for path in (f"devices.{step}", f"devices.{step}.name"):
        emulator.faults.add("list_backends", kind="null", replace={path: None})
        answer = api.get("/backends")
        assert answer.status_code == 200
        assert all(device["name"] for device in answer.json()["devices"])


def test_values_are_replaced_only_where_the_response_has_them(emulator: Emulator, api: httpx.Client) -> None:
    session_id = api.post("/sessions", json={"mode": "batch", "backend": "ibm_fez"}).json()["id"]
    emulator.faults.add("get_session", kind="unknown_status", times=1)
    emulator.faults.add("get_session", kind="null", times=1)
    emulator.faults.add("get_session", kind="null", replace={"timestamps.0.status": None, "timestamps.9.status": 1})
    usual, nulls, inside = (api.get(f"/sessions/{session_id}").json() for _ in range(3))
    assert (usual["state"], "status" in usual) == ("open", False)
    assert (nulls["timestamps"], "started_at" in nulls, "created" in nulls) == (None, False, False)
    assert [entry["status"] for entry in inside["timestamps"]] == [None]
