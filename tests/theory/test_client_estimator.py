"""The estimator as programs of the executor agrees with theory, without a device."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector

from ..directed.ideal import estimate
from ..directed.test_estimator import BELL, PRECISION, READOUT, near
from .ways import gates


def test_errors_cover_covariances_randomizations_and_the_calibration() -> None:
    """The spread of many estimates is what each estimate says about its error."""
    for level, readout in ((0, (0.0, 0.0)), (1, READOUT)):
        observables = [{"ZZ": 1.0, "XX": 1.0, "YY": -1.0}, {"IZ": 1.0, "ZI": -1.0}, {"IZ": 1.0, "ZI": 1.0}]
        found = [
            estimate(
                [(BELL, observables)],
                precision=1 / 16,
                resilience_level=level,
                readout=readout,
                seed=seed,
                options={"seed_estimator": seed},
            )[0]
            for seed in range(60)
        ]
        spread = np.std([pub.evs for pub in found], axis=0, ddof=1)
        said = np.sqrt(np.mean([np.square(pub.stds) for pub in found], axis=0))
        for index in (0, 2):
            assert 0.6 * said[index] <= spread[index] + 1e-9 <= 1.6 * said[index] + 1e-6, (level, index, spread, said)
        # The two outcomes agree always, so the difference has no shot noise at all.
        if level == 0:
            assert spread[1] == said[1] == 0


@settings(max_examples=25)
@given(data=st.data(), number=st.integers(2, 6), gates=gates(most=24), level=st.sampled_from([0, 1]))
def test_random_circuits_with_random_observables(data: Any, number: int, gates: Any, level: int) -> None:
    circuit = QuantumCircuit(number)
    for name, qubit, angle in gates:
        if name == "rz":
            circuit.rz(angle, qubit % number)
        elif name == "sx":
            circuit.sx(qubit % number)
        else:
            circuit.cz(qubit % number, (qubit + 1) % number)
    circuit.rz(Parameter("free"), 0)
    circuit.sx(0)
    labels = st.text("IXYZ", min_size=number, max_size=number)
    sums = st.dictionaries(labels, st.floats(-2, 2).map(lambda value: round(value, 3)), min_size=1, max_size=4)
    observables = data.draw(st.lists(sums, min_size=1, max_size=4))
    value = data.draw(st.floats(-3, 3))
    (pub,) = estimate([(qasm3.dumps(circuit), observables, [value])], precision=PRECISION, resilience_level=level)
    state = Statevector(circuit.assign_parameters([value]))
    exact = [state.expectation_value(SparsePauliOp.from_list(list(one.items()))).real for one in observables]
    scale = [max(1.0, sum(map(abs, one.values()))) for one in observables]
    near(np.divide(pub.evs, scale), np.divide(exact, scale), np.divide(pub.stds, scale))


@pytest.mark.parametrize("level", [0, 1])
def test_sums_of_many_pauli_strings(level: int) -> None:
    circuit = QuantumCircuit(4)
    for qubit in range(4):
        circuit.rz(0.4 + qubit, qubit)
        circuit.sx(qubit)
    circuit.cz(0, 1)
    circuit.cz(2, 3)
    labels = ["".join(letters) for letters in itertools.product("IXYZ", repeat=4)][::2]
    terms = {label: 0.1 * (1 + place % 3) for place, label in enumerate(labels)}
    (pub,) = estimate(
        [(qasm3.dumps(circuit), terms)], precision=PRECISION, resilience_level=level, readout=(0.01, 0.03)
    )
    exact = Statevector(circuit).expectation_value(SparsePauliOp.from_list(list(terms.items()))).real
    assert 0 < pub.stds < 2
    if level == 1:
        near(pub.evs, exact, pub.stds)
