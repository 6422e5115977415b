"""Primitives by the executor: those of this package, without Qiskit, agree with IBM's on the embedded service.

Same circuits, same device with its noise, same shots.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from qiskit_runtime_rest.testing import Emulator, connect

from .conftest import BACKEND, Report, RunScript
from .theory import ERRORS

LEAST_ERROR = 0.01


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qiskit_directed.py")


@pytest.fixture
def client(emulator: Emulator) -> Any:
    with connect(emulator, primitives="executor") as connected:
        yield connected


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("number", range(3))
def test_random_circuits_with_random_observables(report: Report, client: Any, number: int, level: int) -> None:
    case = report["cases"][number]
    pub = (case["text"], [[one] for one in case["observables"]], case["values"])
    ours = client.estimator([pub], backend=BACKEND, precision=1 / 32, resilience_level=level).result()[0]
    theirs = case[f"level {level}"]
    assert ours.shape == np.shape(theirs["evs"]) == (3, 2)
    errors = np.hypot(np.maximum(ours.stds, LEAST_ERROR), np.maximum(theirs["stds"], LEAST_ERROR))
    gap = np.abs(np.asarray(ours.evs) - np.asarray(theirs["evs"]))
    assert np.all(gap <= ERRORS * errors), (ours.evs, theirs["evs"], errors)


@pytest.mark.parametrize("twirled", [False, True])
def test_registers_sweeps_and_measurements_in_the_middle(report: Report, client: Any, twirled: bool) -> None:
    sampled, shots = report["sampled"], report["shots"]
    options = {"twirling": {"enable_measure": twirled}}
    pub = (sampled["text"], sampled["values"])
    ours = client.sampler([pub], shots=shots, backend=BACKEND, options=options).result()[0]
    for name, theirs in sampled[f"twirled {twirled}"].items():
        for index, counts in enumerate(theirs):
            found = ours.counts(register=name, index=index)
            assert sum(found.values()) == sum(counts.values()) == shots
            for outcome in {*found, *counts}:
                share, other = found.get(outcome, 0) / shots, counts.get(outcome, 0) / shots
                mean = max((share + other) / 2, 5 / shots)
                assert abs(share - other) <= ERRORS * math.sqrt(2 * mean * (1 - mean) / shots), (name, index, outcome)
