"""What a device returns before it tells 0 from 1: points in a plane, in arbitrary units.

An imitation: outcomes 0 lie around 1, outcomes 1 around -1. Nobody publishes the points of a device with its
calibration. Readout errors are in the outcomes already.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["SCATTER", "measured"]

SCATTER: Final = 0.25
"""The standard deviation of points along each axis. So the sign tells one from another, but for 1 in 30,000."""


def measured(flags: npt.NDArray[np.bool_], *, level: str, generator: np.random.Generator) -> npt.NDArray[Any]:
    """The outcomes (…, shots, bits) as a measurement level returns them: `classified`, `kerneled`, `avg_kerneled`."""
    if level == "classified":
        return flags
    noise = generator.normal(scale=SCATTER, size=(2, *flags.shape))
    points = np.where(flags, -1.0, 1.0) + noise[0] + 1j * noise[1]
    return points if level == "kerneled" else np.asarray(points.mean(axis=-2))
