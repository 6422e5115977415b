"""IBM's models accept every request for the executor, and mean by it what was asked for."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from ibm_quantum_schemas.executor.version_2_0 import ParamsModel  # type: ignore[import-untyped]
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from qiskit_runtime_rest import JobRequest

TEXT = """OPENQASM 3.0;
include "stdgates.inc";
input float b; input float a;
bit[2] c;
sx $0; rz(a) $0; cz $0, $1; rz(b) $1; sx $1;
c[0] = measure $0;
c[1] = measure $1;"""

delays = st.floats(0, 1)
counts = st.one_of(st.just("auto"), st.integers(1, 40))
shapes = st.lists(st.integers(1, 3), max_size=2)
readings = st.sampled_from(["classified", "kerneled", "avg_kerneled"])
executor_options = st.fixed_dictionaries(
    {},
    optional={
        "init_qubits": st.booleans(),
        "rep_delay": st.none() | delays,
        "scheduler_timing": st.booleans(),
        "stretch_values": st.booleans(),
        "meas_level": st.sampled_from(["classified", "kerneled", "avg_kerneled", "both"]),
        "experimental": st.dictionaries(st.text(max_size=3), st.booleans() | st.integers(0, 9), max_size=2),
    },
)
execution = st.fixed_dictionaries({}, optional={"init_qubits": st.booleans(), "rep_delay": delays})
shots_each = st.fixed_dictionaries({}, optional={"num_randomizations": counts, "shots_per_randomization": counts})
sampler_options = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"execution": execution, "twirling": shots_each.map(lambda one: {**one, "enable_measure": True})}
    ),
    st.fixed_dictionaries({"execution": readings.map(lambda kind: {"meas_type": kind})}),
)
zero_noise = st.fixed_dictionaries(
    {},
    optional={
        "amplifier": st.sampled_from(["gate_folding", "gate_folding_front", "gate_folding_back"]),
        "noise_factors": st.sampled_from([[1, 3, 5], (1, 3), [1, 5, 9, 13]]),
        "extrapolator": st.sampled_from(["linear", "exponential", "polynomial_degree_1", ["fallback", "linear"]]),
        "extrapolated_noise_factors": st.sampled_from(["auto", [0], [0, 0.5, 2]]),
    },
)
estimator_options = st.fixed_dictionaries(
    {},
    optional={
        "execution": execution,
        "twirling": shots_each,
        "seed_estimator": st.integers(0, 99),
        "resilience": st.fixed_dictionaries({}, optional={"zne": zero_noise, "measure_noise_learning": shots_each}),
    },
)


def read(request: JobRequest) -> Any:
    """The program and its options as IBM's client reads them; each item fits its circuit."""
    model = ParamsModel.model_validate(json.loads(request.to_json())["params"])
    program, _ = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].decoder(model)
    for item, described in zip(program.items, model.quantum_program.items, strict=True):
        assert item.circuit_arguments.shape[-1] == item.circuit.num_parameters
        assert np.broadcast_shapes(item.circuit_arguments.shape[:-1], tuple(described.shape)) == tuple(described.shape)
        assert np.all(np.isfinite(item.circuit_arguments))
    return program, model


def chosen(model: Any, options: Any) -> None:
    """The options that IBM's model reads are those that were given."""
    for name, value in options.items():
        if name == "meas_level":
            assert model.quantum_program.meas_level == value
        elif value is not None:
            assert getattr(model.options, name) == value


def values(data: Any, shape: Any) -> Any:
    numbers = st.floats(-7, 7)
    drawn = data.draw(st.lists(numbers, min_size=2 * prod(shape), max_size=2 * prod(shape)))
    return np.array(drawn).reshape(*shape, 2)


@settings(max_examples=30)
@given(data=st.data(), shape=shapes, options=executor_options, shots=st.integers(1, 1000))
def test_executor(data: Any, shape: Any, options: Any, shots: int) -> None:
    array = values(data, shape)
    request = JobRequest.executor([(TEXT, array), (TEXT, [0, 0])], backend="b", shots=shots, options=options)
    program, model = read(request)
    chosen(model, options)
    assert (program.shots, list(model.quantum_program.items[0].shape)) == (shots, list(shape))
    # Parameters in the order of the text are columns in the order of their names.
    np.testing.assert_array_equal(program.items[0].circuit_arguments, array[..., ::-1])


@settings(max_examples=30)
@given(data=st.data(), shape=shapes, options=sampler_options, shots=st.integers(1, 1000))
def test_sampler(data: Any, shape: Any, options: Any, shots: int) -> None:
    array = values(data, shape)
    request = JobRequest.sampler([(TEXT, array)], backend="b", shots=shots, options=options, via="executor")
    program, model = read(request)
    section = options.get("execution", {})
    chosen(model, {name: value for name, value in section.items() if name != "meas_type"})
    assert model.quantum_program.meas_level == section.get("meas_type", "classified")
    executions = program.shots * prod(model.quantum_program.items[0].shape)
    assert executions >= shots * prod(shape) or "twirling" in options
    assert model.quantum_program.semantic_role is None


@settings(max_examples=30)
@given(
    data=st.data(),
    shape=shapes,
    options=estimator_options,
    precision=st.floats(0.02, 0.3),
    level=st.sampled_from([0, 1, 2]),
)
def test_estimator(data: Any, shape: Any, options: Any, precision: float, level: int) -> None:
    observables = [[label] for label in data.draw(st.lists(st.text("IXYZ01+-rl", min_size=2, max_size=2), min_size=1))]
    pub = (TEXT.split("c[0]")[0], [one[0] for one in observables], values(data, [len(observables)]))
    request = JobRequest.estimator(
        [pub], backend="b", precision=precision, options=options, resilience_level=level, via="executor"
    )
    program, model = read(request)
    chosen(model, options.get("execution", {}))
    assert model.quantum_program.meas_level == "classified"
    if len(program.items) > 1 + (level > 0):
        # The same circuit with more two-qubit gates for each noise factor.
        numbers = [item.circuit.count_ops().get("cz", 0) for item in program.items[: -1 if level else None]]
        assert numbers == sorted(numbers)
