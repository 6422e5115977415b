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

__all__ = [
    "ANGLES",
    "FLIPS",
    "angle_names",
    "balanced_flips",
    "basis_change",
    "flip",
    "flips_array",
    "packed",
    "random_flips",
    "seed_of",
]

ANGLES: Final[Mapping[tuple[str, bool], float]] = {
    ("Z", False): 3 * pi / 8,
    ("Z", True): -3 * pi / 8,
    ("X", False): pi,
    ("X", True): 2 * pi,
    ("Y", False): pi / 2,
    ("Y", True): -pi / 2,
}
"""The angle of `basis_change` by basis, and whether the outcome is flipped.

rz(a) sx rz(b) sx is, up to a phase and a last rz, the rotation by b - pi about Y after a turn by a about Z. For X and
Y, b is -pi/2, and a chooses between the two and their opposites. For Z, b is pi or 0, and a does not matter. So
b = 4a - pi/2 leaves one angle to send. An angle and its opposite differ in one bit, which compresses well.
"""

FLIPS: Final[Mapping[bool, float]] = {False: pi, True: 2 * pi}
"""The angle of `flip`, which leaves outcomes as they are or flips them."""


def basis_change(qubit: str, angle: str) -> str:
    """The statements that turn a basis into the one that is measured."""
    return f"rz({angle}) {qubit}; sx {qubit}; rz(4*{angle}-pi/2) {qubit}; sx {qubit};"


def flip(qubit: str, angle: str) -> str:
    """The statements that flip an outcome, or do not."""
    return f"sx {qubit}; rz({angle}) {qubit}; sx {qubit};"


def angle_names(circuit: CircuitText, number: int) -> list[str]:
    """Names of that many further parameters, which sort after those of the circuit, in order."""
    longest = max(circuit.used_inputs, default="")
    prefix = circuit.free_name(f"{longest}_turn_" if longest else "turn_")
    digits = len(str(number - 1))
    return [f"{prefix}{index:0{digits}}" for index in range(number)]


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


def balanced_flips(randomizations: int, bits: int, *, seed: int) -> tuple[list[int], int]:
    """Flips for so many randomizations, and how often they are repeated: few of them, which do as well as all.

    A smallest set in which any three bits take all of their values equally often, shifted by chance. What readout
    errors add to a value through one, two or three of its bits cancels in such a set exactly, and not only on average.
    In pairs of opposite flips, as those of `random_flips`. If there are too few randomizations for the set, or not a
    multiple of it, all flips are random.

    The sets are the words of a Reed-Muller code RM(1, m): each bit has a point of m coordinates, and a word is the
    value of an affine function at these points.
    """
    coordinates = max(0, bits - 1).bit_length()
    size = 2 << coordinates
    if randomizations % size:
        return random_flips(randomizations, bits, seed=seed), 1
    chance, every = random.Random(seed), (1 << bits) - 1
    points, shift = chance.sample(range(1 << coordinates), bits), chance.getrandbits(bits) if bits else 0
    words = [
        sum(((function & point).bit_count() & 1) << bit for bit, point in enumerate(points)) ^ shift
        for function in range(1 << coordinates)
    ]
    return [flips for word in words for flips in (word, word ^ every)], randomizations // size


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
