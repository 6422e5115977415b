"""T1 of a qubit, measured by Qiskit Experiments."""

import json

from qiskit_experiments.library import T1
from qiskit_ibm_runtime import QiskitRuntimeService

service = QiskitRuntimeService(token="a key of mine", instance="my instance")
backend = service.backend("ibm_fez")
data = T1((0,), [1e-6, 40e-6, 80e-6, 120e-6, 200e-6, 300e-6], backend=backend).run(shots=200).block_for_results()
(t1,) = [result.value.nominal_value for result in data.analysis_results(dataframe=False) if result.name == "T1"]
print(json.dumps({"jobs": len(data.jobs()), "t1": 0 < t1 < 0.01}))
