"""EstimatorV2: expectation values, their errors, and the effect of the device's noise."""

import json
from typing import Any

import numpy as np
from noise_budget import noise_budget, readout_bound  # type: ignore[import-not-found]
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService

report: dict[str, Any] = {}
service = QiskitRuntimeService()
backend = service.backend("ibm_fez")
passes = generate_preset_pass_manager(backend=backend, optimization_level=3, seed_transpiler=11)

bell = QuantumCircuit(2, metadata={"experiment": "bell"})
bell.h(0)
bell.cx(0, 1)
bell = passes.run(bell)
angle = Parameter("angle")
rotated = QuantumCircuit(1)
rotated.ry(angle, 0)
rotated = passes.run(rotated)


def laid_out(labels: Any, circuit: Any) -> Any:
    return [SparsePauliOp(label).apply_layout(circuit.layout) for label in labels]


def bound(circuit: Any, qubits: list[int]) -> Any:
    # An expectation value of a Pauli moves by at most twice the total variation distance.
    return 2 * (noise_budget(backend, circuit)["most"] + readout_bound(backend, qubits))


angles = np.linspace(0.1, 3.0, 3).reshape(3, 1, 1)
paulis = ["ZZ", "XX", "YY", "ZI", "IX", "XZ"]
energy = SparsePauliOp(["ZZ", "XX", "II"], [0.5, 0.25, 2.0]).apply_layout(bell.layout)
estimator = EstimatorV2(mode=backend, options={"resilience_level": 0})
result = estimator.run(
    [
        (bell, laid_out(paulis, bell)),
        (rotated, laid_out("ZX", rotated), angles),
        (bell, energy),
        (bell, [[operator] for operator in laid_out(["ZZ", "II"], bell)]),
    ],
    precision=0.01,
).result()
qubits = bell.layout.final_index_layout()
report["paulis"] = {
    "labels": paulis,
    "evs": result[0].data.evs.tolist(),
    "stds": result[0].data.stds.tolist(),
    "bound": bound(bell, qubits),
    "metadata": result[0].metadata,
}
report["swept"] = {
    "angles": angles[:, 0, 0].tolist(),
    "evs": result[1].data.evs.tolist(),
    "stds": result[1].data.stds.tolist(),
    "bound": bound(rotated, rotated.layout.final_index_layout()),
}
report["energy"] = [float(result[2].data.evs), float(result[2].data.stds)]
report["nested"] = {"shape": list(result[3].data.evs.shape), "identity": float(result[3].data.evs[1][0])}
report["metadata"] = result.metadata


def measured(level: int, precision: float | None = None, **options: Any) -> Any:
    estimator = EstimatorV2(mode=backend, options={"resilience_level": level, **options})
    data = estimator.run([(bell, laid_out(["ZZ"], bell)[0], None, precision)]).result()[0]
    return {"ev": float(data.data.evs), "std": float(data.data.stds), "target": data.metadata["target_precision"]}


report["resilience"] = {"0": measured(0, 0.005), "1": measured(1, 0.005)}
report["seeded"] = [measured(0, default_precision=0.1, seed_estimator=3) for _ in range(2)]
print(json.dumps(report))
