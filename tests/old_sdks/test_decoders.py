"""Any result of v1, in the form that the gateway sends it in, is read by the old decoders as what it is."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit.primitives.containers import BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit_ibm_runtime import RuntimeEncoder

from qiskit_runtime_rest.legacy.primitives.results import (
    RUNNER,
    RUNNER_WITH_MEMORY,
    V1_ESTIMATOR,
    V1_SAMPLER,
    RanJob,
    in_form,
)
from qiskit_runtime_rest.legacy.translation.old_decoders import CLIENT_HEADER, for_old_decoder

from .environments import prepared
from .sdks import SDKS

PROGRAM = Path(__file__).with_name("programs") / "decoders.py"
RUNTIMES = ("runtime-0.8", "runtime-0.15", "runtime-0.23")
WITH_RUNNER = (*RUNTIMES, "ibmq-0.20")
JOB = RanJob(job_id="d1abc2", backend_name="ibm_fez", backend_version="1.2", num_qubits=156)
Read = Callable[[str, str, Any], Any]
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """Have a document decoded by an SDK."""
    running: list[subprocess.Popen[str]] = []

    @functools.cache
    def process(name: str) -> subprocess.Popen[str] | RuntimeError:
        try:
            python = prepared(name, next(sdk.requirements for sdk in SDKS if sdk.name == name))
        except RuntimeError as error:
            return error
        command: list[str | Path] = [python, "-W", "ignore", PROGRAM]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return running[-1]

    def reading(name: str, kind: str, document: Any) -> Any:
        started = process(name)
        if isinstance(started, RuntimeError):
            raise started
        assert started.stdin is not None
        assert started.stdout is not None
        started.stdin.write(json.dumps([kind, json.dumps(document)]) + "\n")
        started.stdin.flush()
        return json.loads(started.stdout.readline() or '"the decoder failed"')

    yield reading
    for one in running:
        one.communicate()


@st.composite
def registers(draw: st.DrawFn) -> dict[str, tuple[int, list[int]]]:
    """Names, sizes and outcomes of the registers of a pub; one outcome for each shot."""
    shots = draw(st.integers(1, 20))
    sizes = draw(st.dictionaries(st.sampled_from(["c", "meas", "a0"]), st.integers(1, 70), min_size=1))
    outcome = {name: st.integers(0, 2**size - 1) for name, size in sizes.items()}
    return {name: (size, draw(st.lists(outcome[name], min_size=shots, max_size=shots))) for name, size in sizes.items()}


PUBS = st.lists(registers(), min_size=1, max_size=3)


def encoded(pubs: list[dict[str, tuple[int, list[int]]]]) -> bytes:
    found = [
        {
            "data": {name: {"samples": list(map(hex, shots)), "num_bits": size} for name, (size, shots) in pub.items()},
            "metadata": {},
        }
        for pub in pubs
    ]
    return json.dumps({"results": found, "metadata": {}}).encode()


def joined(pub: dict[str, tuple[int, list[int]]]) -> list[int]:
    """The outcomes of all registers together; the first register has the lowest bits."""
    found = [0] * len(next(iter(pub.values()))[1])
    first = 0
    for size, outcomes in pub.values():
        found = [before | outcome << first for before, outcome in zip(found, outcomes, strict=True)]
        first += size
    return found


def spelled(outcome: int, pub: dict[str, tuple[int, list[int]]]) -> str:
    """An outcome as Qiskit spells it: the registers apart, the first one at the right."""
    parts = []
    for size, _ in pub.values():
        parts.append(format(outcome & (1 << size) - 1, f"0{size}b"))
        outcome >>= size
    return " ".join(reversed(parts))


@pytest.mark.parametrize("sdk", RUNTIMES)
@PROPERTY
@given(pubs=PUBS)
def test_quasi_distributions_are_those_of_the_samples(sdk: str, pubs: Any, read: Read) -> None:
    decoded = read(sdk, "sampler", in_form(V1_SAMPLER, encoded(pubs), job=JOB))
    assert decoded == [
        [sorted([one, outcomes.count(one) / len(outcomes)] for one in set(outcomes)), len(outcomes)]
        for outcomes in map(joined, pubs)
    ]


FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("sdk", RUNTIMES)
@PROPERTY
@given(pubs=st.lists(st.tuples(FINITE, st.floats(0, 1e3), st.integers(1, 10**6)), min_size=1, max_size=4))
def test_values_are_those_of_the_estimator(sdk: str, pubs: Any, read: Read) -> None:
    results = [{"data": {"evs": evs, "stds": stds}, "metadata": {"shots": shots}} for evs, stds, shots in pubs]
    raw = json.dumps({"results": results, "metadata": {}}).encode()
    decoded = read(sdk, "estimator", in_form(V1_ESTIMATOR, raw, job=JOB))
    assert decoded == [[evs, {"variance": stds**2 * shots, "shots": shots}] for evs, stds, shots in pubs]


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("sdk", WITH_RUNNER)
@PROPERTY
@given(pubs=PUBS)
def test_counts_and_memory_are_those_of_the_samples(sdk: str, memory: bool, pubs: Any, read: Read) -> None:
    form = RUNNER_WITH_MEMORY if memory else RUNNER
    backend, job_id, success, found = read(sdk, "runner", in_form(form, encoded(pubs), job=JOB))
    assert (backend, job_id, success) == ("ibm_fez", "d1abc2", True)
    for pub, (counts, shots) in zip(pubs, found, strict=True):
        expected = [spelled(outcome, pub) for outcome in joined(pub)]
        assert counts == {one: expected.count(one) for one in set(expected)}
        assert shots == (expected if memory else None)


@PROPERTY
@given(pubs=PUBS)
def test_bits_of_the_second_primitives_are_read_by_the_first_sdk_that_had_them(pubs: Any, read: Read) -> None:
    made = PrimitiveResult([_typed(pub) for pub in pubs])
    raw = json.dumps(made, cls=RuntimeEncoder).encode()
    headers = {CLIENT_HEADER: "qiskit_ibm_runtime-0.23.0"}
    decoded = read("runtime-0.23", "typed", for_old_decoder(raw, headers))
    assert decoded == [{name: bits.get_counts() for name, bits in pub.data.items()} for pub in made]


def _typed(pub: dict[str, tuple[int, list[int]]]) -> SamplerPubResult:
    data = {
        name: BitArray.from_bool_array(
            np.array([[outcome >> bit & 1 for bit in range(size)] for outcome in outcomes], dtype=bool), order="little"
        )
        for name, (size, outcomes) in pub.items()
    }
    return SamplerPubResult(DataBin(**data))
