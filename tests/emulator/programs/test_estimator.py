"""The estimator's values are those of the noisy device, with errors that mean what they say."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import RuntimeDecoder

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
GOOD = (87, 88)


def prepared() -> QuantumCircuit:
    """Two entangled qubits with no symmetry, so that a mistaken sign or order shows."""
    circuit = QuantumCircuit(2)
    circuit.sx(0)
    circuit.rz(0.4, 0)
    circuit.sx(0)
    circuit.rz(0.7, 0)
    circuit.sx(1)
    circuit.cz(0, 1)
    circuit.sx(1)
    circuit.rz(0.3, 1)
    return circuit


def text(first: int, second: int) -> str:
    return (
        f"{HEADER} sx ${first}; rz(0.4) ${first}; sx ${first}; rz(0.7) ${first}; sx ${second};"
        f"cz ${first}, ${second}; sx ${second}; rz(0.3) ${second};"
    )


def wide(pauli: str, qubits: tuple[int, int] = GOOD, width: int = 133) -> str:
    """A Pauli on two qubits, the first its last letter, as one on the whole device."""
    letters = ["I"] * width
    for qubit, letter in zip(qubits, reversed(pauli), strict=True):
        letters[-1 - qubit] = letter
    return "".join(letters)


def values(outcome: Any, pub: int = 0) -> Any:
    return json.loads(outcome.body)["results"][pub]["data"]


ALL = [a + b for a in "IXYZ" for b in "IXYZ"]


@pytest.mark.parametrize(("backend", "pair", "width"), [("ibm_torino", GOOD, 133), ("ibm_fez", (22, 23), 156)])
def test_every_pauli_agrees_with_theory(
    completed: Any, theory: Any, backend: str, pair: tuple[int, int], width: int
) -> None:
    observables = [wide(pauli, pair, width) for pauli in ALL]
    found = values(completed("estimator", {"pubs": [[text(*pair), observables]]}, backend=backend))
    predict = theory(backend, pair).expectation
    expected = [predict(prepared(), pauli) for pauli in ALL]
    assert found["evs"][0] == 1.0
    assert found["stds"][0] == 0.0
    distance = np.abs(np.subtract(found["evs"], expected))
    assert np.all(distance <= 5 * np.array(found["stds"]) + 1e-9), (distance, found["stds"])
    assert max(np.abs(expected[1:])) > 0.9
    assert np.all(np.array(found["stds"][1:]) <= 1 / 64)
    assert found["ensemble_standard_error"] == found["stds"]


def test_a_sum_is_the_sum_of_its_terms_and_its_error_follows(completed: Any, theory: Any) -> None:
    terms = {"ZZ": 0.5, "XI": -1.5, "YX": 2.0, "II": 3.0, "IZ": 0.25}
    pub = [text(*GOOD), {wide(pauli): weight for pauli, weight in terms.items()}, None, 0.005]
    found = values(completed("estimator", {"pubs": [pub]}))
    predict = theory("ibm_torino", GOOD).expectation
    expected = sum(weight * predict(prepared(), pauli) for pauli, weight in terms.items())
    assert abs(found["evs"] - expected) <= 5 * found["stds"]
    assert 0 < found["stds"] < 0.005 * 2.6


def test_the_devices_noise_shows(bell: Any, completed: Any) -> None:
    found = values(completed("estimator", {"pubs": [[bell(0, 1), ["ZZ", "XX", "YY"], None, 0.01]]}))
    assert np.all(np.array(np.abs(found["evs"])) < 0.8)
    assert np.sign(found["evs"]).tolist() == [1, 1, -1]


def test_twirled_measurements_have_no_bias(completed: Any) -> None:
    # This qubit is read as 1 in two of five cases when it is 0, and hardly ever as 0 when it is 1.
    pub = [f"{HEADER} sx $58;", wide("IZ", (58, 59))]
    biased = values(completed("estimator", {"pubs": [pub]}))
    twirled = values(completed("estimator", {"pubs": [pub], "options": {"twirling": {"enable_measure": True}}}))
    mitigated = values(completed("estimator", {"pubs": [pub], "resilience_level": 1}))
    assert biased["evs"] < -0.3
    assert abs(twirled["evs"]) <= 5 * twirled["stds"]
    assert abs(mitigated["evs"]) <= 5 * mitigated["stds"]


@pytest.mark.parametrize(
    ("pub_precision", "params", "shots", "precision"),
    [
        (None, {}, 4096, 1 / 64),
        (None, {"options": {"default_precision": 0.1}}, 100, 0.1),
        (None, {"options": {"default_precision": 0.1, "default_shots": 25}}, 25, 0.2),
        (None, {"precision": 0.2, "options": {"default_shots": 400}}, 25, 0.2),
        (0.25, {"precision": 0.2, "options": {"default_precision": 0.1}}, 16, 0.25),
        (None, {"precision": None, "options": {"default_precision": None, "default_shots": None}}, 4096, 1 / 64),
        (1 / np.sqrt(5000), {"options": {"twirling": {"enable_measure": True}}}, 5024, 1 / np.sqrt(5000)),
    ],
)
def test_the_precision_decides_the_shots(
    completed: Any, pub_precision: float | None, params: Any, shots: int, precision: float
) -> None:
    outcome = completed("estimator", {"pubs": [[text(*GOOD), wide("ZZ"), None, pub_precision]], **params})
    metadata = json.loads(outcome.body)["results"][0]["metadata"]
    assert metadata["shots"] == shots
    assert metadata["target_precision"] == pytest.approx(precision)
    assert outcome.metrics.executions == shots


def test_seeds_decide_the_values(completed: Any) -> None:
    pub = [text(*GOOD), wide("ZZ")]
    same = [values(completed("estimator", {"pubs": [pub, pub]}, seed=3)) for _ in range(2)]
    assert same[0] == same[1]
    own = {"pubs": [pub], "options": {"seed_estimator": 5}}
    assert values(completed("estimator", own, seed=1)) == values(completed("estimator", own, seed=2))
    twice = completed("estimator", {"pubs": [pub, pub]})
    assert values(twice, 0) != values(twice, 1)


@pytest.mark.parametrize(
    "observable",
    [wide("ZX"), {wide("ZX"): 1.0}, {wide("ZX"): 0.5, wide("IX"): 0.0, wide("XZ"): 0.0}],
)
def test_one_observable_gives_one_number(completed: Any, observable: Any) -> None:
    assert isinstance(values(completed("estimator", {"pubs": [[text(*GOOD), observable]]}))["evs"], float)


def test_observables_and_parameters_broadcast_as_in_qiskit(completed: Any) -> None:
    circuit = f"{HEADER} input float w; sx $87; rz(w) $87; sx $87;"
    angles = [0.0, np.pi / 2, np.pi]
    column = [["I" * 45 + "Z" + "I" * 87], ["I" * 45 + "X" + "I" * 87]]
    outcome = completed("estimator", {"pubs": [[circuit, column, [[angle] for angle in angles], 0.05]]})
    found = values(outcome)
    expected = [-np.cos(angles), np.sin(angles)]
    assert np.shape(found["evs"]) == np.shape(found["stds"]) == (2, 3)
    assert np.allclose(found["evs"], expected, atol=0.25)
    # Three parameter sets, two bases each.
    assert outcome.metrics.executions == 6 * 400
    paired = completed("estimator", {"pubs": [[circuit, [row[0] for row in column], {"w": angles[:2]}, 0.05]]})
    assert np.allclose(values(paired)["evs"], [-1, 1], atol=0.25)
    assert paired.metrics.executions == 2 * 400


@pytest.mark.parametrize(
    ("observable", "expected"),
    [("01", 0.0), ("00", 0.5), ("11", 0.5), ("++", 0.5), ("+-", 0.0), ("rl", 0.5), ({"0I": 2.0, "IZ": 1.0}, 1.0)],
)
def test_projectors_are_observables_too(bell: Any, completed: Any, observable: Any, expected: float) -> None:
    found = values(completed("estimator", {"pubs": [[bell(0, 1), observable]]}, backend="ibm_fez"))
    assert found["evs"] == pytest.approx(expected, abs=0.1)


def test_a_qubit_that_the_circuit_leaves_alone_is_read_too(completed: Any, theory: Any) -> None:
    found = values(completed("estimator", {"pubs": [[text(*GOOD), "Z" + "I" * 132]]}))
    expected = theory("ibm_torino", (132,)).expectation(QuantumCircuit(1), "Z")
    assert abs(found["evs"] - expected) <= 5 * found["stds"]


def test_a_narrow_circuit_takes_narrow_observables(bell: Any, completed: Any) -> None:
    body = f"{HEADER} qubit[2] q; x q[1];"
    found = values(completed("estimator", {"pubs": [[body, ["ZI", "IZ"]]]}, backend="ibm_fez"))
    assert np.allclose(found["evs"], [-1, 1], atol=0.2)


def test_a_circuit_on_named_qubits_is_not_widened(failed: Any) -> None:
    failure = failed("estimator", {"pubs": [[f"{HEADER} qubit[2] q; x q[1];", "Z" * 133]]})
    assert failure.code == 1501
    assert "number of qubits" in failure.reason


def test_measurements_at_the_end_are_left_out(bell: Any, completed: Any) -> None:
    found = values(completed("estimator", {"pubs": [[bell(0, 1), "XX"]]}, backend="ibm_fez"))
    assert found["evs"] > 0.85


def test_an_old_device_measures_in_its_own_gates(completed: Any, theory: Any) -> None:
    body = 'OPENQASM 3.0; include "stdgates.inc"; u3(0.7, 0.4, 0.2) $0;'
    found = values(completed("estimator", {"pubs": [[body, ["X", "Y", "Z"], None, 0.02]]}, backend="ibmq_essex"))
    exact = [np.sin(0.7) * np.cos(0.4), np.sin(0.7) * np.sin(0.4), np.cos(0.7)]
    assert np.allclose(found["evs"], exact, atol=0.2)
    assert np.all(np.sign(found["evs"]) == 1)


def test_the_metadata_reports_the_options(completed: Any) -> None:
    options = {"twirling": {"enable_gates": True, "strategy": "all"}, "dynamical_decoupling": {"enable": True}}
    params = {"pubs": [[text(*GOOD), wide("ZZ")]], "options": options, "resilience_level": 2}
    metadata = json.loads(completed("estimator", params).body)["metadata"]
    assert metadata["version"] == 2
    assert metadata["dynamical_decoupling"]["enable"] is True
    assert metadata["twirling"]["enable_gates"] is True
    assert metadata["twirling"]["enable_measure"] is True
    assert metadata["twirling"]["strategy"] == "all"
    assert metadata["resilience"] == {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "pec_mitigation": False,
        "zne": {
            "noise_factors": [1, 3, 5],
            "extrapolator": ["exponential", "linear"],
            "extrapolated_noise_factors": [0, 1, 3, 5],
        },
    }


def test_qiskits_decoder_reads_the_other_form(completed: Any) -> None:
    pubs = [[text(*GOOD), [wide("ZZ"), wide("XX")]], [text(*GOOD), wide("ZX")]]
    plain = completed("estimator", {"pubs": pubs})
    result = json.loads(completed("estimator", {"pubs": pubs, "support_qiskit": True}).body, cls=RuntimeDecoder)
    for index in range(2):
        assert np.array_equal(result[index].data.evs, values(plain, index)["evs"])
        assert np.array_equal(result[index].data.stds, values(plain, index)["stds"])
    assert result[0].data.shape == (2,)
    assert result[1].data.shape == ()
    assert result[0].metadata["shots"] == 4096
    assert result.metadata["resilience"]["measure_mitigation"] is False
