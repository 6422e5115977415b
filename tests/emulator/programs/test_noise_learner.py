"""Noise learners find the noise that is simulated, with the errors of the experiment that was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import pytest
from ibm_quantum_schemas.noise_learner_v2.version_0_1 import ResultsModel  # type: ignore[import-untyped]
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS
from qiskit_ibm_runtime.decoders.noise_learner_v3.decoder import AVAILABLE_DECODERS
from qiskit_ibm_runtime.noise_learner_v3.params_converters import NOISE_LEARNER_V3_PARAMS_CONVERTERS
from qiskit_ibm_runtime.options_models import NoiseLearnerV3Options
from samplomatic.transpiler import generate_boxing_pass_manager
from samplomatic.utils import find_unique_box_instructions

from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.results import LayerNoise, LearnedNoise, decode

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
PRECISE = {"shots_per_randomization": 2000, "num_randomizations": 50}


def error_of(name: str, *qubits: int) -> float:
    """The calibrated error of a gate."""
    [gate] = (
        gate
        for gate in devices.get("ibm_torino").properties["gates"]
        if (gate["gate"], tuple(gate["qubits"])) == (name, qubits)
    )
    return next(float(entry["value"]) for entry in gate["parameters"] if entry["name"] == "gate_error")


def process_fidelity(rates: Mapping[str, float], qubits: int) -> float:
    """The process fidelity of the channel on these qubits: the mean of the fidelities of all Paulis."""
    fidelities = [
        np.exp(-2 * sum(rate for generator, rate in rates.items() if _anticommute(generator, label)))
        for label in _labels(qubits)
    ]
    return float(np.mean(fidelities))


def _labels(qubits: int) -> list[str]:
    return [""] if qubits == 0 else [letter + rest for letter in "IXYZ" for rest in _labels(qubits - 1)]


def _anticommute(one: str, other: str) -> bool:
    return sum(a != b and "I" not in (a, b) for a, b in zip(one, other, strict=True)) % 2 == 1


def expected_fidelity() -> float:
    """That of cz after two sx on each of its qubits, from the calibration."""
    single = prod((1 - error_of("sx", qubit) * 3 / 2) ** 2 for qubit in (0, 1))
    return (1 - error_of("cz", 0, 1) * 5 / 4) * single


def learned_v2(completed: Any, *texts: str, options: Any = None, seed: int = 1) -> Any:
    body = completed("noise-learner", {"circuits": list(texts), "options": options or {}}, seed=seed).body
    ResultsModel.model_validate(json.loads(body))
    assert DEFAULT_DECODERS["noise-learner"][0].decode(body).data
    return decode(body.encode(), program_id="noise-learner")


def test_layers_are_learned_the_most_frequent_first(completed: Any) -> None:
    two = f"{HEADER} cz $3, $4; barrier $0, $1, $3, $4; cz $0, $1;"
    result = learned_v2(
        completed, two, f"{HEADER} cz $0, $1; sx $0; cz $0, $1;", options={"twirling_strategy": "active"}
    )
    assert [layer.qubits for layer in result] == [(0, 1), (3, 4)]
    [layer] = learned_v2(completed, two, options={"max_layers_to_learn": 1})
    assert isinstance(layer, LayerNoise)
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    assert layer.circuit.to_qiskit() == circuit
    assert result.metadata["backend"] == "ibm_torino"
    assert result.metadata["input_options"]["layer_pair_depths"] == [0, 1, 2, 4, 16, 32]


def test_the_seed_of_the_job_has_precedence(completed: Any) -> None:
    text = f"{HEADER} cz $0, $1;"
    one, same, other = (
        learned_v2(completed, text, options={"simulator": {"seed_simulator": given}}, seed=seed)[0].error.rates
        for given, seed in ((5, 1), (5, 2), (6, 1))
    )
    assert one == same != other


def test_rates_are_those_of_the_calibration(completed: Any) -> None:
    [layer] = learned_v2(completed, f"{HEADER} cz $0, $1;", options=PRECISE)
    assert layer.error is not None
    rates = dict(zip(layer.error.generators, layer.error.rates, strict=True))
    assert 1 - process_fidelity(rates, 2) == pytest.approx(1 - expected_fidelity(), rel=0.05)


def test_idle_qubits_belong_to_a_layer_as_the_strategy_says(completed: Any) -> None:
    text = f"{HEADER} cz $0, $1; sx $1; cz $1, $2;"
    for strategy, last in {"active": (1, 2), "active-accum": (0, 1, 2)}.items():
        result = learned_v2(completed, text, options={"twirling_strategy": strategy})
        assert result[1].qubits == last
        # Three rates for each qubit, nine for each coupled pair.
        assert len(result[1].error.rates) == 3 * len(last) + 9 * (len(last) - 1)


def boxes() -> Any:
    """A layer of gates, and one of measurements."""
    circuit = QuantumCircuit(133, 2)
    circuit.sx(0)
    circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    return find_unique_box_instructions(generate_boxing_pass_manager().run(circuit))[:2]


def params_v3(version: str, instructions: list[CircuitInstruction], **options: Any) -> Any:
    converter = NOISE_LEARNER_V3_PARAMS_CONVERTERS[version]
    return json.loads(converter.encoder(instructions, NoiseLearnerV3Options(**options)).model_dump_json())


@pytest.mark.parametrize("version", NOISE_LEARNER_V3_PARAMS_CONVERTERS)
@pytest.mark.parametrize("program", ["noise-learner", "noise-learner-v3"])
def test_boxes_of_gates_and_of_measurements_are_learned(completed: Any, version: str, program: str) -> None:
    body = completed(program, params_v3(version, boxes(), **PRECISE)).body
    AVAILABLE_DECODERS[version][1].model_validate_json(body)
    gates, measurements = decode(body.encode(), program_id=program)
    assert isinstance(gates, LearnedNoise)
    assert isinstance(measurements, LearnedNoise)
    assert (gates.num_qubits, measurements.num_qubits) == (2, 2)
    rates = {_label(terms, 2): rate for terms, rate in zip(gates.generators, gates.rates, strict=True)}
    assert 1 - process_fidelity(rates, 2) == pytest.approx(1 - expected_fidelity(), rel=0.05)
    assert measurements.generators == ((("X", (0,)),), (("X", (1,)),))
    for qubit, rate in enumerate(measurements.rates):
        flips = _readout(qubit)
        assert np.exp(-2 * rate) == pytest.approx(1 - 2 * flips, abs=5 * 2 * np.sqrt(flips / 100_000))
    assert [item.metadata["learning_protocol"] for item in (gates, measurements)] == ["lindblad", "trex"]


def _label(terms: Any, qubits: int) -> str:
    [(letters, positions)] = terms
    found = dict(zip(positions, letters, strict=True))
    return "".join(found.get(qubit, "I") for qubit in range(qubits))


def _readout(qubit: int) -> float:
    found = {entry["name"]: entry["value"] for entry in devices.get("ibm_torino").properties["qubits"][qubit]}
    return float(found["prob_meas1_prep0"] + found["prob_meas0_prep1"]) / 2


def test_deviations_are_those_of_repeated_experiments(completed: Any) -> None:
    params = params_v3("v0.3", boxes())
    runs: list[Any] = [decode(completed("noise-learner", params, seed=seed).body.encode())[0] for seed in range(40)]
    spread = np.std([run.rates for run in runs], axis=0)
    reported = np.mean([run.rates_std for run in runs], axis=0)
    # Rates that come near 0 spread less, because none is negative.
    assert np.all(spread < 1.6 * reported)
    assert np.max(spread / reported) > 0.7


def test_the_experiments_are_counted(completed: Any) -> None:
    options = {"shots_per_randomization": 10, "num_randomizations": 4, "layer_pair_depths": [0, 2, 5]}
    outcome = completed("noise-learner", {"circuits": [f"{HEADER} cz $0, $1;"], "options": options})
    assert outcome.metrics.executions == 9 * 3 * 40
    assert outcome.metrics.circuits_execution_time_ns > 0


@pytest.mark.parametrize(
    ("params", "code", "hint"),
    [
        ({"circuits": []}, 3211, "no layer"),
        ({"circuits": [f"{HEADER} x $0;"]}, 3211, "no layer"),
        ({"circuits": ["nonsense"]}, 1506, "Error loading QASM circuit"),
        ({"circuits": [f"{HEADER} cz $0, $7;"]}, 1517, "instruction cz"),
        ({"circuits": [f"{HEADER} cz $0, $1;"], "options": {"layer_pair_depths": [3]}}, 3211, "layer_pair_depths"),
        ({"circuits": [f"{HEADER} cz $0, $1;"], "options": {"num_randomizations": 10**6}}, 1520, "exceeds"),
        ({"schema_version": "v9.0"}, 3211, "must be one of v0.1"),
        ({"schema_version": "v0.3", "options": {}}, 3211, "instructions"),
    ],
)
def test_what_cannot_be_learned_fails_the_job(failed: Any, params: Any, code: int, hint: str) -> None:
    failure = failed("noise-learner", params)
    assert failure.code in (code, 1603 if code == 1506 else code)
    assert hint in failure.reason
