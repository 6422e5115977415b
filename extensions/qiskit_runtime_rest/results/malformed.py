"""Checks on what a document holds, before it is used."""

from __future__ import annotations

import math
import struct
from typing import Any, Final, TypeVar

from .codecs import DAMAGED

__all__ = [
    "DECODE_FAILURES",
    "MAX_BYTES",
    "Malformed",
    "check_bits",
    "check_size",
    "expect",
    "expect_shape",
    "member",
]

T = TypeVar("T")

MAX_AXES: Final = 64
MAX_BYTES: Final = 2**31
"""Largest array that is unpacked: 2 GiB. Ten million executions (the limit of a job) of 1,700 bits fit."""

MAX_EMPTY_ELEMENTS: Final = 2**24
MAX_BITS: Final = 2**20

# What is raised on bytes that are not what they claim to be.
DECODE_FAILURES: Final[tuple[type[Exception], ...]] = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    struct.error,
    *DAMAGED,
)


class Malformed(ValueError):
    """Part of a result is not what its form promises; becomes a `ResultDecodeError` with the bytes attached."""


def expect(value: Any, kind: type[T], *, what: str) -> T:
    """The value, if it is of that type.

    Raises:
        Malformed: it is not.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f"{what} should be {kind.__name__}, found {type(value).__name__}")
    return value


def member(value: Any, name: str, *, what: str) -> Any:
    """The member of a JSON object.

    Raises:
        Malformed: not an object, or no such member.
    """
    if name not in (mapping := expect(value, dict, what=what)):
        raise Malformed(f"{what} has no {name!r}")
    return mapping[name]


def check_size(shape: tuple[int, ...], *, bits: int) -> int:
    """Number of elements in a shape.

    Args:
        shape: sizes of the axes.
        bits: size of an element.

    Raises:
        Malformed: they would take more than `MAX_BYTES`; or none at all, but their nested lists would.
    """
    count = math.prod(shape)
    lists = math.prod(max(length, 1) for length in shape)
    if count * bits > 8 * MAX_BYTES or (count == 0 and lists > MAX_EMPTY_ELEMENTS):
        raise Malformed(f"shape {shape} exceeds the limit of {MAX_BYTES} bytes")
    return count


def check_bits(num_bits: Any) -> int:
    """The number of bits of a register.

    Raises:
        Malformed: not an integer between 0 and 2**20.
    """
    number = expect(num_bits, int, what="num_bits")
    if not 0 <= number <= MAX_BITS:
        raise Malformed(f"a register of {num_bits} bits is outside the limit of 0 to {MAX_BITS}")
    return number


def expect_shape(value: Any) -> tuple[int, ...]:
    """A shape: a list of sizes.

    Raises:
        Malformed: not a list of non-negative integers, or more than 64 of them.
    """
    if not isinstance(value, list | tuple) or len(value) > MAX_AXES:
        raise Malformed("a shape should be a short list of integers")
    for length in value:
        if expect(length, int, what="a size in a shape") < 0:
            raise Malformed(f"negative size in the shape {value}")
    return tuple(value)
