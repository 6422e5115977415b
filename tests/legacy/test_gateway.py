"""The classic API over HTTP, in front of the embedded service."""

from __future__ import annotations

import json
import logging
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from qiskit.result import Result
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from qiskit_runtime_rest import ConfigurationError
from qiskit_runtime_rest.legacy import Report
from qiskit_runtime_rest.legacy.gateway.server import LoopbackGateway
from qiskit_runtime_rest.legacy.messages import ClassicError
from qiskit_runtime_rest.legacy.table import ROUTES
from qiskit_runtime_rest.legacy.translation.callers import LIFETIME_SECONDS, AccessTokens, Caller
from qiskit_runtime_rest.testing import Emulator

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0], q[1];
measure q -> c;
"""
BELL_3 = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
qubit[2] q;
h q[0];
cx q[0], q[1];
c = measure q;
"""
PLACE = {"hub": "ibm-q", "group": "open", "project": "main"}
SAMPLE = {"program_id": "sampler", "backend": "ibm_fez", **PLACE, "params": {"circuits": [BELL]}}


def stream(gateway: Any, job_id: str, key: str) -> list[str]:
    url = gateway.url.replace("http:", "ws:") + f"/stream/jobs/{job_id}"
    with connect(url, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None) as websocket:
        messages = [str(message) for message in websocket]
        assert websocket.close_code == 1000
    return messages


def submit(gateway: Any, **changes: Any) -> dict[str, Any]:
    response = gateway.http.post("/jobs", json=SAMPLE | changes)
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


def error(response: httpx.Response) -> tuple[int, int, str]:
    (only,) = response.json()["errors"]
    assert set(only) == {"code", "message", "solution", "more_info"}
    return response.status_code, only["code"], only["message"]


def test_a_v1_sampler_job_returns_quasi_probabilities(gateway: Any) -> None:
    job = submit(gateway, params={"circuits": [BELL, BELL_3], "run_options": {"shots": 500}})
    result = gateway.results(job["id"]).json()
    assert [about["shots"] for about in result["metadata"]] == [500, 500]
    for distribution in result["quasi_dists"]:
        assert sum(distribution.values()) == pytest.approx(1)
        assert set(distribution) <= {"00", "01", "10", "11"}
        assert distribution["00"] + distribution["11"] > 0.6


def test_a_v1_estimator_job_returns_values(gateway: Any) -> None:
    circuit = BELL.replace("measure q -> c;", "").replace("creg c[2];", "")
    params = {"circuits": [circuit] * 2, "observables": ["ZZ", [["XX", 0.5], ["ZI", 0.1]]], "shots": 2000}
    job = submit(gateway, program_id="estimator", params=params)
    result = gateway.results(job["id"]).json()
    zz, mixed = result["values"]
    assert all(about["shots"] >= 2000 and about["variance"] >= 0 for about in result["metadata"])
    # A mitigated value may be above 1 by its statistical error.
    spread = [5 * (about["variance"] / about["shots"]) ** 0.5 for about in result["metadata"]]
    assert 0.5 < zz <= 1 + spread[0]
    assert 0.2 < mixed < 0.6


@pytest.mark.parametrize("program", ["circuit-runner", "qasm3-runner"])
def test_the_circuit_runners_return_counts(gateway: Any, program: str) -> None:
    job = submit(gateway, program_id=program, params={"circuits": BELL_3, "run_config": {"shots": 100}})
    document = gateway.results(job["id"]).json()
    (experiment,) = document.pop("results")
    assert document == {
        "backend_name": "ibm_fez",
        "backend_version": document["backend_version"],
        "qobj_id": job["id"],
        "job_id": job["id"],
        "success": True,
        "status": "COMPLETED",
    }
    assert document["backend_version"]
    assert sum(experiment["data"]["counts"].values()) == experiment["shots"] == 100
    assert set(experiment["data"]["counts"]) <= {"0x0", "0x1", "0x2", "0x3"}
    assert experiment["header"] == {
        "name": "circuit-0",
        "creg_sizes": [["c", 2]],
        "memory_slots": 2,
        "n_qubits": 156,
    }
    old = Result.from_dict(document | {"results": [experiment]})
    assert sum(old.get_counts().values()) == 100
    assert set(old.get_counts()) <= {"00", "01", "10", "11"}
    assert gateway.http.get(f"/jobs/{job['id']}").json()["program"]["id"] == program


def test_a_circuit_runner_with_memory_returns_each_shot(gateway: Any) -> None:
    job = submit(gateway, program_id="circuit-runner", params={"circuits": [BELL], "shots": 20, "memory": True})
    (experiment,) = gateway.results(job["id"]).json()["results"]
    assert Counter(experiment["data"]["memory"]) == experiment["data"]["counts"]
    assert sum(experiment["data"]["counts"].values()) == 20


@pytest.mark.parametrize(("gate", "likely"), [("x", {"11"}), ("h", {"01", "11"})])
def test_a_circuit_may_have_conditions_on_measurements(gateway: Any, gate: str, likely: set[str]) -> None:
    flipped = BELL.replace("cx q[0], q[1];\nmeasure q -> c;", f"measure q[0] -> c[0];\nif (c == 1) {gate} q[1];")
    job = submit(gateway, params={"circuits": [flipped.replace("h q[0]", "x q[0]") + "measure q[1] -> c[1];"]})
    (outcomes,) = gateway.results(job["id"]).json()["quasi_dists"]
    assert max(outcomes, key=outcomes.get) in likely


def test_results_without_values_of_v1_stay_unchanged(gateway: Any) -> None:
    params = {"circuits": 'OPENQASM 3.0; include "stdgates.inc"; x $0;', "skip_transpilation": True}
    job = submit(gateway, params=params)
    assert "results" in gateway.results(job["id"]).json()
    assert "results" in {note.field for note in gateway.translator.notes}


def test_circuit_indices_and_parameter_values_choose_what_runs(gateway: Any) -> None:
    turn = BELL_3.replace("h q[0];\ncx q[0], q[1];", "rx(theta) q[0];").replace(
        "bit[2] c;", "input float theta;\nbit[2] c;"
    )
    params = {
        "circuits": [BELL_3, turn],
        "circuit_indices": [1, 1, 0],
        "parameter_values": [[0.0], [3.14159265], []],
        "run_options": {"shots": 300},
    }
    first, second, third = gateway.results(submit(gateway, params=params)["id"]).json()["quasi_dists"]
    assert first["00"] > 0.6
    assert second["01"] > 0.6
    assert third["00"] + third["11"] > 0.6


def test_v2_pubs_stay_unchanged(gateway: Any, emulator: Emulator) -> None:
    isa = BELL_3.replace("h q[0];\ncx q[0], q[1];", "x q[0];")
    params = {"pubs": [[isa]], "version": 2, "shots": 50, "support_qiskit": False, "options": {"transpilation": {}}}
    params["transpilation"] = {"optimization_level": 1}
    job = submit(gateway, params=params)
    (result,) = gateway.results(job["id"]).json()["results"]
    assert len(result["data"]["c"]["samples"]) == 50


def test_the_session_of_a_first_job_takes_follow_up_jobs(gateway: Any) -> None:
    first = submit(gateway, start_session="True")
    assert first["session_id"] == first["id"]
    second = submit(gateway, session_id=first["id"])
    assert second["session_id"] == first["id"]
    assert gateway.http.get(f"/jobs/{second['id']}").json()["session_id"] == first["id"]
    session = gateway.http.get(f"/sessions/{first['id']}").json()
    assert (session["id"], session["mode"]) == (first["id"], "dedicated")
    listed = gateway.http.get("/jobs", params={"session_id": first["id"]}).json()["jobs"]
    assert {job["id"] for job in listed} == {first["id"], second["id"]}
    assert gateway.http.delete(f"/sessions/{first['id']}/close").status_code in (200, 204)
    assert gateway.http.get(f"/sessions/{first['id']}").json()["state"] == "closed"


def test_a_session_is_closed_again_when_its_job_is_refused(gateway: Any, emulator: Emulator) -> None:
    emulator.faults.add("create_job", status=400)
    response = gateway.http.post("/jobs", json=SAMPLE | {"start_session": True})
    emulator.faults.clear()
    assert response.status_code == 400
    sent = [(request.method, request.path) for request in emulator.requests]
    (made,) = [path for method, path in sent if (method, path.endswith("/sessions")) == ("POST", True)]
    assert any(method == "DELETE" and path.startswith(made) and path.endswith("/close") for method, path in sent)


def test_a_session_can_be_created_with_classic_names(gateway: Any) -> None:
    made = gateway.http.post("/sessions", json={"backend": "ibm_fez", "max_session_ttl": 600, "instance": "a/b/c"})
    assert made.status_code == 200, made.text
    session = gateway.http.get(f"/sessions/{made.json()['id']}").json()
    assert (session["mode"], session["max_ttl"], session["max_session_ttl"]) == ("dedicated", 600, 600)


def test_backends_are_names(gateway: Any) -> None:
    devices = gateway.http.get("/backends", params={"provider": "ibm-q/open/main"}).json()["devices"]
    assert "ibm_fez" in devices
    assert all(isinstance(device, str) for device in devices)
    assert gateway.http.get("/backends/ibm_fez/status").json()["state"] is not None


def test_a_job_is_shown_in_its_classic_form(gateway: Any) -> None:
    job = submit(gateway, tags=["mine"])
    gateway.results(job["id"])
    shown = gateway.http.get(f"/jobs/{job['id']}").json()
    assert shown["state"] == {"status": "Completed", "reason": "", "reasonCode": None}
    assert shown["status"] == "Completed"
    assert {name: shown[name] for name in PLACE} == PLACE
    assert shown["tags"] == ["mine"]
    assert gateway.http.get("/jobs/tags").json() == {"tags": ["mine"]}


def test_there_is_no_result_until_the_job_is_over(gateway: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    try:
        job = submit(gateway)
        assert gateway.http.get(f"/jobs/{job['id']}/results").status_code == 204
    finally:
        emulator.pace = "immediate"
    assert gateway.results(job["id"]).status_code == 200


def test_a_job_without_a_backend_runs_on_an_idle_one(gateway: Any) -> None:
    body = {name: value for name, value in SAMPLE.items() if name != "backend"}
    response = gateway.http.post("/jobs", json=body)
    assert response.json()["backend"] in gateway.http.get("/backends").json()["devices"]


def test_a_job_in_the_oldest_form_runs(gateway: Any) -> None:
    params = [json.dumps({"circuits": [BELL]}), json.dumps({"run_options": {"shots": 10}})]
    body = {"programId": "sampler", **PLACE, "backend": "ibm_fez", "params": params}
    response = gateway.http.post("/jobs", json=body)
    result = gateway.results(response.json()["id"]).json()
    assert sum(result["quasi_dists"][0].values()) == pytest.approx(1)
    assert result["metadata"] == [{"shots": 10}]


@pytest.mark.parametrize("program", ["sampler", "circuit-runner"])
def test_without_shots_a_circuit_runs_1024_times(gateway: Any, program: str) -> None:
    result = gateway.results(submit(gateway, program_id=program)["id"]).json()
    assert [one["shots"] for one in result.get("metadata") or result["results"]] == [1024]


def test_tags_of_jobs_may_have_commas_between_them(gateway: Any) -> None:
    both, _ = submit(gateway, tags=["a", "b"]), submit(gateway, tags=["a"])
    for tags in ("a,b", "a, b,", ["a", "b"]):
        listed = gateway.http.get("/jobs", params={"tags": tags}).json()["jobs"]
        assert [job["id"] for job in listed] == [both["id"]]
    assert len(gateway.http.get("/jobs", params={"tags": ","}).json()["jobs"]) == 2


@pytest.mark.parametrize("cost", [2**31, 10**30])
def test_the_cost_of_a_job_is_an_int32(gateway: Any, cost: int) -> None:
    response = gateway.http.post("/jobs", json=SAMPLE | {"cost": cost})
    assert error(response)[:2] == (400, 1204)


def test_the_era_can_be_set(open_gateway: Callable[..., Any], emulator: Emulator) -> None:
    gateway = open_gateway(era="2021")
    gateway.login(emulator.api_key)
    listed = gateway.http.get("/programs").json()
    assert isinstance(listed, list)
    assert {"creationDate", "isPublic"} <= set(listed[0])
    job = submit(gateway, start_session=True)
    assert job["sessionId"] == job["id"] or job["session_id"] == job["id"]
    assert "userId" in gateway.http.get(f"/jobs/{job['id']}").json()


@pytest.mark.parametrize("program", ["runtime-simple", "hello-world"])
def test_the_programs_of_the_tutorials_run_as_expected(gateway: Any, emulator: Emulator, program: str) -> None:
    body = {"program_id": program, **PLACE, "backend": "ibm_fez", "params": {"iterations": 3}}
    job = gateway.http.post("/jobs", json=body).json()
    listening, *interim, final = stream(gateway, job["id"], emulator.api_key)
    assert job["id"] in listening
    assert [json.loads(message)["iteration"] for message in interim] == [0, 1, 2]
    assert final == "All done!"
    result = gateway.results(job["id"])
    assert (result.text, result.headers["content-type"].split(";")[0]) == ("All done!", "text/plain")
    assert gateway.http.get(f"/jobs/{job['id']}").json()["status"] == "Completed"
    assert gateway.http.post(f"/jobs/{job['id']}/cancel").status_code == 409
    assert gateway.http.delete(f"/jobs/{job['id']}").status_code == 204
    assert error(gateway.http.get(f"/jobs/{job['id']}"))[0] == 404


def test_ignored_fields_of_a_local_job_are_noted(gateway: Any) -> None:
    body = {"program_id": "runtime-simple", **PLACE, "start_session": "True", "job_tags": ["a"]}
    job = gateway.http.post("/jobs", json=body).json()
    assert gateway.http.put(f"/jobs/{job['id']}/tags", json={"tags": ["b"]}).status_code == 204
    ignored = {note.field for note in gateway.translator.notes if note.what.startswith("ignored")}
    assert ignored == {"start_session", "job_tags", "tags"}


def test_a_stream_names_the_job_and_ends_with_the_result(gateway: Any, emulator: Emulator) -> None:
    job = submit(gateway)
    listening, *_, final = stream(gateway, job["id"], emulator.api_key)
    assert job["id"] in listening
    (distribution,) = json.loads(final)["quasi_dists"]
    assert set(distribution) <= {"00", "01", "10", "11"}
    assert sum(distribution.values()) == pytest.approx(1)


def test_messages_of_the_client_of_a_stream_are_ignored(gateway: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    try:
        job = submit(gateway)
        url = gateway.url.replace("http:", "ws:") + f"/stream/jobs/{job['id']}"
        with connect(url, additional_headers={"x-access-token": emulator.api_key}, proxy=None) as websocket:
            assert job["id"] in str(websocket.recv(timeout=60))
            websocket.send("text")
            websocket.send(b"bytes")
            assert websocket.ping().wait(60)  # the gateway has read both
            emulator.pace = "immediate"
            (final,) = websocket
            assert "quasi_dists" in json.loads(final)
            assert websocket.close_code == 1000
    finally:
        emulator.pace = "immediate"


def test_a_stream_that_the_client_closes_early_is_recorded(gateway: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    try:
        job = submit(gateway)
        url = gateway.url.replace("http:", "ws:") + f"/stream/jobs/{job['id']}"
        with connect(url, additional_headers={"x-access-token": emulator.api_key}, proxy=None) as websocket:
            assert job["id"] in str(websocket.recv(timeout=60))
    finally:
        emulator.pace = "immediate"
    gateway.close()  # returns when all its requests have ended
    assert gateway.translator.calls[-1].status == 101
    assert gateway.translator.calls[-1].path == f"/stream/jobs/{job['id']}"


def test_after_logout_the_token_is_refused_with_1201(gateway: Any) -> None:
    response = gateway.http.post("/api/users/logout")
    assert (response.status_code, response.content) == (204, b"")
    assert error(gateway.http.get("/jobs")) == (401, 1201, "Invalid credentials.")
    assert error(gateway.http.post("/users/logout"))[:2] == (401, 1201)


def test_the_api_key_itself_is_a_token(open_gateway: Callable[..., Any], emulator: Emulator) -> None:
    http = open_gateway().http
    for headers in ({"Authorization": f"Bearer {emulator.api_key}"}, {"x-access-token": emulator.api_key}):
        assert http.get("/jobs", headers=headers).status_code == 200


def test_a_bearer_token_of_iam_is_accepted_with_a_crn(open_gateway: Callable[..., Any], emulator: Emulator) -> None:
    http = open_gateway().http
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
    token = httpx.post(f"{emulator.iam_url}/identity/token", data=grant).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Service-CRN": emulator.instance}
    assert "ibm_fez" in http.get("/backends", headers=headers).json()["devices"]


def bearer(emulator: Emulator, **altered: str) -> dict[str, str]:
    """The header with a new token of IAM; altered claims have a forged signature."""
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
    token = httpx.post(f"{emulator.iam_url}/identity/token", data=grant).json()["access_token"]
    if altered:
        claims = jwt.decode(token, options={"verify_signature": False})
        token = jwt.encode({**claims, **altered}, "a forged key that is long enough for the algorithm", "HS256")
    return {"Authorization": f"Bearer {token}"}


def test_the_bearer_tokens_of_one_user_own_the_same_programs(
    open_gateway: Callable[..., Any], emulator: Emulator
) -> None:
    http = open_gateway().http
    first, later = bearer(emulator), bearer(emulator)
    assert first != later
    program = {"name": "mine", "data": "cHJpbnQoMSk="}
    program_id = http.post("/programs", headers=first, json=program).json()["id"]
    assert http.get(f"/programs/{program_id}", headers=later).json()["data"] == program["data"]
    assert http.delete(f"/programs/{program_id}", headers=later).status_code == 204


def test_a_forged_bearer_token_owns_nothing(open_gateway: Callable[..., Any], emulator: Emulator) -> None:
    http = open_gateway().http
    program = {"name": "mine", "data": "cHJpbnQoMSk="}
    program_id = http.post("/programs", headers=bearer(emulator), json=program).json()["id"]
    forged = bearer(emulator, jti="another")
    job = {"program_id": program_id, "backend": "ibm_fez", "params": {}}
    simple = {"program_id": "runtime-simple", "params": {"iterations": 1}}
    for response in (
        http.get(f"/programs/{program_id}", headers=forged),
        http.post("/jobs", headers=forged, json=job),
        http.post("/jobs", headers=forged, json=simple),
    ):
        assert error(response)[:2] == (401, 1201)


def test_prefixes_of_a_path_are_accepted(gateway: Any) -> None:
    assert gateway.http.get("/runtime/facade/v1/jobs").status_code == 200


def test_head_is_get_without_the_body(gateway: Any) -> None:
    for path, status in (("/programs", 200), ("/jobs/nothing", 404), ("/health", 410)):
        response = gateway.http.head(path)
        assert (response.status_code, response.content) == (status, b"")


def test_an_access_token_expires() -> None:
    now = 0.0
    tokens = AccessTokens(clock=lambda: now)
    first = tokens.issue(Caller("key"))
    now = LIFETIME_SECONDS - 1.0
    second = tokens.issue(Caller("key"))
    assert tokens.caller(first).secret == "key"
    now += 1
    with pytest.raises(ClassicError, match="401"):
        tokens.caller(first)
    assert tokens.caller(second).secret == "key"


def test_a_removed_call_says_why_and_what_to_use_instead(gateway: Any) -> None:
    removed = [route for route in ROUTES if not route.handler and not route.v1]
    assert removed
    for route in removed:
        response = gateway.http.request(route.method, route.path.replace("{id}", "x"))
        status, _, message = error(response)
        assert status == 410
        assert str(route.removed) in message
        assert route.instead in response.json()["errors"][0]["solution"]


def test_a_broken_store_is_a_server_error(open_gateway: Callable[..., Any], emulator: Emulator, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    http = open_gateway(store=broken).http
    broken.write_text("no database, but text of some length" * 100)
    response = http.get("/programs", headers={"x-access-token": emulator.api_key})
    assert error(response)[0] == 503
    assert "broken.sqlite" in response.text


def test_a_store_that_cannot_be_opened_is_an_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot use the state file"):
        LoopbackGateway(store=tmp_path / "file" / "store.sqlite")


def test_the_report_has_the_messages_of_errors(open_gateway: Callable[..., Any], emulator: Emulator) -> None:
    gateway = open_gateway(instances={"ibm-q/open/main": emulator.instance})
    query = {"provider": "ibm-q/other/main"}
    gateway.http.get("/jobs", params=query, headers={"x-access-token": emulator.api_key})
    report = Report.of(gateway.translator.calls)
    (use,) = report.uses
    assert "ibm-q/other/main" in use.errors[0]
    assert f"  error: {use.errors[0]}" in str(report)


def test_notes_are_logged_once_and_listed(gateway: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="qiskit_runtime_rest.legacy")
    for _ in range(2):
        submit(gateway, params={"circuits": [BELL], "resilience_settings": {"level": 1}}, runtime="image")
    said = [record.getMessage() for record in caplog.records if "resilience_settings" in record.getMessage()]
    assert len(said) == 1
    notes = gateway.http.get("/_gateway/notes").json()["notes"]
    fields = {note["field"] for note in notes}
    assert {"hub", "params.resilience_settings.level", "runtime", "params.circuits"} <= fields


class TestInstances:
    def test_each_hub_group_project_has_its_instance(
        self, open_gateway: Callable[..., Any], emulator: Emulator
    ) -> None:
        names = list(emulator.instances)
        mapping = {"a/b/c": emulator.instances[names[0]], "*": emulator.instances[names[1]]}
        gateway = open_gateway(instances=mapping)
        gateway.login(emulator.api_key)
        emulator.clear_requests()
        for provider in ("a/b/c", "d/e/f"):
            gateway.http.get("/jobs", params={"provider": provider})
        used = [request.headers["service-crn"] for request in emulator.requests if request.path.endswith("/jobs")]
        assert used == [mapping["a/b/c"], mapping["*"]]

    def test_a_name_without_an_entry_is_refused_and_a_crn_needs_none(
        self, open_gateway: Callable[..., Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QRR_CLASSIC_INSTANCES", json.dumps({"a/b/c": emulator.instance}))
        gateway = open_gateway()
        gateway.login(emulator.api_key)
        status, code, message = error(gateway.http.get("/jobs", params={"provider": "x/y/z"}))
        assert (status, code) == (403, 1200)
        assert "'x/y/z'" in message
        assert gateway.http.get("/jobs", params={"provider": emulator.instance}).status_code == 200


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "part"),
        [
            ({"params": {"circuits": ["OPENQASM 2.0; nonsense"]}}, "cannot be read"),
            ({"params": {"circuits": [BELL], "run_options": {"shots": -1}}}, "shots"),
            ({"params": {}}, "circuits"),
            ({"hub": "a", "group": None, "project": None}, "together"),
            ({"tags": "one"}, "tags"),
        ],
    )
    def test_an_invalid_field_is_named(self, gateway: Any, changes: dict[str, Any], part: str) -> None:
        status, _, message = error(gateway.http.post("/jobs", json=SAMPLE | changes))
        assert status == 400
        assert part in message

    @pytest.mark.parametrize("body", [b"[1]", b"\xff\xfe", json.dumps(SAMPLE | {"backend": "\ud800"}).encode()])
    def test_a_body_that_is_not_a_json_object_is_refused(self, gateway: Any, body: bytes) -> None:
        assert error(gateway.http.post("/jobs", content=body))[:2] == (400, 1204)

    @pytest.mark.parametrize("dots", [".", "..", "%2e", "%2E%2e"])
    def test_an_id_of_dots_is_an_unknown_job(self, gateway: Any, dots: str) -> None:
        with socket.create_connection((httpx.URL(gateway.url).host, httpx.URL(gateway.url).port)) as connection:
            token = gateway.http.headers["x-access-token"]
            # HTTP clients would normalize such a path.
            sent = (
                f"GET /jobs/{dots} HTTP/1.1\r\nHost: localhost\r\nx-access-token: {token}\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(sent.encode())
            response = b"".join(iter(lambda: connection.recv(65536), b""))
        assert response.startswith(b"HTTP/1.1 404 ")
        assert b"Job not found" in response

    def test_names_of_fields_cannot_forge_lines_of_the_log(
        self, gateway: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="qiskit_runtime_rest.legacy")
        submit(gateway, **{"a\nb" + "c" * 1000: 1})
        assert not any("\n" in record.getMessage() or len(record.getMessage()) > 300 for record in caplog.records)
        noted = [note["field"] for note in gateway.http.get("/_gateway/notes").json()["notes"]]
        assert "a b" + "c" * 97 in noted

    def test_an_unknown_program_and_an_unknown_call_are_404(self, gateway: Any) -> None:
        assert error(gateway.http.post("/jobs", json=SAMPLE | {"program_id": "mine"}))[0] == 404
        assert error(gateway.http.get("/nothing/here"))[0] == 404

    def test_an_uploaded_program_is_stored_but_not_run(self, gateway: Any) -> None:
        body = {"name": "mine", "data": "cHJpbnQoMSk=", "description": "x"}
        made = gateway.http.post("/programs", json=body)
        assert made.status_code == 201, made.text
        status, _, message = error(gateway.http.post("/jobs", json=SAMPLE | {"program_id": made.json()["id"]}))
        assert (status, "not run" in message) == (400, True)

    @pytest.mark.parametrize("token", ["qrr-access-made-up", "wrong-key", "eyJ.bad.token", "ä"])
    def test_foreign_tokens_are_refused_with_1201(self, open_gateway: Callable[..., Any], token: str) -> None:
        http = open_gateway().http
        header = {"x-access-token": token.encode()}
        for response in (
            http.get("/jobs", headers=header),
            http.post("/programs", json={"name": "x"}, headers=header),
            http.post("/users/loginWithToken", json={"apiToken": token}),
        ):
            assert error(response)[:2] == (401, 1201)

    def test_a_stream_of_an_unknown_job_does_not_open(self, gateway: Any, emulator: Emulator) -> None:
        for job_id, key, status in (
            ("no-such-job", emulator.api_key, 404),
            ("local-0123456789", emulator.api_key, 404),
            (submit(gateway)["id"], "wrong-key", 401),
        ):
            with pytest.raises(InvalidStatus) as refused:
                stream(gateway, job_id, key)
            assert refused.value.response.status_code == status

    def test_a_stream_of_another_instances_job_does_not_open(
        self, open_gateway: Callable[..., Any], emulator: Emulator
    ) -> None:
        one, other, *_ = emulator.instances.values()
        gateway = open_gateway(instances={"h/g/one": one, "h/g/other": other})
        gateway.login(emulator.api_key)
        job_id = submit(gateway, hub="h", group="g", project="other", backend="ibm_kingston")["id"]
        assert job_id in stream(gateway, f"{job_id}?provider=h/g/other", emulator.api_key)[0]
        with pytest.raises(InvalidStatus) as refused:
            stream(gateway, f"{job_id}?provider=h/g/one", emulator.api_key)
        assert refused.value.response.status_code == 404

    def test_a_stream_of_another_callers_local_job_does_not_open(self, gateway: Any, emulator: Emulator) -> None:
        job_id = submit(gateway, program_id="runtime-simple", params={"iterations": 1})["id"]
        assert stream(gateway, job_id, emulator.api_key)[-1] == "All done!"
        grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
        token = httpx.post(f"{emulator.iam_url}/identity/token", data=grant).json()["access_token"]
        with pytest.raises(InvalidStatus) as refused:
            stream(gateway, job_id, token)
        assert refused.value.response.status_code == 404

    def test_secrets_are_neither_logged_nor_sent_back(
        self, gateway: Any, emulator: Emulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        secrets = [emulator.api_key, gateway.http.headers["x-access-token"], "a-wrong-api-key-0001"]
        responses = [
            gateway.http.get("/jobs", headers={"x-access-token": secrets[2]}),
            gateway.http.post("/jobs", json=SAMPLE | {"params": {}}),
            gateway.http.get("/_gateway/notes"),
        ]
        kept = b"".join(path.read_bytes() for path in Path.home().parent.rglob("*.sqlite*"))
        for secret in secrets:
            assert not any(secret in response.text for response in responses)
            assert secret not in caplog.text
            assert secret not in repr(gateway.translator.calls)
            assert secret.encode() not in kept
