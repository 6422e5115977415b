"""What a device returns before it tells 0 from 1: points in a plane, in arbitrary units.

An imitation: outcomes 0 lie around 1, outcomes 1 around -1. Nobody publishes the points of a device with its
calibration. Readout errors are in the outcomes already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from qiskit.primitives.containers import BitArray

__all__ = ["SCATTER", "SUFFIXES", "tensors"]

SUFFIXES: Final = {"kerneled": "_iq", "avg_kerneled": "_avg_iq"}
"""What the name of a register ends with where it has points: IBM's client takes it away."""

SCATTER: Final = 0.25
"""The standard deviation of points along each axis. So the sign tells one from another, but for 1 in 30,000."""


def tensors(measured: Mapping[str, BitArray], *, level: str, seed: int) -> dict[str, npt.NDArray[Any]]:
    """The outcomes (…, shots, bits) of registers as a measurement level returns them, by name.

    Levels are `classified` (bits), `kerneled` (points), `avg_kerneled` (their mean over shots), and `both` of the first
    two.
    """
    flags = {name: bits.to_bool_array(order="little") for name, bits in measured.items()}
    if level == "classified":
        return flags
    points = _points(flags, seed=seed)
    if level == "avg_kerneled":
        return {name + SUFFIXES[level]: each.mean(axis=-2) for name, each in points.items()}
    found = {name + SUFFIXES["kerneled"]: each for name, each in points.items()}
    return {**flags, **found} if level == "both" else found


def _points(flags: Mapping[str, npt.NDArray[np.bool_]], *, seed: int) -> dict[str, npt.NDArray[np.complex128]]:
    generator = np.random.default_rng(seed)
    noise = {name: generator.normal(scale=SCATTER, size=(2, *each.shape)) for name, each in flags.items()}
    return {name: np.where(each, -1.0, 1.0) + noise[name][0] + 1j * noise[name][1] for name, each in flags.items()}
