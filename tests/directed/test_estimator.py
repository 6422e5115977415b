"""The estimator as programs of the executor agrees with theory."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qiskit_runtime_rest import InvalidInput, JobRequest, MissingExtra
from qiskit_runtime_rest.results import EstimatorPub

from .ideal import estimate

ERRORS = 5
PRECISION = 1 / 32
LEAST_ERROR = 0.01
"""Below this, an estimated error may be too small by chance."""

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
rz(pi/2) q[0]; sx q[0]; rz(pi/2) q[0];
cx q[0], q[1];
c = measure q;
"""
TURNED = """OPENQASM 3.0;
include "stdgates.inc";
input float turn;
rz(pi/2) $0; sx $0; rz(turn) $0;
"""
"""A qubit on the equator: <X> = cos(turn + pi/2 - pi/2), see the test."""

READOUT = (0.02, 0.12)


def near(found: Any, expected: Any, errors: Any) -> None:
    gap = np.abs(np.asarray(found) - np.asarray(expected))
    allowed = ERRORS * np.maximum(np.asarray(errors), LEAST_ERROR)
    assert np.all(gap <= allowed), (found, expected, errors)


@pytest.mark.parametrize("level", [0, 1])
def test_observables_of_a_bell_state(level: int) -> None:
    observables = ["ZZ", "XX", "YY", "IZ", "XI", {"II": 3.0, "ZZ": 0.5, "XX": -0.25, "YY": 2}, "II", "00", "+-", "rr"]
    exact = [1, 1, -1, 0, 0, 3 + 0.5 - 0.25 - 2, 1, 0.5, 0, 0]
    (pub,) = estimate([(BELL, observables)], precision=PRECISION, resilience_level=level)
    near(pub.evs, exact, pub.stds)
    assert pub.stds[6] == 0
    assert pub.metadata["shots"] == 1024
    assert pub.metadata["num_randomizations"] == (16 if level else 1)
    # One basis measures all terms of the sum in each group of strings that commute qubit by qubit.
    assert len(estimate_params([(BELL, observables)])["items"]) == 1


def estimate_params(pubs: Any, **more: Any) -> Any:
    options = {"resilience_level": 0, **more}
    return JobRequest.estimator(pubs, backend="b", via="executor", **options).params["quantum_program"]


@pytest.mark.parametrize(
    ("observables", "values", "shape"),
    [
        ("X", [0.5], ()),
        (["X", "Y", "Z"], [0.5], (3,)),
        ("X", [[0.5], [1.0]], (2,)),
        (["X", "Y"], [[0.5], [1.0]], (2,)),
        ([["X"], ["Y"], ["Z"]], [[0.5], [1.0]], (3, 2)),
        ([["X"], ["Y"], ["Z"]], {"turn": [0.5, 1.0, 1.5, 2.0]}, (3, 4)),
    ],
)
def test_observables_and_parameter_values_broadcast(observables: Any, values: Any, shape: tuple[int, ...]) -> None:
    (pub,) = estimate([(TURNED, observables, values)], precision=PRECISION, resilience_level=1)
    angles = np.asarray(values["turn"] if isinstance(values, dict) else values, dtype=float)
    angles = angles if isinstance(values, dict) else angles[..., 0]
    # After the first two gates the qubit points along +X or along Y; a turn about Z moves it along the equator.
    start = Statevector(QuantumCircuit.from_instructions(qasm3.loads(TURNED).assign_parameters([0.0]).data))
    x, y = (start.expectation_value(SparsePauliOp(letter)).real for letter in "XY")
    exact = {
        "X": lambda a: x * np.cos(a) - y * np.sin(a),
        "Y": lambda a: y * np.cos(a) + x * np.sin(a),
        "Z": lambda a: 0 * a,
    }
    letters = np.asarray(observables)
    expected = np.empty(shape)
    for index in np.ndindex(shape):
        letter, angle = np.broadcast_to(letters, shape)[index], np.broadcast_to(angles, shape)[index]
        expected[index] = exact[str(letter)](angle)
    assert isinstance(pub, EstimatorPub)
    assert pub.shape == shape
    near(pub.evs, expected, pub.stds)


def test_each_row_is_sent_once_and_only_if_it_is_needed() -> None:
    observables = [["XX"], ["XI"], [{"ZZ": 1, "IZ": 2}]]
    swept = BELL.replace("include", "input float a;\ninclude", 1).replace("rz(pi/2) q[0];", "rz(a) q[0];", 1)
    swept = swept.replace('input float a;\ninclude "stdgates.inc";', 'include "stdgates.inc";\ninput float a;')
    program = estimate_params([(swept, observables, [[0.0], [1.0], [2.0]])])
    (item,) = program["items"]
    assert item["shape"] == [6]
    assert len(program["circuits"]["data"]) == 1
    # Element by element: each of the three sets has one observable, and one basis.
    program = estimate_params([(swept, ["XX", "YY", "ZZ"], [[0.0], [1.0], [2.0]])])
    assert program["items"][0]["shape"] == [3]
    assert estimate_params([(swept, ["II"], [[0.0]]), (swept, "ZZ", [[0.0]])])["items"][0]["shape"] == [1]


def test_identity_and_coefficients_need_no_shots() -> None:
    (pub,) = estimate([(BELL, ["II", {"II": -2.5}])], precision=PRECISION)
    assert (pub.evs, pub.stds) == ([1.0, -2.5], [0.0, 0.0])


def test_readout_errors_are_removed_at_level_1_only() -> None:
    observables = ["ZZ", "XX", "IZ", {"ZZ": 1, "IZ": 0.5, "ZI": 0.5}]
    bare, mitigated = (
        estimate([(BELL, observables)], precision=0.01, resilience_level=level, readout=READOUT)[0] for level in (0, 1)
    )
    near(mitigated.evs, [1, 1, 0, 1], mitigated.stds)
    assert bare.evs[0] < 1 - 20 * bare.stds[0]
    assert bare.evs[2] > 5 * bare.stds[2]


def test_the_same_params_make_the_same_request() -> None:
    first, again = (JobRequest.estimator([(BELL, "ZZ")], backend="b", via="executor").to_json() for _ in range(2))
    assert first == again
    other = JobRequest.estimator([(BELL, "ZZ")], backend="b", via="executor", options={"seed_estimator": 1})
    assert other.to_json() != first


def noisy(error: float) -> NoiseModel:
    model = NoiseModel(basis_gates=["rz", "sx", "cz", "cx"])
    model.add_all_qubit_quantum_error(depolarizing_error(error, 2), ["cz", "cx"])
    return model


@pytest.mark.parametrize(
    ("amplifier", "extrapolator"),
    [
        ("gate_folding", ["exponential", "linear"]),
        ("gate_folding_front", "exponential"),
        ("gate_folding_back", "linear"),
        ("gate_folding", "polynomial_degree_2"),
    ],
)
def test_errors_of_two_qubit_gates_are_extrapolated_at_level_2(amplifier: str, extrapolator: Any) -> None:
    text = BELL.replace("cx q[0], q[1];", "cx q[0], q[1]; " * 9)
    options = {"resilience": {"zne": {"amplifier": amplifier, "extrapolator": extrapolator}}}
    bare, found = (
        estimate(
            [(text, ["ZZ", {"XX": 2, "II": 1}])],
            precision=0.02,
            resilience_level=level,
            options=chosen,
            noise=noisy(0.02),
        )[0]
        for level, chosen in ((1, None), (2, options))
    )
    kinds = 1 if isinstance(extrapolator, str) else 2
    assert {name: array.shape for name, array in found.data.items()} == {
        "evs": (2,),
        "stds": (2,),
        "ensemble_standard_error": (2,),
        "evs_noise_factors": (2, 3),
        "stds_noise_factors": (2, 3),
        "ensemble_stds_noise_factors": (2, 3),
        "evs_extrapolated": (2, kinds, 4),
        "stds_extrapolated": (2, kinds, 4),
    }
    exact = np.array([1.0, 3.0])
    raw = exact - np.array(bare.evs)
    assert raw[0] > 0.1
    assert np.all(np.abs(exact - found.evs) < raw / 2 + ERRORS * np.asarray(found.stds))
    assert np.all(np.abs(exact - found.evs) < raw)
    amplified = found.data["evs_noise_factors"].tolist()
    assert amplified[0] == sorted(amplified[0], reverse=True)
    np.testing.assert_allclose(
        [row[0] for row in np.array(found.data["evs_extrapolated"].tolist())[:, :, 0]], found.evs
    )


@pytest.mark.parametrize("level", [0, 1])
def test_circuits_may_measure_in_the_middle_and_have_registers(level: int) -> None:
    text = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit observed;
bit[2] turn_;
x q[0];
observed = measure q[0];
if (observed) { x q[1]; }
turn_[1] = measure q[1];
"""
    (pub,) = estimate([(text, ["IZ", "ZI", "ZZ"])], precision=PRECISION, resilience_level=level)
    near(pub.evs, [-1, -1, 1], pub.stds)


def test_without_two_qubit_gates_there_is_nothing_to_extrapolate() -> None:
    text = BELL.replace("cx q[0], q[1];", "")
    (pub,) = estimate([(text, ["IX", "II"])], precision=PRECISION, resilience_level=2)
    near(pub.evs, [1, 1], pub.stds)
    (pub,) = estimate([(text, "II")], precision=PRECISION, resilience_level=2)
    assert (pub.evs, pub.data["evs_noise_factors"].tolist()) == (1.0, [1.0, 1.0, 1.0])


def test_metadata_is_that_of_the_service() -> None:
    result = estimate([(BELL, "ZZ")], precision=0.1, resilience_level=2)
    assert result.kind == "estimator"
    assert result.metadata["resilience"] == {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "pec_mitigation": False,
    }
    pub = result[0]
    assert pub.metadata["target_precision"] == 0.1
    assert pub.metadata["resilience"]["zne"]["noise_factors"] == [1, 3, 5]
    assert set(pub.metadata) >= {"shots", "num_randomizations", "circuit_metadata"}
    json.dumps(result.to_dict())
    assert result.to_qiskit()[0].data.evs.shape == ()


def zne(**options: Any) -> dict[str, Any]:
    return {"options": {"resilience": {"zne": options}}}


def test_folding_names_the_extra_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openqasm3", None)
    with pytest.raises(MissingExtra, match=r"qiskit-runtime-rest\[directed\]"):
        JobRequest.estimator([(BELL, "ZZ")], backend="b", via="executor", resilience_level=2)


@pytest.mark.parametrize(
    ("pub", "arguments", "message"),
    [
        ((BELL, "Z"), {}, "pub 0: the observable 'Z' has 1 letters: the circuit has 2 qubits"),
        ((BELL, "ZQ"), {}, "letters among"),
        ((BELL, []), {}, "empty"),
        ((BELL, [["ZZ"], ["ZZ", "XX"]]), {}, "ragged"),
        ((BELL, {"ZZ": float("inf")}), {}, "finite"),
        ((TURNED, ["X", "Y"], [[0.0], [1.0], [2.0]]), {}, "cannot be broadcast"),
        ((TURNED, "X"), {}, "1 parameters"),
        ((BELL, "ZZ"), {"options": {"dynamical_decoupling": {"enable": True}}}, "dynamical decoupling .* needs Qiskit"),
        ((BELL, "ZZ"), {"options": {"twirling": {"enable_gates": True}}}, "twirling of gates"),
        ((BELL, "ZZ"), {"options": {"resilience": {"pec_mitigation": True}}}, "PEC"),
        ((BELL, "ZZ"), {"options": {"resilience": {"zne": {"amplifier": "pea"}}}}, "PEA"),
        ((BELL, "ZZ"), {"options": {"simulator": {"seed_simulator": 3}}}, "no simulator"),
        ((BELL, "ZZ"), {"options": {"twirling": {"enable_measure": False}}}, "needs twirled measurements"),
        ((BELL, "ZZ"), {"options": {"resiliense": {}}}, "unknown"),
        ((BELL, "ZZ"), {"options": {"twirling": {"num_randomizations": 0}}}, "positive whole number or 'auto'"),
        ((BELL, "ZZ"), {"resilience_level": 2, **zne(noise_factors=[0.5, 2])}, "numbers, 1 or larger"),
        ((BELL, "ZZ"), {"resilience_level": 2, **zne(extrapolator="cubic")}, "must be one of linear"),
        ((BELL, "ZZ"), {"resilience_level": 2, **zne(extrapolator="double_exponential")}, "needs Qiskit"),
        ((BELL, "ZZ"), {"resilience_level": 2, **zne(amplifier="digital")}, "gate_folding_back"),
        ((BELL, "0" * 14), {}, "14 letters"),
        ((TURNED, "0" * 14, [0.0]), {}, "more than 12 projectors"),
        ((BELL.replace("cx q[0], q[1];", "dcx q[0], q[1];"), "ZZ"), {"resilience_level": 2}, "not its own inverse"),
        ((BELL.replace("cx q[0], q[1];", "x q[0"), "ZZ"), {}, "';' is missing"),
        ((BELL.replace("cx q[0], q[1];", "x ( ;"), "ZZ"), {}, "';' is missing"),
        (
            (BELL, "ZZ"),
            {
                "resilience_level": 2,
                "options": {"resilience": {"zne": {"noise_factors": [1, 3], "extrapolator": "polynomial_degree_2"}}},
            },
            "needs 3 different factors",
        ),
        (
            (BELL, "ZZ"),
            {"resilience_level": 2, "options": {"resilience": {"zne": {"noise_factors": [1, 1.2, 3]}}}},
            "too few two-qubit gates for them; folding reaches 1, 1, 3",
        ),
        ((BELL.replace("cx q", "rzz(0.5) q"), "ZZ"), {"resilience_level": 2}, "negative angle"),
        ((BELL.replace("cx q", "ctrl @ x q"), "ZZ"), {"resilience_level": 2}, "modifiers"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(pub: Any, arguments: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        JobRequest.estimator([pub], backend="b", via="executor", **arguments)


def test_several_precisions_are_several_requests() -> None:
    pubs = [(BELL, "ZZ", None, 0.1), (BELL, "ZZ", None, 0.2)]
    with pytest.raises(InvalidInput, match="2 jobs"):
        JobRequest.estimator(pubs, backend="b", via="executor")
    parts = JobRequest.estimator(pubs, backend="b").split("executor")
    assert [part.positions for part in parts] == [(0,), (1,)]
    assert [part.request.program_id for part in parts] == ["executor", "executor"]
    shots = [part.request.params["quantum_program"]["shots"] for part in parts]
    assert shots == [64, 64]
    assert math.prod(parts[0].request.params["quantum_program"]["items"][0]["shape"]) == 2
