"""T1 of Qiskit Experiments: on the sampler, and on `backend.run` through the local mode of IBM's SDK."""

import json

import numpy as np
from qiskit_experiments.library import T1

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.qiskit import RuntimeBackend, SamplerV2

with RuntimeClient(submissions_per_minute=None) as client:
    backend = RuntimeBackend(client, "noisy")
    published = backend.target.qubit_properties[0].t1
    outcome = {}
    for way, sampler in {"sampler": SamplerV2(backend), "run": None}.items():
        experiment = T1([0], delays=list(np.linspace(1e-6, 3 * published, 12)), backend=backend)
        data = experiment.run(sampler=sampler, shots=2000).block_for_results()
        assert not data.errors(), data.errors()
        found = data.analysis_results("T1", dataframe=False).value.nominal_value
        outcome[way] = bool(abs(found / published - 1) < 0.2)
print(json.dumps(outcome))
