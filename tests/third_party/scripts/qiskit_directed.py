"""Circuits with the primitives of qiskit-ibm-runtime that run in the client, and the texts of these circuits."""

import json
import re
from typing import Any

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, qasm3
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.executor_estimator import EstimatorV2
from qiskit_ibm_runtime.executor_sampler import SamplerV2

SIZES = (2, 3, 6)
SHOTS = 2048
chance = np.random.default_rng(20260415)
service = QiskitRuntimeService()
backend = service.backend("ibm_fez")


def chain(length: int) -> list[int]:
    """Coupled qubits with good readout, one after the other."""
    properties = backend.properties()
    best: tuple[float, list[int]] = (1e9, [])
    neighbours: dict[int, set[int]] = {}
    for one, other in backend.coupling_map:
        neighbours.setdefault(one, set()).add(other)
    for start in range(backend.num_qubits):
        path = [start]
        while len(path) < length:
            free = [qubit for qubit in neighbours[path[-1]] if qubit not in path]
            if not free:
                break
            path.append(min(free, key=properties.readout_error))
        if len(path) == length:
            best = min(best, (max(map(properties.readout_error, path)), path))
    return best[1]


def physical(circuit: QuantumCircuit, qubits: list[int]) -> str:
    """The text of a circuit on the device's qubits."""
    lines = [line for line in qasm3.dumps(circuit).splitlines() if not line.startswith("qubit[")]
    return re.sub(r"\bq\[(\d+)\]", lambda match: f"${qubits[int(match[1])]}", "\n".join(lines))


def placed(circuit: QuantumCircuit, qubits: list[int]) -> QuantumCircuit:
    """The circuit on all qubits of the device."""
    wide = QuantumCircuit(backend.num_qubits)
    for register in circuit.cregs:
        wide.add_register(register)
    wide.compose(circuit, qubits, circuit.clbits, inplace=True)
    return wide


def random_circuit(size: int) -> QuantumCircuit:
    """Native gates by chance, and one parameter."""
    circuit = QuantumCircuit(size)
    for _ in range(3):
        for qubit in range(size):
            circuit.rz(float(chance.uniform(-3, 3)), qubit)
            circuit.sx(qubit)
        for qubit in range(int(chance.integers(2)), size - 1, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.rz(Parameter("angle"), 0)
    circuit.sx(0)
    return circuit


def wide(labels: dict[str, float], qubits: list[int]) -> dict[str, float]:
    """An observable of the device."""
    found = {}
    for label, coefficient in labels.items():
        letters = ["I"] * backend.num_qubits
        for place, letter in enumerate(reversed(label)):
            letters[backend.num_qubits - 1 - qubits[place]] = letter
        found["".join(letters)] = coefficient
    return found


cases = []
for size in SIZES:
    qubits = chain(size)
    circuit = random_circuit(size)
    observables = []
    for _ in range(2):
        labels = {"".join(chance.choice(list("IXYZ"), size)): round(float(chance.uniform(-1, 1)), 3) for _ in range(2)}
        observables.append(labels)
    observables.append({"Z" * size: 1.0})
    values = np.linspace(0, 2, 2)[:, None]
    case: dict[str, Any] = {
        "text": physical(circuit, qubits),
        "observables": [wide(one, qubits) for one in observables],
        "values": values.tolist(),
    }
    operators = [SparsePauliOp.from_list(list(one.items())) for one in case["observables"]]
    for level in (0, 1):
        estimator = EstimatorV2(mode=backend)
        estimator.options.resilience_level = level
        pub = (placed(circuit, qubits), [[one] for one in operators], values)
        data = estimator.run([pub], precision=1 / 32).result()[0].data
        case[f"level {level}"] = {"evs": data.evs.tolist(), "stds": data.stds.tolist()}
    cases.append(case)

qubits = chain(4)
registers = QuantumCircuit(4)
early, late = ClassicalRegister(1, "early"), ClassicalRegister(3, "late")
registers.add_register(early, late)
registers.rz(1.1, 0)
registers.sx(0)
registers.measure(0, early[0])
registers.sx(1)
registers.rz(Parameter("angle"), 1)
registers.sx(1)
registers.cz(1, 2)
registers.sx(2)
registers.sx(3)
registers.cz(2, 3)
registers.measure([1, 2, 3], late)
sampled: dict[str, Any] = {
    "text": physical(registers, qubits),
    "values": [[0.3], [1.7]],
}
for twirled in (False, True):
    sampler = SamplerV2(mode=backend)
    sampler.options.twirling.enable_measure = twirled
    data = sampler.run([(placed(registers, qubits), np.array(sampled["values"]))], shots=SHOTS).result()[0].data
    sampled[f"twirled {twirled}"] = {
        name: [data[name].get_counts(index) for index in range(2)] for name in ("early", "late")
    }
print(json.dumps({"cases": cases, "sampled": sampled, "shots": SHOTS}))
