"""pytket's backend of the service."""

import json

from pytket import Circuit
from pytket.extensions.qiskit import IBMQBackend

backend = IBMQBackend("ibm_fez", instance="my instance", token="a key of mine")
bell = backend.get_compiled_circuit(Circuit(2, 2).H(0).CX(0, 1).measure_all())
counts = backend.run_circuit(bell, n_shots=200).get_counts()
alike = counts.get((0, 0), 0) + counts.get((1, 1), 0)
print(json.dumps({"shots": int(sum(counts.values())), "alike": bool(alike > 140)}))
