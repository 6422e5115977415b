"""Circuits of other packages and files, checked against a device or transpiled for it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.qasm3 import QASM3ExporterError
from qiskit.quantum_info import Pauli, SparsePauliOp

from qiskit_runtime_rest import InvalidInput, JobRequest
from qiskit_runtime_rest.submission.circuits import circuit_text, observable_value, values_in_order
from qiskit_runtime_rest.submission.native_gates import check_native
from qiskit_runtime_rest.submission.transpiling import optimization_level
from qiskit_runtime_rest.testing import Emulator, connect

TEXT = "OPENQASM 3.0; bit[1] c; x $0; c[0] = measure $0;"
DEVICE = {
    "backend_name": "a_device",
    "basis_gates": ["ecr", "rz", "sx", "x", "rzz"],
    "supported_instructions": ["measure", "if_else"],
    "coupling_map": [[0, 1], [1, 2]],
}


@pytest.fixture(scope="module")
def service() -> Any:
    with Emulator(workers=1, seed=3) as emulator:
        yield emulator


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def sent(*pubs: Any, program: str = "sampler") -> list[list[Any]]:
    make = JobRequest.sampler if program == "sampler" else JobRequest.estimator
    return make(list(pubs), backend="b").params["pubs"]  # type: ignore[no-any-return]


def test_a_circuit_of_qiskit_is_written_as_openqasm_3() -> None:
    ((text,),) = sent(bell())
    assert text.startswith("OPENQASM 3")
    assert "cx q[0], q[1];" in text
    alone = JobRequest.sampler(bell(), backend="b").params["pubs"]
    assert alone == [[text]]
    assert JobRequest.sampler((bell(), None, 10), backend="b").params["pubs"] == [[text, None, 10]]


def test_a_circuit_that_openqasm_cannot_say_is_sent_as_qpy(service: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: QuantumCircuit) -> str:
        raise QASM3ExporterError("no")

    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    monkeypatch.setattr("qiskit.qasm3.dumps", refuse)
    ((wrapped,),) = sent(circuit)
    assert wrapped["__type__"] == "QuantumCircuit"
    with connect(service) as client:
        counts = client.sampler([circuit], backend="ibmq_lima", shots=50).result()[0].counts()
    assert counts["1"] > 25


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "circuit.qasm"
    path.write_text(TEXT)
    assert sent(path, (path, None, 5)) == [[TEXT], [TEXT, None, 5]]
    with pytest.raises(InvalidInput, match=r"pub 0: the circuit .*nowhere.* cannot be read"):
        sent(tmp_path / "nowhere")


class Circuit:
    """Stands for a circuit of pytket or Cirq, which write themselves."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def to_qasm(self, *, version: str) -> str:
        return f"OPENQASM {version};"


def test_circuits_of_pytket_and_cirq_are_written_by_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(circuit: Any) -> str:
        return "".join(circuit.lines)

    monkeypatch.setitem(sys.modules, "pytket.qasm", SimpleNamespace(circuit_to_qasm_str=write))
    cirq = type("Circuit", (Circuit,), {"__module__": "cirq.circuits.circuit"})
    pytket = type("Circuit", (Circuit,), {"__module__": "pytket._tket.circuit"})
    mine = type("Mine", (cirq,), {"__module__": "my_package"})
    old = (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\nif(c==1) x q[1];\nmeasure q[0] -> c[0];'
    )
    new = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\nif (c == 1) { x q[1]; }\n'
        "c[0] = measure q[0];"
    )
    assert sent(cirq(), pytket(old), mine()) == [["OPENQASM 3.0;"], [new], ["OPENQASM 3.0;"]]
    with pytest.raises(InvalidInput, match="not Circuit"):
        sent(Circuit())


def test_a_circuit_that_its_package_cannot_write_is_refused() -> None:
    class Broken:
        def to_qasm(self, version: str) -> str:
            raise ValueError("no such gate")

    broken = type("Circuit", (Broken,), {"__module__": "cirq.circuits.circuit"})
    with pytest.raises(InvalidInput, match="cirq cannot write the circuit as OpenQASM: no such gate"):
        circuit_text(broken())


def test_values_of_a_qiskit_circuit_come_in_the_order_of_the_service() -> None:
    vector = ParameterVector("x", 11)
    circuit = QuantumCircuit(1)
    for parameter in vector:
        circuit.rz(parameter, 0)
    text = circuit_text(circuit)
    values = list(range(11))  # Qiskit: x[0], x[1], ... x[10]; as texts, _x_10_ comes before _x_1_
    order = [0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert values_in_order(circuit, text, values) == order
    assert values_in_order(circuit, text, [values, values]) == [order, order]
    (pub,) = sent((circuit, values))
    assert pub[1] == order


def test_values_by_parameter_have_its_name() -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(1)
    circuit.rz(theta, 0)
    assert sent((circuit, {theta: 0.5})) == sent((circuit, {"theta": 0.5}))
    (pub,) = sent((circuit, {theta: 0.5}))
    assert pub[1] == {"theta": 0.5}


def test_operators_of_qiskit_are_observables() -> None:
    operator = SparsePauliOp(["ZI", "IX", "ZI"], [1.0, 0.5, 2.0])
    (pub,) = sent((bell(), [operator, Pauli("ZZ"), "XX"]), program="estimator")
    assert pub[1] == [{"ZI": 3.0, "IX": 0.5}, "ZZ", "XX"]
    with pytest.raises(InvalidInput, match="real coefficients"):
        observable_value(SparsePauliOp(["Z"], [1j]))


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        ("x $0; rz(pi / 2) $1; ecr $0, $1;", None),
        ("qubit[3] q; ecr q[1], q[2]; barrier q; delay[100ns] q[0]; reset q[0];", None),
        ("gate rzz(p) a, b { cx a, b; rz(p) b; cx a, b; } rzz(0.5) $0, $1;", None),
        ("bit c; c = measure $0; if (c) x $0; if (c == 1) { x $1; }", None),
        ("input float[64] t; rz(t) $0; const int n = 3; let a = $0;", None),
        ("h $0;", "the gate 'h' is not one of a_device's (ecr, rz, sx, x, rzz, measure, if_else)"),
        ("U(0, 0, 0) $0;", "the gate 'U'"),
        ("ctrl @ x $0, $1;", "the modifier 'ctrl'"),
        ("bit c; if (c) { h $0; }", "the gate 'h'"),
        ("bit c; if (c) h $0;", "the gate 'h'"),
        ("ecr $0, $2;", "'ecr' on qubits 0 and 2, which a_device does not couple."),
        ("ecr $1, $0;", "does not couple in this direction"),
        ("qubit[3] q; ecr q[0], q[2];", "on qubits 0 and 2"),
    ],
)
def test_gates_and_couplings_are_compared_with_the_device(statements: str, complaint: str | None) -> None:
    text = f'OPENQASM 3.0; include "stdgates.inc"; {statements}'
    if complaint is None:
        check_native(text, DEVICE)
        return
    with pytest.raises(InvalidInput) as caught:
        check_native(text, DEVICE, what="pub 3")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("pub 3: ")
    assert "transpile=True" in str(caught.value)


@pytest.mark.parametrize("text", ["OPENQASM 2.0; h q[0];", "OPENQASM 3.0; h $0", "this is no circuit"])
def test_what_cannot_be_read_here_is_left_to_the_service(text: str) -> None:
    check_native(text, DEVICE)


def test_a_simulator_takes_every_gate() -> None:
    check_native("OPENQASM 3.0; h $0;", {**DEVICE, "simulator": True})


def test_a_circuit_that_is_not_native_is_refused_before_it_is_sent(service: Emulator) -> None:
    with connect(service) as client:
        service.clear_requests()
        for _ in range(2):
            with pytest.raises(InvalidInput, match="pub 0: the gate 'h' is not one of ibm_torino's"):
                client.sampler(bell(), backend="ibm_torino")
        assert [request.path.rsplit("/", 1)[1] for request in service.requests] == ["token", "configuration"]
        with pytest.raises(InvalidInput, match="the gate 'h'"):
            client.sampler("OPENQASM 3.0; h $0;", backend="ibm_torino", check_gates=True)


def test_a_transpiled_circuit_runs(service: Emulator) -> None:
    with connect(service) as client:
        counts = client.sampler(bell(), backend="ibm_torino", shots=200, transpile=True).result()[0].counts()
        assert counts["00"] + counts["11"] > 150
        text = circuit_text(bell())
        assert client.sampler([text], backend="ibm_torino", shots=10, transpile=1).result()[0].bits().num_shots == 10


def test_observables_follow_the_qubits_of_a_transpiled_circuit(service: Emulator) -> None:
    circuit = QuantumCircuit(2)
    circuit.x(0)
    pub = (circuit, [SparsePauliOp(["IZ"]), "ZI", {"ZZ": 2.0}])
    with connect(service) as client:
        evs = client.estimator(pub, backend="ibm_torino", precision=0.05, transpile=True).result()[0].evs
    assert [round(ev) for ev in evs] == [-1, 1, -2]


def test_what_cannot_be_transpiled_is_refused(service: Emulator) -> None:
    with connect(service) as client:
        for circuit in ("no circuit", QuantumCircuit(500)):
            with pytest.raises(InvalidInput, match="pub 0: the circuit cannot be transpiled"):
                client.sampler([circuit], backend="ibm_torino", transpile=True)
    for level in (4, "2", None):
        with pytest.raises(InvalidInput, match="transpile="):
            optimization_level(level)  # type: ignore[arg-type]
