"""Rotations before measurements, in the native gates `rz` and `sx`, whose angles choose a basis and flip outcomes."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Mapping, Sequence
from math import pi
from typing import Any, Final

from ..results.arrays import Array
from .circuit_text import CircuitText

__all__ = ["ANGLES", "FLIPS", "angle_names", "basis_change", "flip", "packed", "random_flips"]

ANGLES: Final[Mapping[tuple[str, bool], tuple[float, float]]] = {
    ("Z", False): (0.0, pi),
    ("Z", True): (0.0, 2 * pi),
    ("X", False): (pi, 3 * pi / 2),
    ("X", True): (0.0, 3 * pi / 2),
    ("Y", False): (pi / 2, 3 * pi / 2),
    ("Y", True): (-pi / 2, 3 * pi / 2),
}
"""The two angles of `basis_change` by basis, and whether the outcome is flipped.

rz(a) sx rz(b) sx is, up to a phase and a last rz, the rotation by b - pi about Y after a turn by a about Z.
"""

FLIPS: Final[Mapping[bool, float]] = {False: pi, True: 2 * pi}
"""The angle of `flip`, which leaves outcomes as they are or flips them."""


def basis_change(qubit: str, first: str, second: str) -> str:
    """The statements that turn a basis into the one that is measured."""
    return f"rz({first}) {qubit}; sx {qubit}; rz({second}) {qubit}; sx {qubit};"


def flip(qubit: str, angle: str) -> str:
    """The statements that flip an outcome, or do not."""
    return f"sx {qubit}; rz({angle}) {qubit}; sx {qubit};"


def angle_names(circuit: CircuitText, number: int) -> list[str]:
    """Names of that many further parameters, which sort after those of the circuit, in order."""
    longest = max(circuit.used_inputs, default="")
    prefix = circuit.free_name(f"{longest}_turn_" if longest else "turn_")
    return [f"{prefix}{index:05}" for index in range(number)]


def packed(angles: Sequence[float]) -> bytes:
    """Angles as they are in tensors."""
    return struct.pack(f"<{len(angles)}d", *angles)


def random_flips(randomizations: int, bits: int, *, seed: int) -> list[int]:
    """For each randomization, which bits are flipped, as a number.

    Each second one flips the bits that the one before it does not. So what a readout error adds to an outcome cancels
    in each pair.
    """
    chance, every = random.Random(seed), (1 << bits) - 1
    flips: list[int] = []
    for index in range(randomizations):
        flips.append(flips[-1] ^ every if index % 2 else chance.getrandbits(bits) if bits else 0)
    return flips


def flips_array(flips: Sequence[int], bits: int, *, axes: int = 0) -> Array:
    """The flips as an array of bool: randomizations, so many axes of length 1, and bits."""
    data = bytes(number >> bit & 1 for number in flips for bit in range(bits))
    return Array(data, dtype="bool", shape=(len(flips), *(1,) * axes, bits))


def seed_of(params: Mapping[str, Any], given: int | None) -> int:
    """The seed of the randomizations: the given one, or a hash of the params.

    The same params always make the same request, so that a submission that is repeated under its name is recognised.
    """
    if given is not None:
        return given
    return int.from_bytes(hashlib.sha256(json.dumps(params, sort_keys=True).encode()).digest()[:8], "big")
