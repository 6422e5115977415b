"""qBraid's provider for the service."""

import json

from qbraid.runtime.ibm import QiskitRuntimeProvider
from qiskit import QuantumCircuit, transpile

provider = QiskitRuntimeProvider(token="a key of mine")
device = provider.get_device("ibm_fez")
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
job = device.run(transpile(bell, device._backend), shots=200)
counts = job.result().data.get_counts()
alike = counts.get("00", 0) + counts.get("11", 0)
print(json.dumps({"shots": sum(counts.values()), "alike": alike > 140}))
