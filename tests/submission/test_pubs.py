from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import SparsePauliOp

from qiskit_runtime_rest import InvalidInput
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, BELL, FLIPPED, ONES, sent

pytestmark = pytest.mark.anyio

ROTATED = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
bit[1] c;
rz(theta) $0;
c[0] = measure $0;
"""


async def params_of(client: Any, emulator: Emulator, program: str, pubs: Any, **arguments: Any) -> dict[str, Any]:
    """What is sent for these pubs."""
    emulator.pace = "hold"
    await now(getattr(client, program)(pubs, backend=BACKEND, **arguments))
    params: dict[str, Any] = json.loads(sent(emulator, "create_job")[-1].body)["params"]
    return params


@pytest.mark.parametrize(
    ("pubs", "meant"),
    [
        (ONES, [[ONES]]),
        ([ONES], [[ONES]]),
        ([ONES, BELL], [[ONES], [BELL]]),
        ((ONES, BELL), [[ONES], [BELL]]),
        ((ROTATED, [[0.5]]), [[ROTATED, [[0.5]]]]),
        ([(ROTATED, {"theta": [0.1, 0.2]}, 7), ONES], [[ROTATED, {"theta": [0.1, 0.2]}, 7], [ONES]]),
        ([[ONES, None, 100]], [[ONES, None, 100]]),
        ((pub for pub in [ONES, BELL]), [[ONES], [BELL]]),
        ([(ROTATED, np.array([[0.5], [0.25]]), np.int64(3))], [[ROTATED, [[0.5], [0.25]], 3]]),
        ([(ROTATED, {"theta": np.float64(0.5)})], [[ROTATED, {"theta": 0.5}]]),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_sampler_pubs_in_all_their_forms(emulator: Emulator, blocking: Any, pubs: Any, meant: Any) -> None:
    assert (await params_of(blocking, emulator, "sampler", pubs))["pubs"] == meant


@pytest.mark.parametrize(
    ("pubs", "meant"),
    [
        ((FLIPPED, "ZZ"), [[FLIPPED, "ZZ"]]),
        ((FLIPPED, ["ZZ", {"XX": 0.5}]), [[FLIPPED, ["ZZ", {"XX": 0.5}]]]),
        ([(FLIPPED, "ZZ"), (FLIPPED, "XX", None, 0.1)], [[FLIPPED, "ZZ"], [FLIPPED, "XX", None, 0.1]]),
        (((FLIPPED, "ZZ"), (FLIPPED, "XX")), [[FLIPPED, "ZZ"], [FLIPPED, "XX"]]),
        ([[FLIPPED, [["ZZ"], ["XX"]], np.zeros((2, 0))]], [[FLIPPED, [["ZZ"], ["XX"]], [[], []]]]),
        ([(FLIPPED, np.array(["ZZ", "XX"]))], [[FLIPPED, ["ZZ", "XX"]]]),
        ([(FLIPPED, ObservablesArray.coerce([SparsePauliOp("ZZ")]))], [[FLIPPED, [{"ZZ": 1.0}]]]),
        ([(FLIPPED, {"ZZ": np.float64(0.5)}, None, np.float32(0.5))], [[FLIPPED, {"ZZ": 0.5}, None, 0.5]]),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_estimator_pubs_in_all_their_forms(emulator: Emulator, blocking: Any, pubs: Any, meant: Any) -> None:
    assert (await params_of(blocking, emulator, "estimator", pubs))["pubs"] == meant


@pytest.mark.parametrize("shots", [7, np.int64(7)])
async def test_shots_may_be_any_whole_number(client: Any, emulator: Emulator, shots: Any) -> None:
    assert (await params_of(client, emulator, "sampler", ONES, shots=shots))["shots"] == 7


async def test_what_is_not_asked_for_is_left_to_the_service(client: Any, emulator: Emulator) -> None:
    plain = {"version": 2, "support_qiskit": True}
    assert await params_of(client, emulator, "sampler", ONES) == {"pubs": [[ONES]], **plain}
    assert await params_of(client, emulator, "estimator", (FLIPPED, "ZZ")) == {"pubs": [[FLIPPED, "ZZ"]], **plain}


async def test_precision_level_and_options_of_an_estimator_are_sent(client: Any, emulator: Emulator) -> None:
    options = {"default_shots": np.int32(10)}
    arguments = {"precision": np.float32(0.5), "resilience_level": 0, "options": options}
    params = await params_of(client, emulator, "estimator", (FLIPPED, "ZZ"), **arguments)
    assert params["precision"] == 0.5
    assert params["resilience_level"] == 0
    assert params["options"] == {"default_shots": 10}


@pytest.mark.parametrize(
    ("program", "pubs", "arguments"),
    [
        *(("sampler", pubs, {}) for pubs in ([], "", "  ", None, 5, object(), [None], [5], [[]], [[ONES, 1, 2, 3]])),
        *(("sampler", pubs, {}) for pubs in ([b"OPENQASM"], [(None, [1])], {"pub": 1}.values())),
        *(("sampler", ONES, {"shots": shots}) for shots in (0, -1, 1.5, "100", True, float("nan"))),
        *(("estimator", pubs, {}) for pubs in ([], FLIPPED, [FLIPPED], (FLIPPED,), None, 5, [(FLIPPED, "Z", 1, 2, 3)])),
        *(
            ("estimator", (FLIPPED, "ZZ"), {"precision": precision})
            for precision in (0, -0.1, "0.1", float("nan"), float("inf"))
        ),
        *(("estimator", (FLIPPED, "ZZ"), {"resilience_level": level}) for level in (-1, 3, "1", 0.5)),
    ],
)
async def test_bad_pubs_and_numbers_are_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, program: str, pubs: Any, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        await now(getattr(client, program)(pubs, backend=BACKEND, **arguments))
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("pubs", "advice"),
    [
        ([object()], r"not object .*OpenQASM text, or a circuit of Qiskit, pytket or Cirq"),
        ([(object(), [0.5])], r"^pub 0: a circuit is OpenQASM text, not object; write circuits of other packages as"),
        ([Path("bell.qasm")], r"pub 0: the circuit bell.qasm cannot be read"),
        ([ONES, (Path("bell.qasm"), None)], r"^pub 1: the circuit bell.qasm cannot be read"),
        (ONES.encode(), r"circuit\.decode\(\)"),
        ([ONES.encode()], r"circuit\.decode\(\)"),
        ([""], "the circuit is empty"),
        (["  \n"], "the circuit is empty"),
        (["bell.qasm"], r"'bell\.qasm' looks like the name of a file"),
        ("circuits/bell.qasm3", r"looks like the name of a file: pass a Path"),
        ({"circuit": ONES}, "a pub is a circuit or .*not dict"),
    ],
    ids=range(11),
)
async def test_the_error_for_a_bad_circuit_says_what_to_pass(
    client: Any, emulator: Emulator, pubs: Any, advice: str
) -> None:
    with pytest.raises(InvalidInput, match=advice):
        await now(client.sampler(pubs, backend=BACKEND))
    assert emulator.requests == []


@pytest.mark.parametrize("circuit", [ONES + "// bell.qasm", 'include "bell.qasm";'])
async def test_a_circuit_that_names_a_file_is_a_circuit(client: Any, emulator: Emulator, circuit: str) -> None:
    assert (await params_of(client, emulator, "sampler", circuit))["pubs"] == [[circuit]]


@pytest.mark.parametrize("shots", [0, -3, "x", 1.5, True, float("nan"), [5]])
async def test_shots_of_a_pub_are_checked_as_those_for_all(client: Any, emulator: Emulator, shots: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^pub 1: shots=.*: must be a positive whole number"):
        await now(client.sampler([ONES, (ONES, None, shots)], backend=BACKEND))
    assert emulator.requests == []


@pytest.mark.parametrize("precision", [0, -0.1, "0.1", True, float("inf"), [0.1], 1j])
async def test_precision_of_a_pub_is_checked_as_that_for_all(client: Any, emulator: Emulator, precision: Any) -> None:
    for pubs, arguments in (([(FLIPPED, "ZZ", None, precision)], {}), ((FLIPPED, "ZZ"), {"precision": precision})):
        with pytest.raises(InvalidInput, match=r"precision=.* is not a positive number"):
            await now(client.estimator(pubs, backend=BACKEND, **arguments))
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("pubs", "shots", "total"),
    [
        (ONES, 10**9, 10**9),
        ([(ONES, None, 10_000_001)], None, 10_000_001),
        ([ONES, ONES], 5_000_001, 10_000_002),
        ([(ONES, None, 9_999_999), ONES], 2, 10_000_001),
    ],
)
async def test_more_shots_than_a_job_can_have_are_refused(
    client: Any, emulator: Emulator, pubs: Any, shots: int | None, total: int
) -> None:
    with pytest.raises(InvalidInput, match=f"{total:,} shots in all: a job takes 10,000,000 executions"):
        await now(client.sampler(pubs, backend=BACKEND, shots=shots))
    assert emulator.requests == []


async def test_as_many_shots_as_a_job_can_have_are_sent(client: Any, emulator: Emulator) -> None:
    pubs = [(ONES, None, 4_000_000), [ONES, None, None]]
    assert (await params_of(client, emulator, "sampler", pubs, shots=6_000_000))["shots"] == 6_000_000


@pytest.mark.parametrize(
    ("observables", "advice"),
    [
        (["ZZ", [SparsePauliOp("ZZ", 1j)]], "an observable has real coefficients"),
        ({"ZZ", "XX"}, "observables are Pauli strings, .*not set"),
        (None, "observables are Pauli strings, .*not NoneType"),
        ({"ZZ": 1 + 0j}, "the coefficients of .* are complex: pass real numbers"),
        ([{"ZZ": np.complex128(1)}], "the coefficients of .* are complex"),
    ],
    ids=range(5),
)
async def test_the_error_for_bad_observables_says_what_to_pass(
    client: Any, emulator: Emulator, observables: Any, advice: str
) -> None:
    with pytest.raises(InvalidInput, match=advice):
        await now(client.estimator([(FLIPPED, observables)], backend=BACKEND))
    assert emulator.requests == []


async def test_the_error_for_a_circuit_that_is_not_a_text_says_what_to_do(client: Any) -> None:
    with pytest.raises(InvalidInput, match="as OpenQASM text"):
        await now(client.sampler([(object(), [0.5])], backend=BACKEND))


async def test_values_of_parameters_reach_the_circuit(client: Any) -> None:
    job = await now(client.sampler([(ROTATED, {"theta": [0.1, 0.2, 0.3]}, 5)], backend=BACKEND))
    assert (await now(job.result()))[0].shape == (3,)
