from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qiskit_runtime_rest.cli.demo_circuit import bell_circuit, entangler, on_device, quietest_pair
from qiskit_runtime_rest.errors import InvalidInput


@pytest.mark.parametrize("gate", ["cz", "ecr", "cx"])
@pytest.mark.parametrize("pair", [(0, 1), (1, 0), (2, 1)])
def test_the_circuit_makes_a_bell_state_with_the_gates_of_the_backend(gate: str, pair: tuple[int, int]) -> None:
    from qiskit import qasm3
    from qiskit.quantum_info import SparsePauliOp, Statevector

    circuit = qasm3.loads(bell_circuit(gate, pair, measured=False))
    assert {str(name) for name in circuit.count_ops()} <= {gate, "sx", "rz"}
    state = Statevector(circuit)
    for paulis, value in {"ZZ": 1.0, "XX": 1.0, "YY": -1.0}.items():
        operator = SparsePauliOp(on_device(paulis, pair, num_qubits=circuit.num_qubits))
        assert state.expectation_value(operator) == pytest.approx(value)


def test_a_measured_circuit_reads_the_pair_into_two_bits() -> None:
    text = bell_circuit("cz", (92, 99), measured=True)
    assert "c[0] = measure $92;\nc[1] = measure $99;\n" in text
    assert "measure" not in bell_circuit("cz", (92, 99), measured=False)


def test_a_pauli_string_of_the_device_has_qubit_0_at_its_end() -> None:
    assert on_device("XZ", (1, 3), num_qubits=5) == "IXIZI"


def parameter(name: str, value: float) -> SimpleNamespace:
    return SimpleNamespace(name=name, value=value)


def device(**changes: Any) -> SimpleNamespace:
    configuration = {"backend_name": "x", "basis_gates": ["cz", "rz"], "coupling_map": [[0, 1], [1, 2], [2, 3]]}
    return SimpleNamespace(**{**configuration, **changes})


def properties(errors: dict[tuple[int, int], float], readout: list[float]) -> Any:
    return SimpleNamespace(
        qubits=[[parameter("readout_error", value)] for value in readout],
        gates=[
            SimpleNamespace(gate="cz", qubits=list(pair), parameters=[parameter("gate_error", value)])
            for pair, value in errors.items()
        ],
    )


def test_the_quietest_pair_counts_the_gate_and_both_readouts_and_is_coupled() -> None:
    measured = properties({(0, 1): 0.001, (1, 2): 0.002, (2, 3): 0.003, (0, 3): 0.0}, [0.01, 0.2, 0.01, 0.01])
    assert quietest_pair(device(), measured, gate="cz") == (2, 3)  # type: ignore[arg-type]


def test_a_pair_without_calibration_is_the_last_choice() -> None:
    measured = properties({(0, 1): 0.5, (1, 2): 0.4}, [0.1, 0.1])
    measured.qubits.append([])
    assert quietest_pair(device(), measured, gate="cz") == (0, 1)  # type: ignore[arg-type]


def test_a_backend_without_a_known_gate_or_pair_is_refused_with_advice() -> None:
    with pytest.raises(InvalidInput, match="another --backend"):
        entangler(device(basis_gates=["iswap"]))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="another --backend"):
        quietest_pair(device(coupling_map=None), properties({(0, 1): 0.1}, [0.1, 0.1]), gate="cz")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="no calibration data"):
        quietest_pair(device(), None, gate="cz")  # type: ignore[arg-type]
