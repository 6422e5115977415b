"""Zero-noise extrapolation of mitiq, whose circuits run on the service."""

import json

from mitiq import zne
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

service = QiskitRuntimeService(token="a key of mine", instance="my instance")
backend = service.backend("ibm_fez")
sampler = SamplerV2(mode=backend)


def share_of_ones(circuit):
    measured = circuit.copy()
    measured.measure_all()
    job = sampler.run([transpile(measured, backend, optimization_level=0, initial_layout=[0])], shots=500)
    return job.result()[0].data.meas.get_counts().get("1", 0) / 500


circuit = QuantumCircuit(1)
for _ in range(5):
    circuit.x(0)
value = zne.execute_with_zne(circuit, share_of_ones)
print(json.dumps({"value": 0.7 < float(value) < 1.3}))
