"""The primitives of qiskit-ibm-runtime on top of the executor program, with processing in the client."""

import json
from typing import Any

import numpy as np
from noise_budget import noise_budget, readout_bound  # type: ignore[import-not-found]
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, Session
from qiskit_ibm_runtime.executor_estimator import EstimatorV2
from qiskit_ibm_runtime.executor_sampler import SamplerV2

report: dict[str, Any] = {}
service = QiskitRuntimeService()
backend = service.backend("ibm_fez")
passes = generate_preset_pass_manager(backend=backend, optimization_level=3, seed_transpiler=11)

bell = QuantumCircuit(2, metadata={"experiment": "bell"})
bell.h(0)
bell.cx(0, 1)
measured = passes.run(bell.measure_all(inplace=False))
bell = passes.run(bell)
angle, offset = Parameter("angle"), Parameter("Anfang")
rotated = QuantumCircuit(1, 1)
rotated.ry(offset, 0)
rotated.ry(angle, 0)
unmeasured = passes.run(rotated)
rotated.measure(0, 0)
rotated = passes.run(rotated)
angles = np.linspace(0, np.pi, 4).reshape(2, 2)

sampler = SamplerV2(mode=backend)
sampler.options.environment.job_tags = ["executor"]
job = sampler.run([measured, (rotated, {angle: angles, offset: np.zeros((2, 2))})], shots=4000)
result = job.result()
report["bell"] = {
    "counts": result[0].data.meas.get_counts(),
    "shots": result[0].data.meas.num_shots,
    **noise_budget(backend, measured),
}
report["swept"] = {
    "angles": angles.tolist(),
    "ones": result[1].data.c.bitcount().mean(axis=-1).tolist(),
    "shots": result[1].data.c.num_shots,
    **noise_budget(backend, rotated),
}
report["job"] = [job.primitive_id, job.status(), job.usage(), service.job(job.job_id()).tags]

sampler = SamplerV2(mode=backend)
sampler.options.twirling.enable_gates = True
sampler.options.twirling.enable_measure = True
sampler.options.twirling.num_randomizations = 8
sampler.options.twirling.shots_per_randomization = 50
sampler.options.dynamical_decoupling.enable = True
data = sampler.run([measured]).result()[0].data
report["twirled"] = {"counts": data.meas.get_counts(), "shots": data.meas.num_shots}

paulis = ["ZZ", "XX", "YY", "ZI"]
operators = [SparsePauliOp(label).apply_layout(bell.layout) for label in paulis]
zet = SparsePauliOp("Z").apply_layout(unmeasured.layout)
with Session(backend=backend) as session:
    estimator = EstimatorV2(mode=session)
    estimator.options.resilience_level = 0
    job = estimator.run(
        [(bell, operators), (unmeasured, zet, {angle: angles, offset: np.zeros((2, 2))})], precision=0.02
    )
    result = job.result()
report["paulis"] = {
    "labels": paulis,
    "evs": result[0].data.evs.tolist(),
    "stds": result[0].data.stds.tolist(),
    "bound": 2 * (noise_budget(backend, bell)["most"] + readout_bound(backend, bell.layout.final_index_layout())),
}
report["estimated sweep"] = {
    "evs": result[1].data.evs.tolist(),
    "stds": result[1].data.stds.tolist(),
    "bound": 2
    * (noise_budget(backend, unmeasured)["most"] + readout_bound(backend, unmeasured.layout.final_index_layout())),
}
report["session"] = [job.primitive_id, job.session_id == session.session_id, session.status()]
mitigated = EstimatorV2(mode=backend).run([(bell, operators[0])], precision=0.02).result()[0].data
report["mitigated"] = [float(mitigated.evs), float(mitigated.stds)]
print(json.dumps(report))
