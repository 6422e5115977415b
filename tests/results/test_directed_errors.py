"""The errors of an estimator's means, against the same computed plainly."""

from __future__ import annotations

import math
import random

import pytest

from qiskit_runtime_rest.results import Array
from qiskit_runtime_rest.results.directed import _Measured

SHOTS = 5


@pytest.mark.parametrize(("repetitions", "number"), [(1, 20), (1, 17), (3, 8)], ids=["even", "odd", "repeated"])
def test_the_spread_is_that_of_pairs_of_randomizations(repetitions: int, number: int) -> None:
    chance = random.Random(number)
    flips = [index % 2 for index in range(number)]
    outcomes = [[[chance.random() < 0.2 for _ in range(SHOTS)] for _ in flips] for _ in range(repetitions)]
    array = Array.of([[[[[bit] for bit in shots] for shots in repetition]] for repetition in outcomes], dtype="bool")
    # Plainly: the signs of each randomization, its flip undone; then pairs, of which a last one may be alone.
    signs = [
        sum(1 - 2 * (bit ^ bool(flip)) for bit in shots)
        for repetition in outcomes
        for flip, shots in zip(flips, repetition, strict=True)
    ]
    every = SHOTS * len(signs)
    mean = sum(signs) / every
    pairs = [signs[at : at + 2] for at in range(0, len(signs), 2)]
    squares = sum((sum(pair) - mean * SHOTS * len(pair)) ** 2 for pair in pairs)
    spread = squares * len(pairs) / (len(pairs) - 1) / every**2
    alone = (1 - mean**2) / (every - 1)

    measured = _Measured(array, flips)
    found = measured.variance({1: 1.0}, (0, 1, 0))
    assert math.isclose(measured.mean(1, (0, 1, 0)), mean)
    assert math.isclose(found.shots, alone)
    assert math.isclose(found.whole, max(alone, spread))
    # Weights count as squares.
    doubled = measured.variance({1: 2.0}, (0, 1, 0))
    assert math.isclose(doubled.whole, 4 * found.whole)
