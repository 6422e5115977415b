from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


def device(api: httpx.Client, name: str, **query: str) -> dict[str, Any]:
    devices = api.get("/backends", params=query).json()["devices"]
    return next(device for device in devices if device["name"] == name)


def test_devices_are_listed_with_their_state(api: httpx.Client) -> None:
    fez = device(api, "ibm_fez")
    assert (fez["qubits"], fez["queue_length"], fez["status"]["name"]) == (156, 0, "online")
    assert "wait_time_seconds" not in fez


def test_the_query_for_mock_devices_is_accepted(api: httpx.Client) -> None:
    assert api.get("/backends", params={"include_mocks": "True"}).status_code == 200


def test_queue_and_wait_follow_from_the_jobs_in_the_queue(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = {"queued": "immediate", "running": "seconds:30"}
    submit(api)
    emulator.clock.advance(30)
    emulator.pace = "hold"
    for _ in range(4):
        submit(api)
    fez = device(api, "ibm_fez", fields="wait_time_seconds")
    assert fez["queue_length"] == 4
    assert fez["wait_time_seconds"] == {"average": 120, "p50": 120, "p95": 120}
    assert api.get("/backends/ibm_fez/status").json()["length_queue"] == 4
    assert device(api, "ibm_kingston")["queue_length"] == 0


def test_devices_without_pulse_defaults_answer_null(api: httpx.Client) -> None:
    answer = api.get("/backends/ibm_kingston/defaults")
    assert (answer.status_code, answer.content) == (200, b"null")
    assert answer.headers["content-type"].startswith("application/json")


def test_the_open_plan_has_no_waiting_times(emulator: Emulator, connect: Callable[..., httpx.Client]) -> None:
    api = connect(emulator, instance=emulator.instances["emulator-open"])
    assert "wait_time_seconds" not in device(api, "ibm_kingston", fields="wait_time_seconds")


@pytest.mark.parametrize("part", ["configuration", "properties", "status", "defaults"])
def test_every_part_exists_for_devices_only(api: httpx.Client, part: str) -> None:
    assert api.get(f"/backends/ibm_fez/{part}").status_code == 200
    missing = api.get(f"/backends/ibm_nowhere/{part}")
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, 1007)


def test_a_wrong_query_is_refused(api: httpx.Client) -> None:
    assert api.get("/backends", params={"fields": "everything"}).status_code == 400


def cz_lengths(api: httpx.Client, backend: str, **query: str) -> set[float]:
    gates = api.get(f"/backends/{backend}/properties", params=query).json()["gates"]
    entries = [entry for gate in gates if gate["gate"] == "cz" for entry in gate["parameters"]]
    return {entry["value"] for entry in entries if entry["name"] == "gate_length"}


@pytest.mark.parametrize(
    ("backend", "calibration", "factor"),
    [
        ("ibm_fez", "slow_gates_dc", 2),
        ("ibm_fez", "slow_gates_ac", 2),
        ("ibm_fez", "slow_gates", 1),
        ("ibm_miami", "slow_gates", 2),
    ],
)
def test_other_calibrations_have_slow_two_qubit_gates(
    api: httpx.Client, backend: str, calibration: str, factor: int
) -> None:
    usual = cz_lengths(api, backend)
    assert cz_lengths(api, backend, calibration_id=calibration) == {factor * length for length in usual}
    path = f"/backends/{backend}/configuration"
    assert api.get(path, params={"calibration_id": calibration}).json() == api.get(path).json()
