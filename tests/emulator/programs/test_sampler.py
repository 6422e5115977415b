"""The sampler measures what the device's noise makes of a circuit, in both forms of result."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections import Counter
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit_ibm_runtime import RuntimeDecoder

from qiskit_runtime_rest.emulator import devices

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
ROTATION = f"{HEADER} input float[64] a; input float[64] b; bit[1] c; sx $3; rz(a + 2*b) $3; sx $3; c[0] = measure $3;"


TWIRLING = {"enable_gates": True, "num_randomizations": 4, "shots_per_randomization": 6}


def data(outcome: Any, pub: int = 0) -> Any:
    return json.loads(outcome.body)["results"][pub]["data"]


def bell_circuit() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    for qubit in (0, 1):
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)
    circuit.cz(0, 1)
    circuit.rz(np.pi / 2, 1)
    circuit.sx(1)
    circuit.rz(np.pi / 2, 1)
    return circuit


@pytest.mark.parametrize(("backend", "pair"), [("ibm_torino", (87, 88)), ("ibm_torino", (0, 1)), ("ibm_fez", (22, 23))])
def test_a_bell_state_is_as_noisy_as_the_device(
    bell: Any, completed: Any, theory: Any, agree: Any, backend: str, pair: tuple[int, int]
) -> None:
    outcome = completed("sampler", {"pubs": [[bell(*pair)]]}, backend=backend)
    samples = data(outcome)["c"]["samples"]
    assert len(samples) == 4096
    expected = theory(backend, pair).probabilities(bell_circuit())
    agree(samples, expected)
    counts = Counter(samples)
    wrong = counts["0x1"] + counts["0x2"]
    assert wrong > 0
    assert counts["0x0"] + counts["0x3"] > 3 * wrong


@pytest.mark.parametrize(
    ("start", "repeated", "times"), [([], "id", 300), (["x"], "id", 300), (["x", "x"], "cz", 60), ([], "cz", 60)]
)
def test_the_errors_of_gates_add_up(
    completed: Any, theory: Any, agree: Any, start: list[str], repeated: str, times: int
) -> None:
    qubits = {"id": "$87", "cz": "$87, $88"}[repeated]
    circuit = QuantumCircuit(2)
    for qubit in range(len(start)):
        circuit.x(qubit)
    for _ in range(times):
        circuit.append(get_standard_gate_name_mapping()[repeated], [0, 1] if repeated == "cz" else [0])
    text = f"{HEADER} bit[2] c;" + "".join(f"{gate} ${87 + place};" for place, gate in enumerate(start))
    text += f"{repeated} {qubits};" * times + "c[0] = measure $87; c[1] = measure $88;"
    expected = theory("ibm_torino", (87, 88)).probabilities(circuit)
    # In OpenQASM 3, devices refuse `id`.
    agree(data(completed("sampler", {"pubs": [[text]]}, lenient=True))["c"]["samples"], expected)
    assert max(expected) < 0.95


def test_the_seed_decides_the_samples(bell: Any, completed: Any) -> None:
    params = {"pubs": [[bell(87, 88)], [bell(87, 88)]]}
    first, again = completed("sampler", params, seed=1), completed("sampler", params, seed=1)
    other = completed("sampler", params, seed=2)
    assert data(first) == data(again)
    assert data(first) != data(other)
    assert data(first, 0) != data(first, 1)


def test_the_seed_of_the_job_has_precedence(bell: Any, completed: Any) -> None:
    params = {"pubs": [[bell(87, 88)]], "options": {"simulator": {"seed_simulator": 11}}}
    assert data(completed("sampler", params, seed=1)) == data(completed("sampler", params, seed=2))


@pytest.mark.parametrize(
    ("pub_shots", "params", "expected"),
    [
        (None, {}, 4096),
        (None, {"options": {"default_shots": 100}}, 100),
        (None, {"shots": 50, "options": {"default_shots": 100}}, 50),
        (30, {"shots": 50}, 30),
        (None, {"shots": None}, 4096),
        (None, {"shots": 50, "options": {"twirling": TWIRLING}}, 50),
        (None, {"options": {"default_shots": 100, "twirling": TWIRLING}}, 24),
    ],
)
def test_shots_come_from_the_pub_the_job_or_the_options(
    bell: Any, completed: Any, pub_shots: int | None, params: Any, expected: int
) -> None:
    outcome = completed("sampler", {"pubs": [[bell(87, 88), None, pub_shots]], **params})
    assert len(data(outcome)["c"]["samples"]) == expected
    # Randomizations have whole numbers of shots.
    assert expected <= outcome.metrics.executions < expected + 6


def wrapped(array: Any) -> dict[str, str]:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array, dtype=float), allow_pickle=False)
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


@pytest.mark.parametrize(
    "values",
    [
        [0.5, np.pi / 4],
        {"a": 0.5, "b": np.pi / 4},
        {"b": np.pi / 4, "a": 0.5},
        wrapped([0.5, np.pi / 4]),
        {"a": wrapped(0.5), "b": np.pi / 4},
    ],
)
def test_every_form_of_parameter_values_means_the_same(completed: Any, values: Any) -> None:
    reference = completed("sampler", {"pubs": [[ROTATION, [0.5, np.pi / 4], 500]]})
    assert data(completed("sampler", {"pubs": [[ROTATION, values, 500]]})) == data(reference)


@pytest.mark.parametrize("values", [None, [], {}, wrapped(np.empty((0,)))])
def test_a_circuit_without_parameters_takes_every_form_of_none(bell: Any, completed: Any, values: Any) -> None:
    outcome = completed("sampler", {"pubs": [[bell(87, 88), values, 10]]})
    assert len(data(outcome)["c"]["samples"]) == 10


def test_several_parameter_sets_are_nested_as_they_are_given(completed: Any) -> None:
    sets = [[[0.0, 0.0], [np.pi, 0.0]], [[np.pi, 0.0], [0.0, 0.0]], [[np.pi / 2, 0.0], [0.0, np.pi / 4]]]
    outcome = completed("sampler", {"pubs": [[ROTATION, sets, 300]]})
    samples = np.array(data(outcome)["c"]["samples"])
    assert samples.shape == (3, 2, 300)
    ones = (samples == "0x1").mean(axis=-1)
    assert np.allclose(ones, np.array([[1, 0], [0, 1], [0.5, 0.5]]), atol=0.2)
    assert outcome.metrics.executions == 6 * 300
    assert len({tuple(shot) for shot in samples.reshape(6, 300)}) == 6


def test_equal_parameter_sets_of_a_circuit_without_parameters_get_different_samples(bell: Any, completed: Any) -> None:
    outcome = completed("sampler", {"pubs": [[bell(87, 88), wrapped(np.empty((3, 0))), 50]]})
    samples = np.array(data(outcome)["c"]["samples"])
    assert samples.shape == (3, 50)
    assert len({tuple(shot) for shot in samples}) == 3


def test_each_classical_register_has_its_own_samples(completed: Any) -> None:
    text = (
        f"{HEADER} bit[2] low; bit[70] high; x $4; x $5; low[1] = measure $4; high[69] = measure $5;"
        "low[0] = measure $6;"
    )
    found = data(completed("sampler", {"pubs": [text], "shots": 100}))
    assert {name: register["num_bits"] for name, register in found.items()} == {"low": 2, "high": 70}
    assert Counter(found["low"]["samples"]).most_common(1)[0][0] == "0x2"
    assert Counter(found["high"]["samples"]).most_common(1)[0][0] == hex(1 << 69)


def test_the_plain_result_has_the_time_of_measurement(bell: Any, completed: Any) -> None:
    metadata = json.loads(completed("sampler", {"pubs": [[bell(87, 88), None, 10]]}).body)["metadata"]
    [[start, stop, slices]] = metadata["execution"]["execution_spans"]
    assert start["date"] <= stop["date"]
    assert slices == {"0": [[10], [0, 1], [0, 10]]}
    assert metadata["version"] == 2


def test_qiskits_decoder_reads_the_other_form(completed: Any) -> None:
    pubs = [[ROTATION, [[0.0, 0.0], [np.pi, 0.0], [1.0, 1.0]], 200], [ROTATION, [0.3, 0.3], 100]]
    plain = completed("sampler", {"pubs": pubs})
    outcome = completed("sampler", {"pubs": pubs, "support_qiskit": True})
    result = json.loads(outcome.body, cls=RuntimeDecoder)
    assert [pub.data.c.array.shape for pub in result] == [(3, 200, 1), (100, 1)]
    for index in range(3):
        assert [hex(int(bits, 2)) for bits in result[0].data.c[index].get_bitstrings()] == data(plain)["c"]["samples"][
            index
        ]
    assert result[1].data.c.get_counts() == {
        str(int(value, 16)): count for value, count in Counter(data(plain, 1)["c"]["samples"]).items()
    }
    [span] = result.metadata["execution"]["execution_spans"]
    assert span.size == 3 * 200 + 100
    assert span.start <= span.stop


def test_a_circuit_in_qpy_runs_like_its_text(bell: Any, completed: Any) -> None:
    circuit = QuantumCircuit(133, 2, metadata={"from": "qpy"})
    circuit.compose(bell_circuit(), [87, 88], inplace=True)
    circuit.measure([87, 88], [0, 1])
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    encoded = {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode(),
    }
    outcome = completed("sampler", {"pubs": [[encoded]]})
    assert data(outcome) == data(completed("sampler", {"pubs": [[bell(87, 88)]]}))
    assert json.loads(outcome.body)["results"][0]["metadata"] == {"circuit_metadata": {"from": "qpy"}}


def test_the_metadata_of_a_job_are_those_of_the_services_model(bell: Any, completed: Any) -> None:
    options = {"twirling": {"enable_gates": True}, "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}}
    body = json.loads(completed("sampler", {"pubs": [[bell(87, 88)]], "options": options}).body)
    assert body["metadata"].keys() == {"execution", "version"}
    assert body["results"][0]["metadata"]["num_randomizations"] == 32


def test_relaxation_during_a_delay_is_simulated(completed: Any) -> None:
    text = f"{HEADER} bit[1] c; x $7; delay[{{}}] $7; c[0] = measure $7;"
    ones = [
        data(completed("sampler", {"pubs": [[text.format(wait), None, 1000]]}))["c"]["samples"].count("0x1")
        for wait in ("10ns", "10ms")
    ]
    assert ones[0] > 900
    assert ones[1] < 150


def test_a_measurement_can_control_what_runs(completed: Any) -> None:
    text = (
        f"{HEADER} bit[1] m; bit[1] c; x $9; m[0] = measure $9; if (m[0]) {{ x $10; }} reset $9;"
        "barrier $9, $10; c[0] = measure $10;"
    )
    found = data(completed("sampler", {"pubs": [[text, None, 500]]}))
    assert found["m"]["samples"].count("0x1") > 400
    assert sum(a == b for a, b in zip(found["m"]["samples"], found["c"]["samples"], strict=True)) > 400


def test_a_clifford_circuit_on_the_whole_device_runs(completed: Any) -> None:
    text = (
        f"{HEADER} bit[133] c;"
        + "".join(f"x ${q};" for q in range(133))
        + "".join(f"c[{q}] = measure ${q};" for q in range(133))
    )
    samples = data(completed("sampler", {"pubs": [[text, None, 20]]}))["c"]["samples"]
    assert all(100 < int(sample, 16).bit_count() < 133 for sample in samples)


def test_a_circuit_that_entangles_little_runs_on_many_qubits(completed: Any) -> None:
    angles = "".join(f"sx ${q}; rz(0.4) ${q}; sx ${q}; c[{q}] = measure ${q};" for q in range(40))
    samples = data(completed("sampler", {"pubs": [[f"{HEADER} bit[40] c; {angles}", None, 20]]}))["c"]["samples"]
    ones = sum(int(sample, 16).bit_count() for sample in samples) / (20 * 40)
    assert abs(ones - np.cos(0.2) ** 2) < 0.1


def test_the_metrics_estimate_the_devices_time(bell: Any, completed: Any) -> None:
    metrics = completed("sampler", {"pubs": [[bell(87, 88), None, 1000]]}).metrics
    properties = devices.get("ibm_torino").properties
    lengths = {
        (gate["gate"], *gate["qubits"]): entry["value"]
        for gate in properties["gates"]
        for entry in gate["parameters"]
        if entry["name"] == "gate_length"
    }
    [readout] = [entry["value"] for entry in properties["qubits"][88] if entry["name"] == "readout_length"]
    # The second qubit is turned, coupled, turned again and read.
    longest = 2 * lengths["sx", 88] + lengths["cz", 87, 88] + readout
    # The device waits 250 microseconds before each execution, unless asked otherwise, and 10 in any case.
    assert metrics.quantum_seconds == pytest.approx(1000 * (260e-6 + longest * 1e-9))
    assert metrics.circuits_execution_time_ns == pytest.approx(metrics.quantum_seconds * 1e9, abs=1000)
    options = {"execution": {"rep_delay": 0.0001}}
    quicker = completed("sampler", {"pubs": [[bell(87, 88), None, 1000]], "options": options}).metrics
    assert quicker.quantum_seconds == pytest.approx(1000 * (110e-6 + longest * 1e-9))


def test_angles_that_miss_a_quarter_turn_by_rounding_are_quarter_turns(completed: Any) -> None:
    # Twelve entangled qubits: few enough gates for the simulator of Clifford circuits to be taken.
    row = range(4, 16)
    text = f"{HEADER} input float[64] a; bit[12] c;" + "".join(f"rz(a) ${q}; sx ${q}; rz(a) ${q};" for q in row)
    text += "".join(f"cz ${q}, ${q + 1}; rz(a) ${q + 1}; sx ${q + 1}; rz(a) ${q + 1};" for q in row[:-1])
    text += "".join(f"c[{place}] = measure ${q};" for place, q in enumerate(row))
    sets = {"a": [np.pi / 2 + 1e-11, np.pi / 2 - 1e-11]}
    samples = data(completed("sampler", {"pubs": [[text, sets, 200]]}, backend="ibm_marrakesh"))["c"]["samples"]
    for found in samples:
        assert {value for value, _ in Counter(found).most_common(2)} == {"0x0", "0xfff"}
