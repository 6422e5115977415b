"""Which devices a service has, how tests set their condition, and their mock devices."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.emulator import Options, devices, programs
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import ONES

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


def names(api: httpx.Client, **query: str) -> list[str]:
    return [device["name"] for device in api.get("/backends", params=query).json()["devices"]]


def entry(api: httpx.Client, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = api.get("/backends").json()["devices"]
    return next(device for device in found if device["name"] == name)


def test_the_devices_are_those_of_today(connect: Connect) -> None:
    with Emulator() as emulator:
        api = connect(emulator)
        assert names(api) == list(devices.PRESENT)
        assert min(device["qubits"] for device in api.get("/backends").json()["devices"]) >= 120
        of_open = connect(emulator, instance=emulator.instances["emulator-open"])
        three = ["ibm_fez", "ibm_kingston", "ibm_marrakesh"]
        assert names(of_open) == three == of_open.get("/instance").json()["backends"]
        assert of_open.get("/backends/ibm_aachen/status").status_code == 404


def test_all_instances_have_the_devices_that_the_user_chose(connect: Connect) -> None:
    with Emulator(devices=["ibm_torino", "my_device=ibm_brisbane"]) as emulator:
        for instance in emulator.instances.values():
            api = connect(emulator, instance=instance)
            assert names(api) == ["ibm_torino", "my_device"]
            configuration = api.get("/backends/my_device/configuration").json()
            assert (configuration["backend_name"], configuration["n_qubits"]) == ("my_device", 127)
            assert api.get("/backends/ibm_fez/status").status_code == 404


def test_a_retired_device_is_not_listed_and_runs_the_jobs_that_name_it(connect: Connect, submit: Submit) -> None:
    with Emulator(virtual_clock=True, workers=1) as emulator:
        api = connect(emulator)
        assert "ibm_torino" not in names(api)
        assert api.get("/backends/ibm_torino/configuration").json()["n_qubits"] == 133
        job_id = submit(api, backend="ibm_torino", params={"pubs": [[ONES, None, 100]]})
        emulator.clock.advance(0)
        assert api.get(f"/jobs/{job_id}").json()["status"] == "Completed"
        assert api.get("/backends/ibm_never/status").status_code == 404


def test_a_device_is_made_from_two_files(connect: Connect, submit: Submit, tmp_path: Path) -> None:
    shipped = devices.get("ibmq_manila").snapshot
    properties = json.loads(shipped.properties.read_text())
    for name in ("conf.json", "props.json"):
        shutil.copy(shipped.configuration, tmp_path / name)
    (tmp_path / "props.json").write_text(json.dumps(properties | {"backend_version": "9.9.9"}))
    files = f"{tmp_path / 'conf.json'},{tmp_path / 'props.json'}"
    with Emulator(devices={"lab": files}, virtual_clock=True, workers=1) as emulator:
        api = connect(emulator)
        assert names(api) == ["lab"]
        assert api.get("/backends/lab/properties").json()["backend_version"] == "9.9.9"
        job_id = submit(api, backend="lab", params={"pubs": [[ONES, None, 100]]})
        emulator.clock.advance(0)
        assert api.get(f"/jobs/{job_id}").json()["status"] == "Completed"


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        (["ibm_nowhere"], "There is no snapshot 'ibm_nowhere': expected NAME"),
        (["lab=ibm_nowhere"], "There is no snapshot 'ibm_nowhere'"),
        (["=ibm_fez"], "'' cannot be the name of a device"),
        (["lab=nowhere.json,either.json"], "nowhere.json: "),
        ([], "devices: expected NAME"),
    ],
)
def test_a_device_that_does_not_exist_is_refused_at_once(choice: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Options(devices=choice)


def test_a_file_that_is_not_of_a_device_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "conf.json").write_text('{"n_qubits": 2}')
    with pytest.raises(ValueError, match="expected a JSON object with basis_gates, gates"):
        Options(devices=[f"lab={tmp_path / 'conf.json'},{tmp_path / 'conf.json'}"])


def test_a_paused_device_keeps_its_jobs_in_the_queue(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.devices.set("ibm_fez", status="paused", reason="calibration", queue_length=40)
    job_id = submit(api)
    emulator.clock.advance(60)
    assert api.get(f"/jobs/{job_id}").json()["status"] == "Queued"
    assert entry(api, "ibm_fez")["status"] == {"name": "paused", "reason": "calibration"}
    assert entry(api, "ibm_fez")["queue_length"] == 41
    status = api.get("/backends/ibm_fez/status").json()
    assert (status["state"], status["status"], status["message"]) == (True, "maintenance", "calibration")
    assert status["length_queue"] == 41
    emulator.devices.set("ibm_fez", status="online")
    emulator.clock.advance(0)
    assert api.get(f"/jobs/{job_id}").json()["status"] == "Completed"


def test_an_offline_device_takes_no_jobs(
    emulator: Emulator, api: httpx.Client, control: httpx.Client, bell: dict[str, Any]
) -> None:
    changed = control.post("/devices", json={"name": "ibm_fez", "status": "offline"}).raise_for_status().json()
    expected = {"name": "ibm_fez", "status": "offline", "reason": None, "queue_length": 0}
    assert expected in changed["devices"] == control.get("/devices").json()["devices"] == emulator.devices.list()
    assert api.post("/jobs", json=bell).status_code == 409
    assert api.get("/backends/ibm_fez/status").json()["state"] is False
    emulator.reset()
    assert api.post("/jobs", json=bell).status_code == 200


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "ibm_nowhere", "status": "online"}, "no device 'ibm_nowhere'"),
        ({"name": "ibm_fez", "status": "broken"}, "'status' must be in"),
        ({"name": "ibm_fez", "queue_length": -1}, "'queue_length' must be >= 0"),
        ({"name": "ibm_fez", "colour": "red"}, "colour"),
        ({"status": "online"}, "'name' of a device"),
    ],
)
def test_a_wrong_condition_is_refused(control: httpx.Client, change: dict[str, Any], problem: str) -> None:
    refused = control.post("/devices", json=change)
    assert (refused.status_code, problem in refused.json()["error"]) == (400, True), refused.text


def test_only_lists_that_ask_for_them_have_mock_devices_and_their_jobs(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    assert "mock_fez" not in names(api)
    [mock] = [one for one in api.get("/backends?include_mocks=True").json()["devices"] if one["name"] == "mock_fez"]
    assert (mock["class"], mock["qubits"]) == ("mock", 156)
    job_id = submit(api, backend="mock_fez", params={"pubs": [[ONES, None, 400]], "version": 2})
    emulator.clock.advance(0)
    job = api.get(f"/jobs/{job_id}").json()
    assert (job["status"], job["usage"]["qpu_charge_time_seconds"]) == ("Completed", 0)
    samples = json.loads(api.get(f"/jobs/{job_id}/results").text)["results"][0]["data"]["c"]["samples"]
    assert min(Counter(samples)[value] for value in ("0x0", "0x1", "0x2", "0x3")) > 50
    for path, key in (("/jobs", "jobs"), ("/workloads", "workloads")):
        assert api.get(path).json()[key] == []
        assert [one["id"] for one in api.get(f"{path}?include_mocks=True").json()[key]] == [job_id]


def test_snapshots_are_completed_to_what_devices_publish_today() -> None:
    fez = devices.get("ibm_fez")
    assert fez.configuration["basis_gates"] == ["cz", "id", "rx", "rz", "rzz", "sx", "x", "xslow"]
    supported = {
        *("cz", "id", "delay", "measure", "measure_reset", "measure_2", "measure_reset_2", "reset", "reset_2"),
        *("rz", "sx", "x", "if_else", "store", "xslow", "rx", "rzz"),
    }
    assert set(fez.configuration["supported_instructions"]) == supported
    assert devices.get("ibm_miami").configuration["basis_gates"] == ["cz", "id", "rz", "sx", "x"]
    assert json.loads(fez.summary)["physical_qubits"] == 156 + 176


def test_a_gate_without_a_calibration_takes_that_of_its_neighbour() -> None:
    gates = {(gate["gate"], *gate["qubits"]): gate["parameters"] for gate in devices.get("ibm_fez").properties["gates"]}

    def number(name: str, *place: Any) -> float:
        return next(float(entry["value"]) for entry in gates[place] if entry["name"] == name)

    assert number("gate_error", "rzz", 72, 73) == number("gate_error", "cz", 72, 73) < 1
    assert number("gate_error", "xslow", 3) == number("gate_error", "x", 3)
    assert number("gate_length", "xslow", 3) == 1000
    assert number("gate_length", "measure_reset", 3) == number("gate_length", "measure", 3)


def test_a_slow_gate_has_the_relaxation_of_its_length() -> None:
    counts = {}
    for gate in ("x", "xslow"):
        definition = "gate xslow a { x a; }" if gate == "xslow" else ""
        text = f'OPENQASM 3.0; include "stdgates.inc"; {definition} bit[1] c; {f"{gate} $0;" * 40} c[0] = measure $0;'
        outcome = programs.run("sampler", {"pubs": [[text, None, 4000]]}, device=devices.get("ibm_fez"), seed=1)
        assert isinstance(outcome, programs.Completed)
        counts[gate] = Counter(json.loads(outcome.body)["results"][0]["data"]["c"]["samples"])["0x1"]
    assert counts["xslow"] > 2 * counts["x"]
