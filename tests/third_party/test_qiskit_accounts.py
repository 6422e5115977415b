"""qiskit-ibm-runtime finds instances and backends with global search and global catalog."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import Report, RunScript


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qiskit_accounts.py")


def test_all_instances_are_found_with_their_plans(report: Report) -> None:
    found = {instance["name"]: (instance["plan"], instance["pricing_type"]) for instance in report["instances"]}
    assert found == {
        "emulator": ("premium", "subscription"),
        "emulator-open": ("open", "free"),
        "emulator-paygo": ("pay-as-you-go", "paygo"),
    }


def test_an_instance_can_be_chosen_in_every_way_of_the_client(report: Report, emulator: Emulator) -> None:
    crns = emulator.instances
    assert report["active"] == {
        "by CRN": crns["emulator"],
        "by environment": crns["emulator"],
        "by name": crns["emulator-open"],
        "by plan": crns["emulator-paygo"],
        # By default, the client prefers the open plan.
        "auto": crns["emulator-open"],
        "saved": crns["emulator-paygo"],
    }


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        ("key", "InvalidAccountError", "valid API token"),
        ("instance", "IBMInputValueError", "does not have access"),
        ("name", "IBMInputValueError", "not a valid instance name"),
        ("filter", "IBMInputValueError", "No matching instances"),
        ("backend", "QiskitBackendNotFoundError", "No backend matches"),
        ("plan's backend", "QiskitBackendNotFoundError", "No backend matches"),
    ],
)
def test_wrong_values_raise_the_errors_of_the_client(report: Report, attempt: str, error: str, words: str) -> None:
    kind, message = report["refused"][attempt]
    assert kind == error
    assert words in message


def test_usage_is_that_of_the_plan(report: Report) -> None:
    assert report["usage"]["premium"]["usage_consumed_seconds"] == 0
    assert report["usage"]["open"]["usage_allocation_seconds"] == 600
    # The client computes this from the consumed and the allocated time.
    assert report["usage"]["open"]["usage_remaining_seconds"] == 600


def test_backends_are_those_of_the_instance(report: Report) -> None:
    assert report["open backends"] == ["ibm_fez", "ibm_kingston", "ibm_marrakesh"]
    assert report["by name"] == ["ibm_sherbrooke"]
    assert report["least busy"].startswith("ibm_")


@pytest.mark.parametrize(
    ("name", "qubits", "gate"),
    [
        ("ibm_fez", 156, "cz"),
        ("ibm_sherbrooke", 127, "ecr"),
        ("ibm_boston", 156, "cz"),
        ("ibmq_lima", 5, "cx"),
        ("ibmq_paris", 27, "cx"),
    ],
)
def test_targets_are_built_from_the_device_data(report: Report, name: str, qubits: int, gate: str) -> None:
    device: Mapping[str, object] = report["devices"][name]
    assert device["status"] == [True, "active", 0]
    assert device["qubits"] == [qubits] * 4
    assert {gate, "rz", "sx", "x", "measure", "delay", "reset"} <= set(report["devices"][name]["operations"])
    assert report["devices"][name]["couplings"] >= qubits - 1
    for quantity in ("pair error", "readout error", "t1"):
        in_target, in_properties = report["devices"][name][quantity]
        assert in_target == in_properties > 0, quantity
    assert 1e-10 < report["devices"][name]["dt"] < 1e-8
    assert device["faulty"] == [[], 0]


def test_fractional_gates_exist_only_on_devices_that_have_them(report: Report) -> None:
    assert report["fractional"] == ["rx", "rzz"]
    assert report["not fractional"][0] == "IBMInputValueError"
