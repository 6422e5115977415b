"""Counts and an expectation value of PennyLane, on its device `qiskit.remote`."""

import json

import pennylane as qml
from qiskit_ibm_runtime import QiskitRuntimeService

service = QiskitRuntimeService(token="a key of mine", instance="my instance")
device = qml.device("qiskit.remote", wires=2, backend=service.backend("ibm_fez"), shots=200)


@qml.qnode(device)
def bell():
    qml.Hadamard(0)
    qml.CNOT(wires=[0, 1])
    return qml.counts()


@qml.qnode(device)
def alike(angle):
    qml.RX(angle, wires=0)
    qml.CNOT(wires=[0, 1])
    return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1))


counts = {str(word): int(count) for word, count in bell().items()}
same = counts.get("00", 0) + counts.get("11", 0)
print(json.dumps({"shots": sum(counts.values()), "alike": same > 140, "value": float(alike(0.3)) > 0.6}))
