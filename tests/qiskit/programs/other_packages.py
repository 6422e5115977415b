"""Circuits of pytket and Cirq, given to the client as they are. Prints what is right."""

from __future__ import annotations

import json

import cirq
import pytket

from qiskit_runtime_rest import InvalidInput, RuntimeClient

SHOTS = 200

first, second = cirq.LineQubit.range(2)
of_cirq = cirq.Circuit(cirq.H(first), cirq.CNOT(first, second), cirq.measure(first, second, key="c"))

of_pytket = pytket.Circuit(2, 2)
of_pytket.H(0)
of_pytket.CX(0, 1)
of_pytket.measure_all()

with RuntimeClient() as client:
    pubs = [of_cirq, of_cirq.freeze(), of_pytket]
    result = client.sampler(pubs, backend="ideal", transpile=True, shots=SHOTS).result(timeout=300)
    alike = [pub.counts()["00"] + pub.counts()["11"] for pub in result]
    try:
        client.sampler(pubs, backend="ideal")
        refused = "no"
    except InvalidInput as error:
        refused = str(error)

print(
    json.dumps(
        {
            "alike": min(alike) > 0.8 * SHOTS,
            "refused": "pub 0: the gate 'h' is not one of ideal's" in refused,
        }
    )
)
