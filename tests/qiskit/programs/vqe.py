"""VQE of qiskit-algorithms on the estimator: the ground state of a hydrogen molecule."""

import json

from qiskit.circuit.library import n_local
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_algorithms import VQE, NumPyMinimumEigensolver
from qiskit_algorithms.optimizers import SPSA
from qiskit_algorithms.utils import algorithm_globals

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.qiskit import EstimatorV2, RuntimeBackend

algorithm_globals.random_seed = 1
hydrogen = SparsePauliOp.from_list(
    [("II", -1.052373), ("IZ", 0.397937), ("ZI", -0.397937), ("ZZ", -0.011280), ("XX", 0.180931)]
)
with RuntimeClient(submissions_per_minute=None) as client:
    backend = RuntimeBackend(client, "ideal")
    vqe = VQE(
        EstimatorV2(backend, options={"default_precision": 0.02}),
        n_local(2, "ry", "cx", reps=1),
        SPSA(maxiter=25, learning_rate=0.6, perturbation=0.2),
        initial_point=[0.5] * 4,
        transpiler=generate_preset_pass_manager(optimization_level=1, backend=backend),
    )
    found = vqe.compute_minimum_eigenvalue(hydrogen).eigenvalue.real
least = NumPyMinimumEigensolver().compute_minimum_eigenvalue(hydrogen).eigenvalue.real
print(json.dumps({"near": bool(abs(found - least) < 0.1)}))
