"""The colours can be told apart with any colour vision, and are seen on their ground.

Colour vision: Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision deficiency"
(2009), matrices of severity 1 for linear RGB. Difference: distance in CIELAB (1976); 9 is seen at a glance. Contrast:
WCAG 2, which asks for 3 to 1 for parts of pictures and for 4.5 to 1 for small text.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from qiskit_runtime_rest.pictures import Theme, plot_device
from qiskit_runtime_rest.pictures.device import FAULTY_COLOUR, SPAN
from qiskit_runtime_rest.pictures.picture import COLOURS, GRADIENT, INKS, TWO_SIDED

VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])

GLANCE, APART = 9.0, 20.0
"""Differences: that are seen at a glance, and those of colours with different meanings."""

themes = pytest.mark.parametrize("theme", ["light", "dark"])
visions = pytest.mark.parametrize("vision", VISION)


def linear(colour: Any) -> Any:
    value: Any = np.array(to_rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(colour: Any, vision: str) -> Any:
    x, y, z = TO_XYZ @ np.clip(VISION[vision] @ linear(colour), 0, 1) / WHITE
    x, y, z = (np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one: Any, other: Any, vision: str) -> float:
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def contrast(one: Any, other: Any) -> float:
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def shades(name: str, since: float, until: float, *, count: int = 9) -> list[tuple[float, ...]]:
    return [tuple(shade[:3]) for shade in matplotlib.colormaps[name](np.linspace(since, until, count))]


@visions
def test_phases_and_errors_differ_from_each_other(vision: str) -> None:
    assert difference(*COLOURS, vision) > 90


@themes
@visions
def test_what_does_not_work_differs_from_every_error_rate(theme: Theme, vision: str) -> None:
    every = shades(GRADIENT, *SPAN[theme], count=256)
    assert min(difference(FAULTY_COLOUR, shade, vision) for shade in every) > APART


@themes
@visions
def test_error_rates_can_be_ordered(theme: Theme, vision: str) -> None:
    low, high = shades(GRADIENT, *SPAN[theme], count=2)
    assert difference(low, high, vision) > APART
    assert all(lab(one, vision)[0] < lab(other, vision)[0] for one, other in pairwise(shades(GRADIENT, *SPAN[theme])))


@pytest.mark.parametrize("name", [GRADIENT, TWO_SIDED])
@visions
def test_neighbouring_steps_of_a_heat_map_differ(name: str, vision: str) -> None:
    steps = shades(name, 0.0, 1.0)
    assert min(difference(one, other, vision) for one, other in pairwise(steps)) > GLANCE
    low, high = steps[0], steps[-1]
    assert difference(low, high, vision) > 2 * APART


@themes
def test_colours_are_seen_on_their_ground(theme: Theme) -> None:
    ground, ink, _ = INKS[theme]
    parts = [*COLOURS, FAULTY_COLOUR, *shades(GRADIENT, *SPAN[theme])]
    assert min(contrast(colour, ground) for colour in parts) >= 3
    assert contrast(ink, ground) > 10


@themes
def test_the_numbers_of_qubits_can_be_read(theme: Theme) -> None:
    rates = [0.001 * 1.3**qubit for qubit in range(23)]
    properties = {"qubits": [[{"name": "readout_error", "value": rate}] for rate in [*rates, 1.0]]}
    (axes, *_) = plot_device({"n_qubits": 24}, properties, theme=theme).axes
    dots = next(drawing for drawing in axes.collections if len(drawing.get_facecolor()) == 24)
    grounds = np.array(dots.get_facecolor())[:, :3]
    assert len(axes.texts) == 24
    for text, ground in zip(axes.texts, grounds, strict=True):
        assert contrast(text.get_color(), ground) > 4.5
