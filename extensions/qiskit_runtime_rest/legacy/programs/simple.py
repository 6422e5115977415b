"""The ready-made program `runtime-simple`: random circuits, one after the other, their counts published on the way."""

from __future__ import annotations

import cmath
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from .ready_made import ready_made

__all__ = ["RESULT", "interim_results"]

RESULT = "All done!"
"""The final result."""

QUBITS = 5
DEPTH = 4
SHOTS = 1024

State: TypeAlias = list[complex]
Matrix: TypeAlias = tuple[tuple[complex, complex], tuple[complex, complex]]

HADAMARD: Matrix = ((math.sqrt(0.5), math.sqrt(0.5)), (math.sqrt(0.5), -math.sqrt(0.5)))


def interim_results(params: Mapping[str, Any], *, seed: int | str = 0) -> Iterator[dict[str, Any]]:
    """One result for each iteration: its number from 0, and the counts by bitstring, qubit 0 on the right.

    Args:
        params: `iterations`, and `seed` in place of the other one; checked before by their schema.
        seed: the same one gives the same results.
    """
    default = ready_made()["runtime-simple"].parameters["properties"]["iterations"]["default"]
    chance = random.Random(params.get("seed", seed))
    for iteration in range(int(params.get("iterations", default))):
        yield {"iteration": iteration, "counts": _measured(_random_circuit(chance), chance)}


def _random_circuit(chance: random.Random) -> State:
    """The state after layers of random rotations and of controlled X on random pairs."""
    state: State = [1.0 + 0j, *[0j] * (2**QUBITS - 1)]
    for _ in range(DEPTH):
        for qubit in range(QUBITS):
            state = _turned(state, qubit, chance.choice((HADAMARD, _rotation(chance.uniform(0, 2 * math.pi)))))
        control, target = chance.sample(range(QUBITS), 2)
        state = [state[index ^ (1 << target) if index >> control & 1 else index] for index in range(len(state))]
    return state


def _rotation(angle: float) -> Matrix:
    """About the x axis, up to a phase."""
    phase = cmath.exp(1j * angle)
    return (((1 + phase) / 2, (1 - phase) / 2), ((1 - phase) / 2, (1 + phase) / 2))


def _turned(state: State, qubit: int, matrix: Matrix) -> State:
    mask = 1 << qubit
    rows = [matrix[index >> qubit & 1] for index in range(len(state))]
    return [row[0] * state[index & ~mask] + row[1] * state[index | mask] for index, row in enumerate(rows)]


def _measured(state: State, chance: random.Random) -> dict[str, int]:
    weights = [abs(amplitude) ** 2 for amplitude in state]
    counts = Counter(chance.choices(range(len(state)), weights, k=SHOTS))
    return {f"{index:0{QUBITS}b}": counts[index] for index in sorted(counts)}
