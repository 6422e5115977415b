"""SamplerV2: transpile circuits, run them, and read the bits."""

import json
from typing import Any

import numpy as np
from noise_budget import noise_budget  # type: ignore[import-not-found]
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

SHOTS = 10_000
report: dict[str, Any] = {}

service = QiskitRuntimeService()
backend = service.backend("ibm_fez")
passes = generate_preset_pass_manager(backend=backend, optimization_level=3, seed_transpiler=11)

bell = QuantumCircuit(2, metadata={"experiment": "bell"})
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
bell = passes.run(bell)
job = SamplerV2(mode=backend).run([bell], shots=SHOTS)
result = job.result()
report["bell"] = {
    "counts": result[0].data.meas.get_counts(),
    "shots": SHOTS,
    **noise_budget(backend, bell),
    "metadata": result[0].metadata,
    "version": result.metadata["version"],
    "span sizes": [span.size for span in result.metadata["execution"]["execution_spans"]],
}

angle, offset = Parameter("angle"), Parameter("Anfang")
rotated = QuantumCircuit(1, 1)
rotated.ry(offset, 0)
rotated.ry(angle, 0)
rotated.measure(0, 0)
rotated = passes.run(rotated)

one, two = ClassicalRegister(1, "one"), ClassicalRegister(2, "two")
dynamic = QuantumCircuit(QuantumRegister(2), one, two)
dynamic.x(0)
dynamic.measure(0, one[0])
with dynamic.if_test((one, 1)):
    dynamic.x(1)
dynamic.measure([0, 1], two)
dynamic = passes.run(dynamic)

angles = np.linspace(0, np.pi, 6).reshape(3, 2)
job = SamplerV2(mode=backend, options={"default_shots": 2000}).run(
    [
        (rotated, {angle: angles, offset: np.zeros((3, 2))}),
        (rotated, [np.pi, 0.0], 500),
        dynamic,
    ]
)
result = job.result()
swept = result[0].data.c
report["swept"] = {
    "angles": angles.tolist(),
    "shape": list(swept.shape),
    "shots": swept.num_shots,
    "ones": swept.bitcount().mean(axis=-1).tolist(),
    **noise_budget(backend, rotated),
}
report["pub's own shots"] = [result[1].data.c.num_shots, result[1].data.c.get_counts().get("1", 0)]
report["dynamic"] = {
    "fields": sorted(result[2].data),
    "counts": result[2].join_data().get_counts(),
    "two": result[2].data.two.get_counts(),
}
report["parameters read back"] = np.asarray(job.inputs["pubs"][1][1]).tolist()
report["circuit read back"] = job.inputs["pubs"][0][0] == rotated


def seeded(seed: int) -> Any:
    sampler = SamplerV2(mode=backend)
    sampler.options.default_shots = 200
    sampler.options.simulator.seed_simulator = seed
    return sampler.run([bell]).result()[0].data.meas.get_bitstrings()


first, again, other = seeded(5), seeded(5), seeded(6)
report["seeds"] = {"same": first == again, "other": first == other, "shots": len(first)}

sampler = SamplerV2(mode=backend)
sampler.options.twirling.enable_gates = True
sampler.options.twirling.num_randomizations = 4
sampler.options.twirling.shots_per_randomization = 25
sampler.options.dynamical_decoupling.enable = True
sampler.options.dynamical_decoupling.sequence_type = "XpXm"
result = sampler.run([bell]).result()
report["suppression"] = {
    "shots": result[0].data.meas.num_shots,
    "metadata": sorted(result.metadata),
    "randomizations": result[0].metadata["num_randomizations"],
}

small = service.backend("fake_fractional", use_fractional_gates=True)
wobble = QuantumCircuit(2, 2)
wobble.rx(np.pi / 2, [0, 1])
wobble.rzz(np.pi / 2, 0, 1)
wobble.rx(np.pi / 2, [0, 1])
wobble.measure([0, 1], [0, 1])
wobble = generate_preset_pass_manager(backend=small, optimization_level=1, seed_transpiler=1).run(wobble)
report["fractional"] = {
    "operations": sorted(wobble.count_ops()),
    "shots": SamplerV2(mode=small).run([wobble], shots=100).result()[0].data.c.num_shots,
}
print(json.dumps(report))
