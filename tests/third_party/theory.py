"""Expected outcomes of the scripts' circuits, by theory and within the noise of the device.

Outcomes may differ from theory by five standard errors and by the noise bound from the calibration data
(`scripts/noise_budget.py`). The noise must be visible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, sin, sqrt
from typing import Any

ERRORS = 5

# Expectation values of the Bell state (|00> + |11>) / sqrt(2).
BELL = {"ZZ": 1.0, "XX": 1.0, "YY": -1.0, "ZI": 0.0, "IX": 0.0, "XZ": 0.0}


def check_bell_counts(found: Mapping[str, Any], *, shots: int) -> None:
    """Counts of a Bell state: half 00, half 11, except for the errors of readout and gates."""
    counts = found["counts"]
    assert sum(counts.values()) == found["shots"] == shots
    statistical = ERRORS * sqrt(0.25 / shots)
    for outcome in ("00", "11"):
        assert abs(counts[outcome] / shots - 0.5) <= statistical + found["most"], outcome
    wrong = 1 - (counts["00"] + counts["11"]) / shots
    assert wrong <= found["most"] + _error(found["most"], shots)
    # Two flips cancel each other, so the effect is a little smaller than the sum of the readout errors.
    assert wrong >= 0.9 * found["readout"] - _error(found["readout"], shots)
    assert counts["01"] > 0
    assert counts["10"] > 0


def check_rotations(found: Mapping[str, Any]) -> None:
    """The share of ones after a rotation by each angle about Y: sin^2(angle / 2)."""
    angles, shares = _flat(found["angles"]), _flat(found["ones"])
    assert len(angles) == len(shares)
    for angle, share in zip(angles, shares, strict=True):
        assert abs(share - sin(angle / 2) ** 2) <= found["most"] + ERRORS * sqrt(0.25 / found["shots"]), angle


def check_bell_paulis(found: Mapping[str, Any], *, mitigated: bool = False) -> None:
    """Expectation values of a Bell state: visibly smaller than in theory because of the noise, unless `mitigated`."""
    for label, value, error in zip(found["labels"], found["evs"], found["stds"], strict=True):
        assert abs(value - BELL[label]) <= found["bound"] + ERRORS * error, label
        if BELL[label] and not mitigated:
            assert abs(value) < 1 - ERRORS * error, label


def check_estimated_rotations(found: Mapping[str, Any], *, angles: Sequence[Any], pauli: str = "Z") -> None:
    """<Z> = cos(angle) and <X> = sin(angle) after a rotation about Y."""
    exact = {"Z": cos, "X": sin}[pauli]
    values, errors = _flat(found["evs"]), _flat(found["stds"])
    for angle, value, error in zip(_flat(angles), values, errors, strict=True):
        # By chance, one test in two million deviates by more than five standard errors.
        assert abs(value - exact(angle)) <= found["bound"] + ERRORS * max(error, 0.001), angle


def _error(probability: float, shots: int) -> float:
    return ERRORS * sqrt(probability * (1 - probability) / shots)


def _flat(values: Sequence[Any]) -> list[float]:
    return [one for value in values for one in (_flat(value) if isinstance(value, list) else [value])]
