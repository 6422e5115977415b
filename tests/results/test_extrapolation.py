"""Extrapolated values and their derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest.results.extrapolation import extrapolate

FACTORS = [1.0, 3.0, 5.0, 7.0]
NAMES = ["linear", "exponential", "polynomial_degree_2", "polynomial_degree_3", "fallback"]
values = st.lists(st.floats(0.05, 1.0), min_size=4, max_size=4)


@given(values=values, point=st.floats(0, 7))
@pytest.mark.parametrize(("name", "degree"), [("linear", 1), ("polynomial_degree_1", 1), ("polynomial_degree_2", 2)])
def test_polynomials_are_those_of_numpy(values: list[float], point: float, name: str, degree: int) -> None:
    expected = np.polyval(np.polyfit(FACTORS, values, degree), point)
    assert extrapolate(name, FACTORS, values, point)[0] == pytest.approx(expected, abs=1e-9)


@given(a=st.floats(0.2, 1), rate=st.floats(-0.4, 0.02), noise=st.lists(st.floats(-0.1, 0.1), min_size=4, max_size=4))
def test_exponentials_have_the_least_squares(a: float, rate: float, noise: list[float]) -> None:
    measured = [a * math.exp(rate * x) * (1 + n) for x, n in zip(FACTORS, noise, strict=True)]

    def squares(values: list[float]) -> float:
        return sum((one - value) ** 2 for one, value in zip(values, measured, strict=True))

    fitted = [extrapolate("exponential", FACTORS, measured, x)[0] for x in FACTORS]
    start, growth = (extrapolate("exponential", FACTORS, measured, x)[0] for x in (0.0, 1.0))
    assert fitted == pytest.approx([start * (growth / start) ** x for x in FACTORS])
    for more, faster in ((1.001, 1), (0.999, 1), (1, 1.001), (1, 0.999)):
        moved = [start * more * (growth / start * faster) ** x for x in FACTORS]
        assert squares(fitted) <= squares(moved) + 1e-15
    negative, _ = extrapolate("exponential", FACTORS, [-one for one in measured], 0.0)
    assert negative == pytest.approx(-start)
    exact = [a * math.exp(rate * x) for x in FACTORS]
    assert extrapolate("exponential", FACTORS, exact, 0.0)[0] == pytest.approx(a)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_differences(name: str) -> None:
    measured = [0.9, 0.62, 0.42, 0.29]
    value, derivatives = extrapolate(name, FACTORS, measured, 0.0)
    for place, derivative in enumerate(derivatives):
        moved = list(measured)
        moved[place] += 1e-6
        # Far from the curve the second derivatives count as well; these values are near it.
        assert (extrapolate(name, FACTORS, moved, 0.0)[0] - value) / 1e-6 == pytest.approx(derivative, abs=0.05)


def test_there_is_no_exponential_through_values_of_both_signs() -> None:
    value, derivatives = extrapolate("exponential", [1.0, 3.0], [0.1, -0.1], 0.0)
    assert math.isnan(value)
    assert all(map(math.isnan, derivatives))
