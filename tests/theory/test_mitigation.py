"""Mitigation helps where it should: readout errors, errors of gates; by the service, and by this client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qiskit_runtime_rest.results import decode

from .ways import ERRORS, HEADER, by_client, by_service, run

TURN = "rz(pi/2) ${0}; sx ${0}; rz(pi/2) ${0};"
PAIRS = 30


def pair(gates: int) -> str:
    """Two qubits on the equator, turned by so many two-qubit gates that undo each other, and turned back."""
    both = f"{TURN.format(0)} {TURN.format(1)}"
    return f"{HEADER} {both} {'cz $0, $1; barrier $0, $1;' * gates} {both}"


READOUT_LIMITED = (f"{HEADER} x $0; x $1;", ["ZI", "IZ", "ZZ"])
GATE_LIMITED = (pair(PAIRS), ["ZZ", "IZ", "ZI"])
WAYS = {"service": by_service, "client": by_client}
Way = Callable[..., Any]


def few(estimate: Way, pub: Any, *, level: int, precision: float) -> Any:
    """Means and errors over three jobs."""
    found = [estimate(pub, seed=seed, resilience_level=level, precision=precision) for seed in (1, 2, 3)]
    values = np.mean([value for value, _ in found], axis=0)
    return values, np.sqrt(np.sum([np.square(error) for _, error in found], axis=0)) / len(found)


@pytest.mark.parametrize("way", WAYS)
def test_level_1_removes_readout_errors(way: str) -> None:
    exact = np.array([-1, -1, 1])
    bare, error = few(WAYS[way], READOUT_LIMITED, level=0, precision=0.01)
    assert np.all(np.abs(bare - exact) > ERRORS * error)
    mitigated, error = few(WAYS[way], READOUT_LIMITED, level=1, precision=0.01)
    # Two gates x have an error of 3e-4 each. The service takes flips to the first order.
    assert np.all(np.abs(mitigated - exact) <= ERRORS * error + 0.002)
    assert np.all(np.abs(mitigated - exact) < np.abs(bare - exact) / 3)


@pytest.mark.parametrize("way", WAYS)
def test_level_2_halves_at_least_what_gates_take(way: str) -> None:
    left = []
    for level in (1, 2):
        value, error = few(WAYS[way], GATE_LIMITED, level=level, precision=0.01)
        left.append((1 - value, error))
    (before, _), (after, error) = left
    assert np.all(before > 0.1)
    assert np.all(np.abs(after) <= before / 2 + ERRORS * error)
    assert np.all(np.abs(after) < before)


RANDOM = {"num_randomizations": 200, "shots_per_randomization": 32}
PEC = {"pec_mitigation": True}
PEA = {"zne_mitigation": True, "zne": {"amplifier": "pea", "extrapolator": "exponential"}}


def job(resilience: Any, *, seed: int) -> tuple[Any, Any]:
    """The values and errors of a job with noise that is learned or given, unmitigated otherwise."""
    params = {
        "pubs": [[pair(PAIRS), ["ZZ", "ZI"]]],
        "resilience_level": 1,
        "options": {"twirling": RANDOM, "resilience": resilience},
    }
    [pub] = decode(run("estimator", params, seed=seed), program_id="estimator")
    return np.asarray(pub.evs), np.asarray(pub.stds)


@pytest.mark.parametrize("given", [False, True], ids=["learned", "assigned"])
def test_pec_is_unbiased(given: bool) -> None:
    """The mean over jobs, each with its own learned model, is that of the circuit without noise."""
    resilience: dict[str, Any] = dict(PEC)
    if given:
        learned = run("noise-learner", {"circuits": [pair(PAIRS)]}, seed=5)
        resilience["layer_noise_model"] = json.loads(learned)["data"]
    bare, _ = job({}, seed=1)
    found = [job(resilience, seed=seed) for seed in (1, 2, 3)]
    values = np.mean([value for value, _ in found], axis=0)
    error = np.sqrt(np.sum([np.square(one) for _, one in found], axis=0)) / len(found)
    assert np.all(1 - bare > 0.15)
    assert np.all(np.abs(values - 1) <= ERRORS * error)
    assert np.all(np.abs(values - 1) < (1 - bare) / 2)


def test_amplified_noise_leads_back_to_none() -> None:
    """PEA draws the noise that it adds for each randomization: its errors are those of randomizations."""
    values, error = job(PEA, seed=1)
    assert np.all(np.abs(values - 1) <= ERRORS * error)
