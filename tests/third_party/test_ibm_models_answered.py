"""All results agree with IBM's own models of them, whatever the options. Members that a model lacks are found, too."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from ibm_quantum_schemas.estimator.version_0_1 import (  # type: ignore[import-untyped]
    PrimitiveResultWrapperModel as EstimatorResultModel,
)
from ibm_quantum_schemas.sampler.version_0_1 import (  # type: ignore[import-untyped]
    PrimitiveResultWrapperModel as SamplerResultModel,
)
from pydantic import BaseModel
from qiskit_ibm_runtime import QuantumProgram
from qiskit_ibm_runtime.decoders.executor.decoder import AVAILABLE_DECODERS, ExecutorResultDecoder
from qiskit_ibm_runtime.options_models import ExecutorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic import build
from samplomatic.transpiler import generate_boxing_pass_manager

from qiskit_runtime_rest.emulator import devices, programs
from qiskit_runtime_rest.emulator.programs import circuits
from qiskit_runtime_rest.emulator.programs.policy import STRICT
from qiskit_runtime_rest.results import decode

HEADER = 'OPENQASM 3.0; include "stdgates.inc";'
BELL = (
    f"{HEADER} bit[2] c; rz(pi/2) $0; sx $0; rz(pi/2) $0; rz(pi/2) $1; sx $1; rz(pi/2) $1; cz $0, $1;"
    "rz(pi/2) $1; sx $1; rz(pi/2) $1; c[0] = measure $0; c[1] = measure $1;"
)
# Two registers and two parameters.
TURNED = (
    f"{HEADER} input float[64] a; input float[64] b; bit[1] first; bit[3] second; sx $0; rz(a) $0; sx $0;"
    "cz $0, $1; sx $1; rz(b) $1; sx $1; first[0] = measure $0; second[2] = measure $1;"
)


def run(program: str, params: dict[str, Any]) -> Any:
    outcome = programs.run(program, params, device=devices.get("ibm_torino"), seed=3)
    assert isinstance(outcome, programs.Completed), outcome
    return outcome.body


def check(model: type[BaseModel], body: str) -> None:
    """The model accepts the document, and knows each member of it."""
    document = json.loads(body)
    read = model.model_validate(document)
    known = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert _members(document) <= _members(known), _members(document) - _members(known)


def _members(value: Any, at: str = "") -> set[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at}.union(*(_members(part, f"{at}/{name}") for name, part in inner))


counts = st.sampled_from(["auto", 1, 3])
twirling = st.fixed_dictionaries(
    {},
    optional={
        "enable_gates": st.booleans(),
        "enable_measure": st.booleans(),
        "num_randomizations": counts,
        "shots_per_randomization": st.sampled_from(["auto", 1, 5]),
        "strategy": st.sampled_from(["active", "active-accum", "active-circuit", "all"]),
    },
)
decoupling = st.fixed_dictionaries(
    {},
    optional={
        "enable": st.booleans(),
        "sequence_type": st.sampled_from(["XX", "XpXm", "XY4"]),
        "extra_slack_distribution": st.sampled_from(["middle", "edges"]),
        "scheduling_method": st.sampled_from(["alap", "asap"]),
        "skip_reset_qubits": st.booleans(),
    },
)
execution = st.fixed_dictionaries(
    {}, optional={"init_qubits": st.booleans(), "rep_delay": st.sampled_from([0.0, 1e-4, None])}
)
shapes = st.sampled_from([(), (1,), (3,), (2, 2)])
values = shapes.map(lambda shape: np.linspace(0, 3, num=2 * int(np.prod(shape))).reshape(*shape, 2).tolist())
sampled = st.one_of(
    st.tuples(st.just(BELL)),
    st.tuples(st.just(BELL), st.none(), st.integers(1, 40)),
    st.tuples(st.just(TURNED), values, st.integers(1, 40) | st.none()),
)
observables = st.one_of(
    st.sampled_from(["ZZ", "XI", "YX"]),
    st.just({"ZZ": 0.5, "XX": -0.25, "II": 1}),
    st.just([["ZZ"], [{"XY": 2}]]),
)
estimated = st.one_of(
    st.tuples(st.just(BELL), observables),
    st.tuples(st.just(BELL), observables, st.none(), st.sampled_from([0.3, 0.5])),
    st.tuples(st.just(TURNED), st.sampled_from(["ZZ", "XX"]), values, st.sampled_from([0.3, None])),
)


@settings(max_examples=40)
@given(
    pubs=st.lists(sampled, min_size=1, max_size=2),
    options=st.fixed_dictionaries(
        {"default_shots": st.just(20)},
        optional={"twirling": twirling, "dynamical_decoupling": decoupling, "execution": execution},
    ),
)
def test_sampler(pubs: list[Any], options: dict[str, Any]) -> None:
    params = {"pubs": [list(pub) for pub in pubs], "options": options, "version": 2}
    wrapped = run("sampler", params | {"support_qiskit": True})
    check(SamplerResultModel, wrapped)
    plain = run("sampler", params | {"support_qiskit": False})
    for one, other in zip(decode(wrapped.encode()), decode(plain.encode()), strict=True):
        assert one.data == other.data


resilience = st.fixed_dictionaries(
    {},
    optional={
        "measure_mitigation": st.booleans(),
        "measure_noise_learning": st.just({"num_randomizations": 4, "shots_per_randomization": 8}),
        "pec": st.sampled_from([{"max_overhead": None}, {"noise_gain": 0.5}]),
        "zne": st.fixed_dictionaries(
            {},
            optional={
                "amplifier": st.sampled_from(["gate_folding", "gate_folding_front", "gate_folding_back", "pea"]),
                "noise_factors": st.just([1, 2, 4]),
                "extrapolator": st.sampled_from(["linear", "exponential", ["polynomial_degree_2", "linear"]]),
                "extrapolated_noise_factors": st.just([0, 1.5]),
            },
        ),
    },
)
gates = st.sampled_from([{}, {"zne_mitigation": True}, {"pec_mitigation": True, "zne_mitigation": False}])


@settings(max_examples=15)
@given(
    pubs=st.lists(estimated, min_size=1, max_size=2),
    chosen=gates,
    options=st.fixed_dictionaries(
        {"default_precision": st.just(0.4)},
        optional={
            "twirling": twirling,
            "dynamical_decoupling": decoupling,
            "execution": execution,
            "resilience": resilience,
            "default_shots": st.just(16),
        },
    ),
    level=st.sampled_from([None, 0, 1, 2]),
)
def test_estimator(pubs: list[Any], options: dict[str, Any], chosen: dict[str, Any], level: int | None) -> None:
    options = options | {"resilience": options.get("resilience", {}) | chosen}
    params = {"pubs": [list(pub) for pub in pubs], "options": options, "version": 2}
    params |= {} if level is None else {"resilience_level": level}
    wrapped = run("estimator", params | {"support_qiskit": True})
    check(EstimatorResultModel, wrapped)
    plain = run("estimator", params | {"support_qiskit": False})
    for one, other in zip(decode(wrapped.encode()), decode(plain.encode()), strict=True):
        assert one.data.keys() == other.data.keys()
        for name, part in one.data.items():
            np.testing.assert_array_equal(part.to_numpy(), other.data[name].to_numpy(), err_msg=name)
        assert one.metadata == other.metadata


leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | st.text(max_size=3)
arrays = st.sampled_from(["f8", "b1", "u1", "c16"]).map(lambda kind: np.ones((2, 3), kind))
passed = st.recursive(
    leaves | arrays,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
VERSIONS = tuple(QUANTUM_PROGRAM_PARAMS_CONVERTERS)


@settings(max_examples=40)
@given(
    version=st.sampled_from(VERSIONS),
    shape=shapes,
    twirled=st.booleans(),
    shots=st.integers(1, 9),
    left=passed,
    role=st.sampled_from([None, "mine"]),
)
def test_executor(version: str, shape: Any, twirled: bool, shots: int, left: Any, role: str | None) -> None:
    circuit = circuits.read(TURNED, pub=0, policy=STRICT)
    arguments = np.linspace(0, 3, num=2 * int(np.prod(shape))).reshape(*shape, 2)
    program = QuantumProgram(shots=shots, passthrough_data=None if version == "v0.1" else left)
    program._semantic_role = None if version < "v1.0" else role
    program.append_circuit_item(circuit, circuit_arguments=arguments)
    if twirled:
        boxes = generate_boxing_pass_manager(enable_gates=True, enable_measures=True)
        template, samplex = build(boxes.run(circuit))
        program.append_samplex_item(
            template, samplex=samplex, samplex_arguments={"parameter_values": arguments}, shape=(3, *shape)
        )
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder(program, ExecutorOptions())
    body = run("executor", json.loads(params.model_dump_json()))
    check(AVAILABLE_DECODERS[version][1], body)
    result, by_ibm = decode(body.encode(), program_id="executor"), ExecutorResultDecoder.decode(body)
    for item, other in zip(result, by_ibm, strict=True):
        assert item.to_numpy().keys() == other.keys()
        assert all(np.array_equal(array, other[name]) for name, array in item.to_numpy().items())
