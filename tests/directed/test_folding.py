"""Folded circuits do the same with more two-qubit gates."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Operator

from qiskit_runtime_rest.directed.folding import folded


def circuit() -> QuantumCircuit:
    made = QuantumCircuit(3)
    for turn in range(4):
        made.rz(0.3 + turn, 0)
        made.sx(1)
        made.cz(0, 1)
        made.ecr(1, 2)
        made.cx(2, 0)
    return made


def two_qubit_gates(text: str) -> int:
    return sum(count for name, count in qasm3.loads(text).count_ops().items() if name in ("cz", "ecr", "cx"))


@pytest.mark.parametrize(("factor", "number"), [(1, 12), (3, 36), (5, 60), (1.5, 18), (2, 24), (4.2, 50)])
@pytest.mark.parametrize("amplifier", ["gate_folding", "gate_folding_front", "gate_folding_back"])
def test_gates_are_repeated_by_the_factor(factor: float, number: int, amplifier: str) -> None:
    text = qasm3.dumps(circuit())
    amplified, reached = folded(text, factor=factor, amplifier=amplifier, seed=3)
    assert reached == pytest.approx(number / 12)
    assert two_qubit_gates(amplified) == number
    assert Operator(qasm3.loads(amplified)).equiv(Operator(circuit()))


def test_the_amplifier_says_which_gates_come_first() -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; cz q[0], q[1]; x q[0]; cx q[0], q[1];'
    front, back = (folded(text, factor=2, amplifier=f"gate_folding_{end}", seed=0)[0] for end in ("front", "back"))
    assert (front.count("cz"), front.count("cx")) == (3, 1)
    assert (back.count("cz"), back.count("cx")) == (1, 3)


def test_gates_in_blocks_are_folded_and_definitions_are_not() -> None:
    text = """OPENQASM 3.0;
include "stdgates.inc";
gate mine a, b { cz a, b; }
qubit[2] q; bit c;
c = measure q[0];
if (c) { cz q[0], q[1]; } else { x q[0]; cx q[0], q[1]; }
for int i in [0:1] { cz q[0], q[1]; }
"""
    amplified, _ = folded(text, factor=3, amplifier="gate_folding", seed=0)
    assert amplified.count("cz q[0]") == 6
    assert amplified.count("cx q[0]") == 3
    assert amplified.count("cz a") == 1
