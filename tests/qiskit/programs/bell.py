"""Circuits and observables of Qiskit through the client, and its primitives on the client. Prints what is right."""

from __future__ import annotations

import json

from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.qiskit import EstimatorV2, RuntimeBackend, SamplerV2

SHOTS = 200

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
measured = bell.measure_all(inplace=False)
correlation = SparsePauliOp("ZZ")

with RuntimeClient() as client:
    backend = RuntimeBackend(client, client.backends.get("ibm_fez"))
    of_client = (
        client.sampler([measured], backend="ibm_fez", transpile=True, shots=SHOTS).result(timeout=300)[0].counts()
    )
    job = client.estimator([(bell, correlation)], backend="ibm_fez", transpile=True)
    value_of_client = job.result(timeout=300)[0].evs
    on_device = transpile(bell, backend, seed_transpiler=1)
    pub = (on_device, correlation.apply_layout(on_device.layout))
    value = EstimatorV2(backend).run([pub]).result()[0].data.evs
    counts = SamplerV2(backend).run([transpile(measured, backend)], shots=SHOTS).result()[0].data.meas.get_counts()

print(
    json.dumps(
        {
            "counts": sum(of_client.values()) == sum(counts.values()) == SHOTS,
            "alike": of_client["00"] + of_client["11"] > SHOTS / 2 < counts["00"] + counts["11"],
            "values": bool(min(value, value_of_client) > 0.5),
        }
    )
)
