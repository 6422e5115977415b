"""Sampler, Estimator and a batch of qiskit-ibm-runtime, found with and without token, channel and instance."""

import json

from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2

QiskitRuntimeService()
QiskitRuntimeService(token="a key of mine", channel="ibm_quantum_platform")
QiskitRuntimeService(token="a key of mine", channel="ibm_cloud", instance="my instance")
service = QiskitRuntimeService(
    token="a key of mine",
    channel="ibm_quantum_platform",
    instance="crn:v1:bluemix:public:quantum-computing:us-east:a/0a1b2c3d:11112222-3333-4444-5555-666677778888::",
)
backend = service.backend("ibm_fez")
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
measured = bell.copy()
measured.measure_all()
measured, bell = transpile([measured, bell], backend, seed_transpiler=1)
with Batch(backend=backend) as batch:
    counts = SamplerV2(mode=batch).run([measured], shots=200).result()[0].data.meas.get_counts()
    observable = SparsePauliOp("ZZ").apply_layout(bell.layout)
    value = EstimatorV2(mode=batch).run([(bell, observable)], precision=0.1).result()[0].data.evs
alike = counts.get("00", 0) + counts.get("11", 0)
print(json.dumps({"shots": sum(counts.values()), "alike": alike > 140, "value": float(value) > 0.6}))
