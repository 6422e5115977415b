"""The same primitive in three ways on the noise of a device of the embedded service.

By the service's own program, by this client's programs of the executor, and by IBM's client-side primitives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS
from qiskit_ibm_runtime.executor_estimator.prepare import prepare as prepare_estimator
from qiskit_ibm_runtime.executor_sampler.prepare import prepare as prepare_sampler
from qiskit_ibm_runtime.options_models import EstimatorOptions, SamplerOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from qiskit_runtime_rest import JobRequest
from qiskit_runtime_rest.emulator import devices, programs
from qiskit_runtime_rest.results import decode

BACKEND = "ibm_fez"
DEVICE = devices.get(BACKEND)
HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
ERRORS = 5


def gates(*, most: int) -> st.SearchStrategy[list[tuple[str, int, float]]]:
    """Gates of a random circuit: name, the first qubit, and the angle of `rz`."""
    qubits, still = st.integers(0, 5), st.just(0.0)
    gate = st.one_of(
        st.tuples(st.just("rz"), qubits, st.floats(-3, 3)),
        st.tuples(st.just("sx"), qubits, still),
        st.tuples(st.just("cz"), qubits, still),
    )
    return st.lists(gate, min_size=4, max_size=most)


def run(program: str, params: Any, *, seed: int) -> bytes:
    """The body of a job's result."""
    outcome = programs.run(program, params, device=DEVICE, seed=seed, policy=programs.Policy(resilience_level=1))
    assert isinstance(outcome, programs.Completed), outcome
    return outcome.body.encode()


def values_of(pub: Any) -> tuple[Any, Any]:
    """Expectation values with their errors, as arrays."""
    return np.asarray(pub.evs), np.asarray(pub.stds)


def by_service(pub: Sequence[Any], *, seed: int, **params: Any) -> tuple[Any, Any]:
    request = JobRequest.estimator([tuple(pub)], backend=BACKEND, via="service", **params)
    return values_of(decode(run("estimator", request.params, seed=seed), program_id="estimator")[0])


def by_client(pub: Sequence[Any], *, seed: int, **params: Any) -> tuple[Any, Any]:
    request = JobRequest.estimator([tuple(pub)], backend=BACKEND, via="executor", **params)
    return values_of(decode(run("executor", request.params, seed=seed), program_id="executor")[0])


def by_ibm(
    circuit: QuantumCircuit, observables: Any, values: Any, *, seed: int, level: int, precision: float
) -> tuple[Any, Any]:
    """Observables are dicts from labels of a few letters; the rightmost letter belongs to the device's qubit 0."""
    wide = [
        [SparsePauliOp.from_list([(label.rjust(DEVICE.qubits, "I"), weight) for label, weight in one.items()])]
        for one in observables
    ]
    options = EstimatorOptions()
    options.resilience_level = level
    options.default_precision = precision
    program, of_executor = prepare_estimator([(circuit, wide, values)], options)
    pub = ibm_result(program, of_executor, seed=seed, role="estimator_v2")[0]
    return np.asarray(pub.data.evs), np.asarray(pub.data.stds)


def ibm_sample(circuit: QuantumCircuit, values: Any, *, shots: int, seed: int) -> Any:
    """The data of a pub of IBM's client-side sampler."""
    program, of_executor = prepare_sampler([(circuit, values)], SamplerOptions(default_shots=shots))
    return ibm_result(program, of_executor, seed=seed, role="sampler_v2")[0].data


def ibm_result(program: Any, options: Any, *, seed: int, role: str) -> Any:
    program._semantic_role = role
    model = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder(program, options)
    decoded: Any = run("executor", json.loads(model.model_dump_json()), seed=seed).decode()
    for decoder in DEFAULT_DECODERS["executor"]:
        if decoder.is_applicable(decoded):
            decoded = decoder.decode(decoded)
    return decoded


def agree(first: tuple[Any, Any], second: tuple[Any, Any], *, scale: Any = 1.0, bound: float) -> None:
    """Values agree within five standard errors of their difference, and a bound on the noise that differs."""
    (one, error), (other, more) = first, second
    allowed = ERRORS * np.sqrt(np.square(error) + np.square(more)) + bound * np.asarray(scale)
    assert np.all(np.abs(one - other) <= allowed), (one, other, error, more)


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """The share of each outcome."""
    shots = sum(counts.values())
    return {outcome: number / shots for outcome, number in counts.items()}
