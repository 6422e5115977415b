"""Extrapolation of values to other noise factors. Each comes with its derivatives, which give its error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Extrapolated", "extrapolate"]

Extrapolated = tuple[float, tuple[float, ...]]
"""An extrapolated value, and its derivatives by each of the given values."""

STEPS: Final = 60
ENOUGH: Final = 1e-12


def extrapolate(name: str, factors: Sequence[float], values: Sequence[float], point: float) -> Extrapolated:
    """The value at `point` of the curve `name` through values at noise factors; NaN if there is no such curve.

    Args:
        name: `linear`, `exponential`, `polynomial_degree_1` to `_7`, or `fallback`.
        factors, values: the noise factors, and the values that were measured with them.
        point: a noise factor.
    """
    if name == "fallback":
        lowest = min(range(len(factors)), key=lambda index: factors[index])
        return values[lowest], tuple(float(index == lowest) for index in range(len(factors)))
    if name == "exponential":
        return _exponential(factors, values, point)
    degree = 1 if name == "linear" else int(name.removeprefix("polynomial_degree_"))
    weights = _polynomial(factors, degree, point)
    return sum(weight * value for weight, value in zip(weights, values, strict=True)), weights


def _polynomial(factors: Sequence[float], degree: int, point: float) -> tuple[float, ...]:
    """The weight of each value in the least-squares polynomial at `point`, by polynomials orthogonal on the factors."""
    places = [*factors, point]
    known: list[list[float]] = []
    for power in range(degree + 1):
        new = [place**power for place in places]
        for other in known:
            share = sum(a * b for a, b in zip(new[:-1], other[:-1], strict=True))
            new = [a - share * b for a, b in zip(new, other, strict=True)]
        length = math.sqrt(sum(a * a for a in new[:-1]))
        known.append([a / length for a in new])
    return tuple(sum(one[-1] * one[index] for one in known) for index in range(len(factors)))


def _exponential(factors: Sequence[float], values: Sequence[float], point: float) -> Extrapolated:
    """The least-squares curve a exp(b x), by Gauss-Newton steps from a line through the logarithms."""
    nothing = math.nan, (math.nan,) * len(factors)
    if not (all(value > 0 for value in values) or all(value < 0 for value in values)):
        return nothing
    logs = [math.log(abs(value)) for value in values]
    start, slope = (extrapolate("linear", factors, logs, place)[0] for place in (0.0, 1.0))
    a, b = math.copysign(math.exp(start), values[0]), slope - start
    try:
        for _ in range(STEPS):
            inverse = _step(factors, a, b)
            rest = [value - a * math.exp(b * x) for x, value in zip(factors, values, strict=True)]
            da, db = (sum(weight * r for weight, r in zip(weights, rest, strict=True)) for weights in inverse)
            a, b = a + da, b + db
            if abs(da) + abs(db) < ENOUGH:
                break
        by_a, by_b = _step(factors, a, b)
        growth = math.exp(b * point)
    except (OverflowError, ZeroDivisionError):
        return nothing
    return a * growth, tuple(growth * da + a * point * growth * db for da, db in zip(by_a, by_b, strict=True))


def _step(factors: Sequence[float], a: float, b: float) -> tuple[list[float], list[float]]:
    """How `a` and `b` follow each value: the pseudo-inverse of the curve's derivatives."""
    by_a = [math.exp(b * x) for x in factors]
    by_b = [a * x * e for x, e in zip(factors, by_a, strict=True)]
    aa, ab, bb = (
        sum(one * other for one, other in zip(left, right, strict=True))
        for left, right in ((by_a, by_a), (by_a, by_b), (by_b, by_b))
    )
    determinant = aa * bb - ab * ab
    pairs = list(zip(by_a, by_b, strict=True))
    return [(bb * u - ab * v) / determinant for u, v in pairs], [(aa * v - ab * u) / determinant for u, v in pairs]
