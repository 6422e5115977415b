"""The SDK against the embedded service: `runtime_client` is a fixture of qiskit-runtime-rest."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tiny_sdk import Circuit, Device, NotSupported

from qiskit_runtime_rest import QuotaExceeded, RuntimeClient


@pytest.fixture
def device(runtime_client: RuntimeClient) -> Device:
    return Device("ibm_torino", client=runtime_client)


def bell() -> Circuit:
    return Circuit(2).h(0).h(1).cz(0, 1).h(1)


def test_a_bell_state_has_two_outcomes(device: Device) -> None:
    counts = device.run(bell(), shots=400).counts()
    assert sum(counts.values()) == 400
    assert counts["00"] + counts["11"] > 240  # the device is noisy: without it, all 400


def test_expectation_values_are_those_of_the_state(device: Device) -> None:
    assert device.expectation(bell(), "ZZ") > 0.4
    assert device.expectation(Circuit(2).x(0), "IZ") < -0.4
    assert device.expectation(Circuit(2).x(0), "ZI") > 0.4
    assert abs(device.expectation(Circuit(1).rx(math.pi / 2, 0), "Z")) < 0.4
    assert device.expectation(Circuit(1).rx(math.pi, 0), "Z") < -0.4


def test_many_circuits_run_as_one_batch(device: Device) -> None:
    zero, one = device.run_all([Circuit(1).rz(0.3, 0), Circuit(1).x(0)], shots=100)
    assert zero["0"] > 60
    assert one["1"] > 60


def test_a_circuit_finds_a_line_of_neighbours(device: Device) -> None:
    places = device.places(Circuit(4).cz(0, 1).cz(1, 2).cz(2, 3))
    assert len(set(places)) == 4
    with pytest.raises(NotSupported, match="no line"):
        device.places(Circuit(3).cz(0, 1).cz(0, 2).cz(1, 2))


def test_a_device_with_other_gates_is_refused(runtime_client: RuntimeClient) -> None:
    with pytest.raises(NotSupported, match="lacks the gates cz"):
        Device("ibmq_lima", client=runtime_client)


def test_a_qubit_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="has 1 qubits"):
        Circuit(1).x(1)


def test_errors_of_the_service_are_typed(device: Device, runtime_faults: Any) -> None:
    runtime_faults.add("create_job", status=409, body={"errors": [{"code": 4317, "message": "used up"}]})
    with pytest.raises(QuotaExceeded):
        device.run(bell())
