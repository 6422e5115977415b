"""Params of the executor are read by IBM's own models as they are meant."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ibm_quantum_schemas.common.tensor import CompressedTensorModel  # type: ignore[import-untyped]
from ibm_quantum_schemas.executor.version_2_0 import ParamsModel  # type: ignore[import-untyped]
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from qiskit_runtime_rest import InvalidInput, JobRequest
from qiskit_runtime_rest.directed.tensors import write_tensor
from qiskit_runtime_rest.results import Array

TWO = """OPENQASM 3.0;
include "stdgates.inc";
input float y2;
input float b2;
bit[1] c;
rz(y2) $0; rz(b2) $0;
c[0] = measure $0;
"""
PLAIN = TWO.replace("input float y2;\ninput float b2;\n", "").replace("(y2)", "(1)").replace("(b2)", "(2)")
TYPES = ("?", "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16")


def read(**arguments: Any) -> Any:
    """The program as IBM's client reads it."""
    params = JobRequest.executor(arguments.pop("items"), backend="b", **arguments).params
    model = ParamsModel.model_validate(json.loads(json.dumps(params)))
    program, _ = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].decoder(model)
    return program, model.options


def bound(item: Any, index: tuple[int, ...] = ()) -> list[float]:
    """The angles of the two rotations, in the order of the text."""
    circuit = item.circuit.assign_parameters(item.circuit_arguments[index])
    return [float(instruction.operation.params[0]) for instruction in circuit.data[:2]]


@given(
    array=st.sampled_from(TYPES).flatmap(
        lambda kind: hnp.arrays(np.dtype(kind), hnp.array_shapes(min_dims=0, min_side=0))
    )
)
def test_tensors_of_all_types_are_those_of_ibm(array: Any) -> None:
    ours = write_tensor(Array(array.tobytes(), dtype=array.dtype.name, shape=array.shape))
    np.testing.assert_array_equal(CompressedTensorModel.model_validate(ours).to_numpy(), array, strict=True)


@pytest.mark.parametrize(
    "values",
    [[0.1, 0.2], (0.1, 0.2), np.array([0.1, 0.2]), {"b2": 0.2, "y2": 0.1}, {"y2": np.float64(0.1), "b2": [0.2]}],
    ids=["list", "tuple", "array", "dict", "mixed dict"],
)
@pytest.mark.parametrize("circuits", ["openqasm3", "qpy"])
def test_values_go_to_the_parameters_that_they_are_meant_for(values: Any, circuits: Any) -> None:
    program, _ = read(items=[(TWO, values)], circuits=circuits)
    (item,) = program.items
    assert bound(item, (0,) if item.shape else ()) == [0.1, 0.2]


def test_values_of_any_shape_are_swept() -> None:
    values = np.arange(24.0).reshape(3, 4, 2)
    program, _ = read(
        items=[(TWO, values), (TWO, values.tolist()), PLAIN, (TWO, {"y2": [[1.0], [2.0]], "b2": [3, 4, 5]})]
    )
    assert [item.shape for item in program.items] == [(3, 4), (3, 4), (), (2, 3)]
    assert bound(program.items[0], (2, 1)) == values[2, 1].tolist()
    assert bound(program.items[1], (0, 3)) == values[0, 3].tolist()
    assert bound(program.items[3], (1, 2)) == [2.0, 5.0]


def test_options_have_their_places() -> None:
    program, options = read(
        items=PLAIN,
        shots=7,
        options={"init_qubits": False, "rep_delay": 1e-4, "scheduler_timing": True, "meas_level": "both"},
        passthrough_data={"mine": [1, {"x": None}]},
    )
    assert (program.shots, program.meas_level, program.passthrough_data) == (7, "both", {"mine": [1, {"x": None}]})
    assert (options.init_qubits, options.rep_delay, options.scheduler_timing) == (False, 1e-4, True)


@pytest.mark.parametrize(
    ("items", "arguments", "message"),
    [
        ([], {}, "no circuit"),
        (3, {}, "expected OpenQASM 3 texts"),
        ([3], {}, "item 0: an item is"),
        ([(TWO, [1.0])], {}, r"item 0: parameter values of shape \(1,\): the circuit has 2 parameters \(y2, b2\)"),
        ([TWO], {}, "2 parameters"),
        ([(TWO, {"y2": 1})], {}, "parameter b2 has no value"),
        ([(TWO, {"y2": 1, "b2": 2, "x": 3})], {}, "no parameter 'x'; it has y2, b2"),
        ([(TWO, [1.0, float("nan")])], {}, "finite"),
        ([(TWO, [["x", "y"]])], {}, "numbers"),
        ([(TWO, np.zeros((0, 2)))], {}, "no parameter sets"),
        ([(TWO, {"y2": [1, 2], "b2": [1, 2, 3]})], {}, "cannot be broadcast"),
        ([PLAIN], {"shots": 0}, "shots"),
        ([PLAIN], {"shots": 10_000_001}, "10,000,000 at most"),
        ([PLAIN], {"options": {"shots": 3}}, "no option 'shots'; it has init_qubits"),
        ([PLAIN], {"options": {"rep_delay": -1}}, "rep_delay"),
        ([PLAIN], {"options": {"init_qubits": 1}}, "True or False"),
        ([PLAIN], {"options": {"meas_level": "raw"}}, "meas_level"),
        ([PLAIN], {"circuits": "qasm"}, "openqasm3, qpy"),
    ],
)
def test_what_cannot_run_is_refused(items: Any, arguments: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        JobRequest.executor(items, backend="b", **arguments)
