"""The executor runs the quantum programs of qiskit-ibm-runtime, whose own models write and read them here."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import QuantumProgram
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.options_models import ExecutorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic import build
from samplomatic.transpiler import generate_boxing_pass_manager

from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.emulator.programs.noise import relaxation_times
from qiskit_runtime_rest.results import decode

VERSIONS = tuple(QUANTUM_PROGRAM_PARAMS_CONVERTERS)
GOOD = (87, 88)


def bell() -> QuantumCircuit:
    """A Bell state but for a turn of the first qubit: equal bits for 0, different ones for pi."""
    circuit = QuantumCircuit(133, 2)
    first, second = GOOD
    for qubit in GOOD:
        circuit.rz(np.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(np.pi / 2, qubit)
    circuit.cz(first, second)
    circuit.rz(np.pi / 2, second)
    circuit.sx(second)
    circuit.rz(np.pi / 2, second)
    circuit.sx(second)
    circuit.rz(Parameter("turn"), second)
    circuit.sx(second)
    circuit.x(second)
    circuit.measure(GOOD, (0, 1))
    return circuit


def encoded(program: QuantumProgram, version: str = "v2.0") -> Any:
    model = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder(program, ExecutorOptions())
    return json.loads(model.model_dump_json())


def swept(turns: Any, shots: int = 400, **options: Any) -> QuantumProgram:
    program = QuantumProgram(shots=shots, **options)
    program.append_circuit_item(bell(), circuit_arguments=np.asarray(turns, dtype=float)[..., None])
    return program


def equal(bits: Any) -> Any:
    """How often the two bits agree."""
    return (bits[..., 0] == bits[..., 1]).mean(axis=-1)


@pytest.mark.parametrize("version", VERSIONS)
def test_circuits_run_for_each_set_of_arguments(completed: Any, version: str) -> None:
    outcome = completed("executor", encoded(swept([[0, np.pi, 0], [np.pi, 0, np.pi]]), version))
    [item] = ExecutorResultDecoder.decode(outcome.body)
    assert item["c"].shape == (2, 3, 400, 2)
    assert item["c"].dtype == bool
    assert np.allclose(equal(item["c"]), [[1, 0, 1], [0, 1, 0]], atol=0.15)
    assert outcome.metrics.executions == 2400


TEXT = (
    'OPENQASM 3.0; include "stdgates.inc"; input float[64] b; input float[64] a; bit c; bit[2] d;'
    "sx $0; rz(a) $0; sx $0; sx $1; rz(b) $1; sx $1; c = measure $0; d[1] = measure $1;"
)


def with_texts(program: QuantumProgram, *texts: str, shape: tuple[int, ...] = ()) -> Any:
    """The params with the circuits as OpenQASM 3."""
    params = encoded(program)
    params["quantum_program"]["circuits"] = {"data": list(texts)}
    params["quantum_program"]["items"][0]["shape"] = shape
    return params


def turns(values: Any, shots: int = 200) -> QuantumProgram:
    """A program for the text above, whose own circuit has its parameters only."""
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    program = QuantumProgram(shots=shots)
    program.append_circuit_item(circuit, circuit_arguments=np.asarray(values))
    return program


def test_circuits_are_texts_whose_arguments_are_in_alphabetical_order(completed: Any) -> None:
    params = with_texts(turns([[0, np.pi], [np.pi, 0]]), TEXT)
    [item] = ExecutorResultDecoder.decode(completed("executor", params).body)
    assert {name: array.shape for name, array in item.items()} == {"c": (2, 200, 1), "d": (2, 200, 2)}
    assert np.allclose(item["c"].mean(axis=-2), [[1], [0]], atol=0.2)
    assert np.allclose(item["d"].mean(axis=-2), [[0, 0], [0, 1]], atol=0.2)


def test_the_shape_of_a_circuit_item_repeats_it(completed: Any) -> None:
    params = with_texts(turns([[0, np.pi], [np.pi, 0]]), TEXT, shape=(3, 2))
    outcome = completed("executor", params)
    [item] = ExecutorResultDecoder.decode(outcome.body)
    assert item["c"].shape == (3, 2, 200, 1)
    assert np.allclose(item["c"].mean(axis=-2), [[[1], [0]]] * 3, atol=0.2)
    assert outcome.metrics.executions == 6 * 200


def test_a_text_or_a_shape_that_does_not_fit_fails_the_job(failed: Any) -> None:
    broken = failed("executor", with_texts(turns([[0, 0]]), "OPENQASM 3.0; nonsense"))
    assert broken.code in (1506, 1603)
    missing = failed("executor", with_texts(turns([[0, 0]] * 2), TEXT, shape=(3,)))
    assert (missing.code, "does not extend" in missing.reason) == (3211, True)


def test_the_bits_of_a_register_are_in_its_order(completed: Any) -> None:
    circuit = QuantumCircuit(133, 3)
    circuit.x(88)
    circuit.measure([87, 88], [0, 2])
    program = QuantumProgram(shots=100)
    program.append_circuit_item(circuit, circuit_arguments=np.zeros((0,)))
    [item] = ExecutorResultDecoder.decode(completed("executor", encoded(program)).body)
    assert np.allclose(item["c"].mean(axis=-2), [0, 0, 1], atol=0.2)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_result_has_the_random_values_of_the_samplex(completed: Any, version: str) -> None:
    boxes = generate_boxing_pass_manager(enable_gates=True, enable_measures=True)
    template, samplex = build(boxes.run(bell()))
    program = QuantumProgram(shots=100)
    program.append_samplex_item(
        template, samplex=samplex, samplex_arguments={"parameter_values": np.array([0.0])}, shape=(12,)
    )
    [item] = ExecutorResultDecoder.decode(completed("executor", encoded(program, version)).body)
    flips = item["measurement_flips.c"]
    assert flips.shape == (12, 1, 2)
    assert 0 < flips.mean() < 1
    assert np.all(equal(item["c"] ^ flips) > 0.8)
    assert not np.all(equal(item["c"]) > 0.8)


def test_the_sampler_on_top_of_it_agrees_with_the_sampler(completed: Any) -> None:
    [item] = ExecutorResultDecoder.decode(completed("executor", encoded(swept(0.0, shots=4000))).body)
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; rz(pi/2) $87; sx $87; rz(pi/2) $87; rz(pi/2) $88; sx $88;'
        "rz(pi/2) $88; cz $87, $88; rz(pi/2) $88; sx $88; rz(pi/2) $88; c[0] = measure $87; c[1] = measure $88;"
    )
    body = json.loads(completed("sampler", {"pubs": [[text, None, 4000]]}).body)
    samples = body["results"][0]["data"]["c"]["samples"]
    assert equal(item["c"]) == pytest.approx(sum(sample in ("0x0", "0x3") for sample in samples) / 4000, abs=0.02)


def test_passthrough_data_comes_back(completed: Any) -> None:
    program = swept([0.0], passthrough_data={"numbers": np.arange(3.0), "text": ["a", None, True]})
    program._semantic_role = "sampler-v2"
    result = ExecutorResultDecoder.decode(completed("executor", encoded(program)).body)
    assert result._semantic_role == "sampler-v2"
    assert result.passthrough_data["numbers"].tolist() == [0, 1, 2]
    assert result.passthrough_data["text"] == ["a", None, True]


def test_the_result_has_the_time_of_each_item(completed: Any) -> None:
    program = swept([0.0, 1.0], shots=10)
    program.append_circuit_item(bell(), circuit_arguments=np.zeros((3, 2, 1)))
    body = json.loads(completed("executor", encoded(program)).body)
    [chunk] = body["metadata"]["chunk_timing"]
    assert chunk["start"] <= chunk["stop"]
    assert [(part["idx_item"], part["size"]) for part in chunk["parts"]] == [(0, 2), (1, 6)]


def test_the_seed_decides(completed: Any) -> None:
    params = encoded(swept([0.0, 0.0]))
    data = [json.loads(completed("executor", params, seed=seed).body)["data"] for seed in (1, 1, 2)]
    assert data[0] == data[1] != data[2]


def test_the_repetition_delay_is_counted(completed: Any) -> None:
    params = encoded(swept([0.0], shots=1000))
    usual = completed("executor", params).metrics.quantum_seconds
    params["options"]["rep_delay"] = 0.0005
    assert completed("executor", params).metrics.quantum_seconds == pytest.approx(usual + 0.25, abs=0.001)


def test_measurements_are_points_at_level_1(completed: Any) -> None:
    """Their names end as IBM's client expects it."""
    found = [
        ExecutorResultDecoder.decode(completed("executor", encoded(swept([0.0, np.pi], meas_level=level))).body)[0]
        for level in ("classified", "kerneled", "avg_kerneled", "both")
    ]
    assert [sorted(one) for one in found] == [["c"], ["c_iq"], ["c_avg_iq"], ["c", "c_iq"]]
    bits, points, means = found[0]["c"], found[1]["c_iq"], found[2]["c_avg_iq"]
    assert np.array_equal(found[3]["c"], bits)
    assert np.array_equal(found[3]["c_iq"], points)
    assert (points.shape, points.dtype, means.shape) == ((2, 400, 2), complex, (2, 2))
    # The sign of the first coordinate is the outcome, with the same randomness.
    assert np.mean((points.real < 0) == bits) > 0.999
    assert np.allclose(means, points.mean(axis=1))
    assert np.std(points.imag) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_the_timing_of_circuits_is_answered_if_it_is_asked_for(completed: Any, version: str) -> None:
    circuit = QuantumCircuit(133, 1)
    stretch = circuit.add_stretch("wait")
    circuit.sx(87)
    circuit.barrier(87, 88)
    circuit.delay(300, 88, "dt")
    circuit.delay(stretch, 87)
    circuit.x(87)
    circuit.delay(stretch, 87)
    circuit.barrier(87, 88)
    circuit.measure(87, 0)
    program = QuantumProgram(shots=50)
    program.append_circuit_item(circuit, circuit_arguments=np.zeros((0,)))
    params = encoded(program, version)
    assert json.loads(completed("executor", params).body)["data"][0]["metadata"] == {
        "scheduler_timing": None,
        "stretch_values": None,
    }
    params["options"] |= {"scheduler_timing": True, "stretch_values": True}
    body = completed("executor", params).body
    found = ExecutorResultDecoder.decode(body)[0].metadata
    lines = [line.split(",") for line in found.scheduler_timing.timing.split("\n")]
    assert {len(line) for line in lines} == {6}
    assert ["sx_87", "Qubit 87", "0"] in [line[1:4] for line in lines]
    assert max(int(line[3]) + int(line[4]) for line in lines) == found.scheduler_timing.circuit_duration
    [value] = found.stretch_values
    x = next(int(line[4]) for line in lines if line[1] == "x_87")
    assert (value.name, 2 * value.value + value.remainder + x) == ("wait", 300)
    assert [length for _, length in value.expanded_values] == [value.value] * 2
    ours = decode(body.encode(), program_id="executor")[0]
    assert ours.metadata["scheduler_timing"]["circuit_duration"] == found.scheduler_timing.circuit_duration
    assert ours.metadata["stretch_values"][0]["value"] == value.value


def test_qubits_that_are_not_initialised_keep_what_is_left(completed: Any) -> None:
    """A flip in each shot: it finds 1 with the chance p = kept (1 - p), and the outcome is 1 with 1 - p."""
    circuit = QuantumCircuit(133, 1)
    circuit.x(87)
    circuit.measure(87, 0)
    program = QuantumProgram(shots=8000)
    program.append_circuit_item(circuit, circuit_arguments=np.zeros((0,)))
    params = encoded(program)
    t1, _ = relaxation_times(devices.get("ibm_torino"), 87)
    for initialised, delay in ((True, 0.0), (False, 0.0), (False, 2 * t1)):
        params["options"] |= {"init_qubits": initialised, "rep_delay": delay}
        [item] = ExecutorResultDecoder.decode(completed("executor", params).body)
        kept = 0.0 if initialised else np.exp(-delay / t1)
        assert item["c"].mean() == pytest.approx(1 / (1 + kept), abs=0.04), (initialised, delay)


def test_items_run_in_chunks_of_their_size(completed: Any) -> None:
    program = QuantumProgram(shots=10)
    for turns in (5, 2):
        program.append_circuit_item(bell(), circuit_arguments=np.zeros((turns, 1)), chunk_size=2)
    spans = ExecutorResultDecoder.decode(completed("executor", encoded(program)).body).metadata.chunk_timing
    parts = [(part.idx_item, part.size) for span in spans for part in span.parts]
    assert parts == [(0, 2), (0, 2), (0, 1), (1, 2)]
    assert all(one.stop == other.start for one, other in itertools.pairwise(spans))
    spent = [(span.stop - span.start).total_seconds() for span in spans]
    assert spent == pytest.approx([sum(spent) * size / 7 for _, size in parts], abs=1e-5)


def broken(**changes: Any) -> Any:
    params = encoded(swept([0.0]))
    return params | changes


NOT_NATIVE = QuantumCircuit(1, 1)
NOT_NATIVE.h(0)


@pytest.mark.parametrize(
    ("params", "code", "hint"),
    [
        ({}, 3211, "schema_version must be one of v0.1"),
        (broken(schema_version="v99.0"), 3211, "'v99.0'"),
        (broken(quantum_program=None), 3211, "quantum_program"),
        (broken(options=None), 3211, "options"),
        (
            broken(quantum_program=broken()["quantum_program"] | {"circuits": {"b64_data": "AAAA"}}),
            3211,
            "quantum_program.circuits",
        ),
        (encoded(swept([0.0] * 30, shots=400_000)), 1520, "12000000"),
    ],
)
def test_bad_input_fails_the_job(failed: Any, params: Any, code: int, hint: str) -> None:
    failure = failed("executor", params)
    assert failure.code == code
    assert hint in failure.reason


def test_a_circuit_that_does_not_fit_the_device_fails_the_job(failed: Any) -> None:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(bell(), circuit_arguments=np.zeros((1, 1)))
    program.append_circuit_item(NOT_NATIVE, circuit_arguments=np.zeros((1, 0)))
    failure = failed("executor", encoded(program))
    assert failure.code == 1517
    assert "instruction h on qubits (0,)" in failure.reason
    assert "item 1" in failure.solution
