"""The devices have the form that the contract describes and qiskit's client expects."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import (
    configuration_from_server_data,
    properties_from_server_data,
)

from qiskit_runtime_rest.emulator import devices

CONTRACT = json.loads((Path(__file__).parents[2] / "openapi.json").read_text())
KINDS = ("ibm_torino", "ibm_brisbane", "ibm_fez", "ibm_boston", "ibm_berlin", "ibmq_manila", "ibmq_essex", "ibmq_belem")

# Where the contract's own words cannot hold what the service sends and clients read. Array positions: "*".
CONFIGURATION_EXCEPTIONS = {
    ("dt",): "older devices have two ninths of a nanosecond; clients compute durations with it",
    ("dtm",): "as dt",
    ("processor_type", "revision"): "the service says 1, the pattern asks for a minor number",
    ("sample_name",): "the service's text has a full stop in revisions",
    ("coupling_map",): "ibmq_armonk has one qubit and nothing to couple it to",
}
PROPERTIES_EXCEPTIONS = {
    ("gates", "*", "qubits", "*"): "numbers, with which clients find a gate; the contract says strings",
    ("general", "*"): "objects with name, value, unit and date, which clients decode; the contract says strings",
}


def violations(answer: Any, schema: str) -> dict[tuple[str, ...], str]:
    validator = OAS30Validator(
        CONTRACT["components"]["schemas"][schema] | {"components": CONTRACT["components"]},
        format_checker=OAS30Validator.FORMAT_CHECKER,
    )
    return {
        tuple("*" if isinstance(step, int) else step for step in error.absolute_path): error.message
        for error in validator.iter_errors(answer)
    }


def sent(answer: Any) -> Any:
    return json.loads(json.dumps(answer))


def test_every_snapshot_has_a_different_name() -> None:
    names = devices.names()
    assert len(names) == len(set(names)) >= 60
    assert {"ibm_torino", "ibm_brisbane", "ibm_fez", "ibmq_manila", "ibm_nairobi", "ibm_auckland"} <= set(names)


def test_an_unknown_device_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="ibm_nowhere"):
        devices.get("ibm_nowhere")


@pytest.mark.parametrize("name", devices.names())
def test_the_configuration_keeps_to_the_contract(name: str) -> None:
    answer = sent(devices.get(name).configuration)
    assert answer["backend_name"] == name
    assert violations(answer, "BackendConfigurationResponse").keys() <= CONFIGURATION_EXCEPTIONS.keys()


@pytest.mark.parametrize("name", devices.names())
def test_the_properties_keep_to_the_contract(name: str) -> None:
    answer = dict(devices.get(name).properties)
    # All entries of a list are made alike; looking at each takes a minute over all devices.
    answer |= {"gates": answer["gates"][::50], "general": answer["general"][:2], "qubits": answer["qubits"][:3]}
    assert violations(sent(answer), "BackendPropertiesResponse").keys() <= PROPERTIES_EXCEPTIONS.keys()


def test_the_list_entries_keep_to_the_contract() -> None:
    queue = {"status": {"name": "online"}, "queue_length": 0}
    answer = {"devices": [json.loads(devices.get(name).summary) | queue for name in devices.names()]}
    assert violations(sent(answer), "BackendsResponse") == {}


@pytest.mark.parametrize("name", KINDS)
def test_qiskit_builds_a_target_from_the_answers(name: str) -> None:
    device = devices.get(name)
    configuration = configuration_from_server_data(copy.deepcopy(sent(device.configuration)), use_fractional_gates=None)
    properties = properties_from_server_data(copy.deepcopy(sent(device.properties)), use_fractional_gates=None)
    target = convert_to_target(configuration, properties)
    assert target.num_qubits == device.qubits
    assert set(target.operation_names) == device.operational.keys() - {"store"}
    for name, places in device.operational.items():
        if name in target.operation_names and places is not None:
            assert set(target[name]) == places


def test_the_summary_condenses_the_calibration() -> None:
    summary = json.loads(devices.get("ibm_torino").summary)
    assert summary["qubits"] == 133
    assert summary["clops"] == {"type": "hardware", "value": 210_000}
    assert summary["processor_type"]["family"] == "Heron"
    metrics = summary["performance_metrics"]
    best = metrics["two_q_error_best"]
    errors = {
        tuple(gate["qubits"]): gate["parameters"][0]["value"]
        for gate in devices.get("ibm_torino").properties["gates"]
        if gate["gate"] == "cz"
    }
    assert best["gate"] == "cz"
    assert best["value"] == min(errors.values()) == errors[tuple(best["qubits"])]
    assert best["value"] < metrics["two_q_error_median"]["value"] < metrics["two_q_error_layered"]["value"] < 0.05
    assert 0 < metrics["readout_error_median"]["value"] < 0.1


def test_reading_devices_does_not_import_qiskit() -> None:
    code = (
        "import sys; from qiskit_runtime_rest.emulator import devices;"
        "device = devices.get('ibm_fez'); device.configuration, device.properties, device.summary;"
        "print([name for name in sys.modules if name in ('qiskit', 'qiskit_ibm_runtime', 'numpy')])"
    )
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout == "[]\n"
