"""qrmi's primitives: qiskit circuits, transpiled for the resource and sent as OpenQASM 3."""

import json
from typing import Any

import numpy as np
from noise_budget import noise_budget, readout_bound  # type: ignore[import-not-found]
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qrmi.primitives import QRMIService  # type: ignore[attr-defined]
from qrmi.primitives.ibm import EstimatorV2, SamplerV2, get_backend  # type: ignore[attr-defined]

report: dict[str, Any] = {}
resource = QRMIService().resource("ibm_fez")
backend = get_backend(resource)
report["backend"] = [backend.name, backend.num_qubits, backend.status().operational]
passes = generate_preset_pass_manager(backend=backend, optimization_level=3, seed_transpiler=11)

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
measured = passes.run(bell.measure_all(inplace=False))
angle, other = Parameter("angle"), Parameter("Other")
rotated = QuantumCircuit(1, 1)
rotated.ry(other, 0)
rotated.ry(angle, 0)
unmeasured = passes.run(rotated)
rotated.measure(0, 0)
rotated = passes.run(rotated)
angles = np.linspace(0, np.pi, 3)
values = {angle: angles, other: np.zeros(3)}

job = SamplerV2(resource).run([(measured, None, 10_000), (rotated, values)], shots=2000)
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
report["status"] = [job.status().name, job.done(), job.errored(), job.logs()]

bell = passes.run(bell)
paulis = ["ZZ", "XX", "YY", "ZI"]
operators = [SparsePauliOp(label).apply_layout(bell.layout) for label in paulis]
zet = SparsePauliOp("Z").apply_layout(unmeasured.layout)
result = (
    EstimatorV2(resource, options={"run_options": {"simulator": {"seed_simulator": 4}}})
    .run([(bell, operators), (unmeasured, zet, values)], precision=0.01)
    .result()
)
bound = 2 * (noise_budget(backend, bell)["most"] + readout_bound(backend, bell.layout.final_index_layout()))
BARE = {"resilience": {"measure_mitigation": False}, "twirling": {"enable_measure": False}}
bare = (
    EstimatorV2(resource, options={"run_options": {"simulator": {"seed_simulator": 4}, **BARE}})
    .run([(bell, operators)], precision=0.01)
    .result()
)
for name, pub in (("paulis", result[0]), ("bare paulis", bare[0])):
    report[name] = {
        "labels": paulis,
        "evs": pub.data.evs.tolist(),
        "stds": pub.data.stds.tolist(),
        "bound": bound,
    }
report["estimated sweep"] = {
    "evs": result[1].data.evs.tolist(),
    "stds": result[1].data.stds.tolist(),
    "bound": 2
    * (noise_budget(backend, unmeasured)["most"] + readout_bound(backend, unmeasured.layout.final_index_layout())),
}

untranspiled = QuantumCircuit(2, 2)
untranspiled.h(0)
untranspiled.measure([0, 1], [0, 1])
job = SamplerV2(resource).run([untranspiled])
while not job.in_final_state():
    pass
report["refused"] = [job.status().name, job.errored(), job.logs()]
print(json.dumps(report))
