"""OpenQASM 3 texts are read as Qiskit's reader reads them, as far as directed execution needs it."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter, ParameterVector

from qiskit_runtime_rest import InvalidInput
from qiskit_runtime_rest.directed.circuit_text import CircuitText

TEXT = """OPENQASM 3.0;  // input float not_this;
include "stdgates.inc";
/* input float nor_this; */
input float[64] b; input angle a;
input float unused;
qubit[2] q; qubit single;
bit[2] c; bit d;
rz(a) q[0];
if (c[0]) { rz(b) q[1]; }
measure single -> d;
c = measure q;
"""


def test_declarations_are_found_and_comments_are_not() -> None:
    circuit = CircuitText(TEXT)
    assert circuit.inputs == ("b", "a", "unused")
    assert circuit.used_inputs == ("b", "a")
    assert circuit.qubits == ("q[0]", "q[1]", "single")
    assert circuit.bits == {"c": 2, "d": None}
    assert circuit.operand(2) == "single"
    with pytest.raises(InvalidInput, match="3 qubits"):
        circuit.operand(3)


def test_parameters_are_declared_in_the_order_of_their_names_and_only_if_they_are_used() -> None:
    text = CircuitText(TEXT).with_parts(inputs=("ab",), appended="rz(ab) q[0];")
    assert CircuitText(text).inputs == ("a", "ab", "b")
    assert [parameter.name for parameter in qasm3.loads(text).parameters] == ["a", "ab", "b"]
    assert text.endswith("\nrz(ab) q[0];")


def test_annotations_belong_to_the_statement_after_them_and_modifiers_do_not() -> None:
    text = "OPENQASM 3.0; qubit[2] q; bit[2] c;\n@mine.a; x\nc[0] = measure q[0]; ctrl @ x q[0], q[1]; c = measure q;"
    circuit = CircuitText(text)
    assert [statement.tokens[0] for statement in circuit.statements] == ["OPENQASM", "qubit", "bit", "c", "ctrl", "c"]
    assert text[circuit.statements[3].start :].startswith("@mine.a")
    assert len(circuit.final_measurements) == 1


def test_single_bits_become_registers_which_results_have() -> None:
    text = """OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit c; bit[2] d;
c = measure q[0]; if (c) { x q[1]; } bit e = measure q[1]; measure q[1] -> c; d[0] = measure q[0];"""
    circuit = qasm3.loads(CircuitText(text).with_parts())
    assert [(register.name, register.size) for register in circuit.cregs] == [("c", 1), ("d", 2), ("e", 1)]
    assert circuit.count_ops() == {"measure": 4, "if_else": 1}


def test_a_text_without_the_standard_gates_gets_them_when_gates_are_added() -> None:
    text = CircuitText("OPENQASM 3.0; qubit q;").with_parts(appended="sx q;")
    assert qasm3.loads(text).count_ops() == {"sx": 1}
    assert "stdgates" not in CircuitText("OPENQASM 3.0; qubit q;").with_parts()


@pytest.mark.parametrize(
    ("tail", "measured"),
    [
        ("c[1] = measure q[0];", [("q[0]", "c", 1)]),
        ("measure q -> c;", [("q[0]", "c", 0), ("q[1]", "c", 1)]),
        ("bit[2] e = measure q;", [("q[0]", "e", 0), ("q[1]", "e", 1)]),
        ("c[0] = measure q[0]; barrier q; c[1] = measure q[1];", [("q[0]", "c", 0), ("q[1]", "c", 1)]),
        ("c[0] = measure q[0]; if (c[0]) { x q[1]; } c[1] = measure q[1];", [("q[1]", "c", 1)]),
        ("c[0] = measure q[0]; x q[0];", []),
        ("c[0] = measure q[0]; c[0] = measure q[1];", [("q[1]", "c", 0)]),
        ("if (c[1]) { c[0] = measure q[0]; }", []),
    ],
)
def test_measurements_count_as_final_if_nothing_uses_them_later(
    tail: str, measured: list[tuple[str, str, int]]
) -> None:
    circuit = CircuitText(f'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; {tail}')
    assert [pair for measurement in circuit.final_measurements for pair in measurement.pairs] == measured


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("OPENQASM 2.0; qreg q[1];", "OpenQASM 2"),
        ("OPENQASM 3.0; qubit q; x q", "';' is missing"),
        ("OPENQASM 3.0; input bit b;", "numbers"),
    ],
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        _ = CircuitText(text).inputs


def test_texts_of_qiskit_with_many_parameters_keep_their_order() -> None:
    vector = ParameterVector("t", 12)
    circuit = QuantumCircuit(1, 1)
    for parameter in (*vector, Parameter("a")):
        circuit.rz(parameter, 0)
    circuit.measure(0, 0)
    text = CircuitText(qasm3.dumps(circuit))
    assert len(text.inputs) == 13
    loaded = qasm3.loads(text.with_parts())
    assert [parameter.name for parameter in loaded.parameters] == sorted(text.inputs)
    np.testing.assert_equal(loaded.num_clbits, 1)
