"""PennyLane's device for backends of Qiskit: expectation values, counts, and a gradient."""

import json

import pennylane as qml
from pennylane import numpy as np

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.qiskit import RuntimeBackend

with RuntimeClient(submissions_per_minute=None) as client:
    device = qml.device("qiskit.remote", wires=2, backend=RuntimeBackend(client, "ideal"))

    @qml.set_shots(4000)
    @qml.qnode(device)
    def energy(angle):
        qml.RY(angle, wires=0)
        qml.CNOT(wires=[0, 1])
        return qml.expval(qml.PauliZ(0) @ qml.PauliZ(1)), qml.expval(qml.PauliZ(0))

    @qml.set_shots(1000)
    @qml.qnode(device)
    def bell():
        qml.Hadamard(wires=0)
        qml.CNOT(wires=[0, 1])
        return qml.counts()

    angle = np.array(0.6, requires_grad=True)
    both, single = energy(angle)
    slope = qml.grad(lambda value: energy(value)[1])(angle)
    print(
        json.dumps(
            {
                "expval": bool(abs(both - 1) < 0.05 and abs(single - np.cos(0.6)) < 0.1),
                "counts": sorted(map(str, bell())) == ["00", "11"],
                "gradient": bool(abs(slope + np.sin(0.6)) < 0.1),
            }
        )
    )
