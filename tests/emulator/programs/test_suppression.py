"""Twirling, decoupling and mitigation take effect, on the noise that the service simulates.

How much they help is measured in `tests/theory`, which takes minutes.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from ibm_quantum_schemas.estimator.version_0_1 import (  # type: ignore[import-untyped]
    PrimitiveResultWrapperModel as EstimatorResultModel,
)
from ibm_quantum_schemas.sampler.version_0_1 import (  # type: ignore[import-untyped]
    PrimitiveResultWrapperModel as SamplerResultModel,
)
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli

from qiskit_runtime_rest.emulator import devices, programs
from qiskit_runtime_rest.results import EstimatorPub, ExecutionSpans, SamplerPub, decode

FEZ = "ibm_fez"
HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
TURN = "rz(pi/2) ${0}; sx ${0}; rz(pi/2) ${0};"
PRECISE = {"default_precision": 0.01}
ROUGH = {"default_precision": 0.04}


def bell(gates: int = 1) -> str:
    """A Bell state with an odd number of gates, all but one of which undo each other."""
    pairs = "cz $0, $1; barrier $0, $1;" * gates
    return f"{HEADER} {TURN.format(0)} {TURN.format(1)} {pairs} {TURN.format(1)}"


def estimated(completed: Any, text: str, observables: Any = ("ZZ", "XX"), **params: Any) -> EstimatorPub:
    """The pub of a job, whose result IBM's model accepts."""
    job = {"pubs": [[text, list(observables)]], "support_qiskit": True, **params}
    body = completed("estimator", job, backend=FEZ).body
    EstimatorResultModel.model_validate_json(body)
    [pub] = decode(body.encode(), program_id="estimator")
    assert isinstance(pub, EstimatorPub)
    return pub


def ideal(theory: Any, gates: int) -> Any:
    """The means without the errors of readout."""
    circuit = QuantumCircuit(2)
    for qubit in (0, 1):
        turn(circuit, qubit)
    for _ in range(gates):
        circuit.cz(0, 1)
        circuit.barrier()
    turn(circuit, 1)
    state = theory(FEZ, [0, 1]).state(circuit)
    return np.array([state.expectation_value(Pauli(label)).real for label in ("ZZ", "XX")])


def turn(circuit: QuantumCircuit, qubit: int) -> None:
    circuit.rz(np.pi / 2, qubit)
    circuit.sx(qubit)
    circuit.rz(np.pi / 2, qubit)


def test_level_1_takes_the_errors_of_readout_away(completed: Any, theory: Any) -> None:
    exact = ideal(theory, 1)
    raw = estimated(completed, bell(), resilience_level=0, options=PRECISE)
    mitigated = estimated(completed, bell(), resilience_level=1, options=PRECISE)
    assert np.all(np.abs(raw.evs - exact) > 5 * np.array(raw.stds))
    # The rates of flips are taken to the first order, as in IBM's own code.
    assert np.all(np.abs(mitigated.evs - exact) <= 5 * np.array(mitigated.stds) + 0.002)
    assert mitigated.metadata["num_randomizations"] == 32


def test_zero_noise_extrapolation_shows_what_it_measured(completed: Any) -> None:
    zne = {"noise_factors": [1, 3, 5], "extrapolator": "linear"}
    pub = estimated(completed, bell(9), options={**PRECISE, "resilience": {"zne_mitigation": True, "zne": zne}})
    measured = pub.data["evs_noise_factors"].to_numpy()
    assert measured.shape == (2, 3)
    assert np.all(np.diff(measured) < 0)
    assert pub.data["evs_extrapolated"].shape == (2, 1, 4)
    assert pub.metadata["resilience"]["zne"]["extrapolator"] == ["linear", "linear"]
    assert "ensemble_standard_error" not in pub.data


PEC = {"pec_mitigation": True}
PEA = {"zne_mitigation": True, "zne": {"amplifier": "pea", "extrapolator": "exponential"}}


@pytest.mark.parametrize("resilience", [PEC, PEA])
def test_noise_that_was_learned_first_is_cancelled(completed: Any, resilience: Any) -> None:
    pub = estimated(completed, bell(21), options={**ROUGH, "resilience": resilience})
    assert np.all(np.abs(1 - np.array(pub.evs)) <= 5 * np.array(pub.stds))
    layers = pub.metadata["resilience"]["layer_noise"]
    assert (layers["total_mitigated_layers"], layers["unique_mitigated_layers"]) == (21, 1)
    [each] = layers["unique_mitigated_layers_noise_overhead"]
    assert layers["noise_overhead"] == pytest.approx(each**21)


def test_a_learned_model_can_be_assigned(completed: Any) -> None:
    learner = completed("noise-learner", {"circuits": [bell(21)]}, backend=FEZ).body
    layers = json.loads(learner)["data"]
    for model in (layers, {"__type__": "NoiseLearnerResult", "__value__": {"data": layers, "metadata": {}}}):
        resilience = {**PEC, "layer_noise_model": model}
        body = completed(
            "estimator",
            {"pubs": [[bell(21), "ZZ"]], "options": {**ROUGH, "resilience": resilience}},
            backend=FEZ,
        ).body
        used = json.loads(body)["metadata"]["resilience"]["layer_noise_model"]
        assert [layer["__value__"]["qubits"] for layer in used] == [[0, 1]]
        [pub] = decode(body.encode())
        assert isinstance(pub, EstimatorPub)
        assert abs(1 - pub.evs) <= 5 * pub.stds
    # Noise that the model lacks is not cancelled.
    unknown = estimated(completed, bell(21), options={**ROUGH, "resilience": {**PEC, "layer_noise_model": []}})
    assert np.all(1 - np.array(unknown.evs) > 0.1)


def test_decoupling_puts_gates_into_idle_times(completed: Any) -> None:
    waiting = f"{HEADER} {TURN.format(0)} delay[4000ns] $0; {TURN.format(0)} x $1; delay[4000ns] $1;"
    options = {**PRECISE, "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}}
    pub = estimated(completed, waiting, ["IZ", "ZI"], resilience_level=0, options=options)
    assert np.allclose(pub.evs, [1, -1], atol=0.15)
    assert pub.metadata["num_randomizations"] == 1


@pytest.mark.parametrize("measured", [False, True])
def test_twirled_shots_are_those_that_were_asked_for(completed: Any, measured: bool) -> None:
    text = bell().replace(HEADER, f"{HEADER} bit[2] c;") + "c[0] = measure $0; c[1] = measure $1;"
    options = {"twirling": {"enable_gates": True, "enable_measure": measured, "num_randomizations": 7}}
    params = {"pubs": [[text, None, 1000]], "options": options, "support_qiskit": True}
    body = completed("sampler", params, backend=FEZ).body
    SamplerResultModel.model_validate_json(body)
    result = decode(body.encode())
    [pub] = result
    assert isinstance(pub, SamplerPub)
    counts = pub.counts()
    assert sum(counts.values()) == 1000
    assert counts["00"] + counts["11"] > 900
    assert pub.metadata["num_randomizations"] == 7
    [span] = result.metadata["execution"]["execution_spans"]
    assert isinstance(result.metadata["execution"]["execution_spans"], ExecutionSpans)
    assert (span.kind, span.parts[0].shape, span.parts[0].pub_shots) == ("TwirledSliceSpanV2", (7, 143), 1000)
    assert span.parts[0].twirl_in_front is True


def test_twirled_sweeps_keep_their_shape(completed: Any) -> None:
    text = f"{HEADER} input float[64] w; bit[1] c; sx $0; rz(w) $0; sx $0; cz $0, $1; c[0] = measure $0;"
    options = {"twirling": {"enable_gates": True, "enable_measure": True}}
    params = {"pubs": [[text, [[[0.0], [np.pi], [0.0]]], 200]], "options": options}
    [pub] = decode(completed("sampler", params | {"support_qiskit": True}, backend=FEZ).body.encode())
    assert isinstance(pub, SamplerPub)
    assert pub.shape == (1, 3)
    ones = [pub.counts(index=(0, at)).get("1", 0) for at in range(3)]
    assert ones[0] > 180
    assert ones[1] < 20
    assert ones[2] > 180


def test_the_services_default_is_level_1() -> None:
    params = {"pubs": [[bell(), "ZZ"]], "options": {"default_precision": 0.1}}
    for policy, mitigated in ((programs.STRICT, True), (programs.Policy(resilience_level=0), False)):
        outcome = programs.run("estimator", params, device=devices.get(FEZ), seed=1, policy=policy)
        assert isinstance(outcome, programs.Completed)
        assert json.loads(outcome.body)["metadata"]["resilience"]["measure_mitigation"] is mitigated


@pytest.mark.parametrize(("level", "on"), [(0, ()), (1, ("measure",)), (2, ("measure", "gates", "zne"))])
def test_levels_switch_on_what_the_service_switches_on(completed: Any, level: int, on: tuple[str, ...]) -> None:
    params = {"pubs": [[bell(3), "ZZ"]], "resilience_level": level, "options": {"default_precision": 0.2}}
    metadata = json.loads(completed("estimator", params, backend=FEZ).body)["metadata"]
    assert metadata["twirling"]["enable_gates"] is ("gates" in on)
    assert metadata["twirling"]["enable_measure"] is metadata["resilience"]["measure_mitigation"] is ("measure" in on)
    assert metadata["resilience"]["zne_mitigation"] is ("zne" in on)


FEW = {"noise_factors": [1, 2], "extrapolator": "double_exponential"}


@pytest.mark.parametrize(
    ("params", "code", "hint"),
    [
        ({"resilience_level": 2, "options": {"resilience": PEC}}, 1521, "zne_mitigation"),
        ({"resilience_level": 3}, 3211, "resilience_level"),
        ({"options": {"resilience": {"zne_mitigation": True, "zne": FEW}}}, 1521, "noise_factors"),
        ({"options": {"resilience": {**PEC, "layer_noise_model": [1]}}}, 3211, "layer_noise_model"),
    ],
)
def test_options_that_do_not_fit_fail_the_job(failed: Any, params: Any, code: int, hint: str) -> None:
    failure = failed("estimator", {"pubs": [[bell(), "ZZ"]], **params}, backend=FEZ)
    assert failure.code == code
    assert hint in failure.reason
