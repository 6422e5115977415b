"""A PennyLane device on a backend of the service."""

import json

import pennylane as qml
from qiskit_ibm_runtime import QiskitRuntimeService

service = QiskitRuntimeService(token="a key of mine", instance="my instance")
device = qml.device("qiskit.remote", wires=2, backend=service.backend("ibm_fez"))


@qml.set_shots(200)
@qml.qnode(device)
def circuit():
    qml.Hadamard(0)
    qml.CNOT([0, 1])
    return qml.counts()


counts = {str(name): int(count) for name, count in circuit().items()}
alike = counts.get("00", 0) + counts.get("11", 0)
print(json.dumps({"shots": sum(counts.values()), "alike": alike > 140}))
