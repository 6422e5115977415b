"""Checks of the parts of a document before they are used."""

from __future__ import annotations

import math
import struct
from typing import Any, Final, TypeVar

from .optional import COMPRESSION_ERRORS

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
"""Size limit of an unpacked array: 2 GiB. Ten million executions (the limit of a job) of 1,700 bits fit."""

MAX_EMPTY_ELEMENTS: Final = 2**24
MAX_BITS: Final = 2**20

DECODE_FAILURES: Final[tuple[type[Exception], ...]] = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    struct.error,
    *COMPRESSION_ERRORS,
)
"""Errors that damaged bytes cause."""


class Malformed(ValueError):
    """A part of a result breaks its format. `Result` raises it as a `ResultDecodeError` with the bytes."""


def expect(value: Any, kind: type[T], *, what: str) -> T:
    """The value, if it is of that type.

    Raises:
        Malformed: it is of another type.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f"{what}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def member(value: Any, name: str, *, what: str) -> Any:
    """The member of a JSON object.

    Raises:
        Malformed: the value is not an object, or has no such member.
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
        Malformed: the elements need more than `MAX_BYTES`, or an empty shape needs too many nested lists.
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
        raise Malformed(f"num_bits={num_bits} exceeds the limit: must be between 0 and {MAX_BITS}")
    return number


def expect_shape(value: Any) -> tuple[int, ...]:
    """A shape: a list of sizes.

    Raises:
        Malformed: not a list of non-negative integers, or more than 64 of them.
    """
    if not isinstance(value, list | tuple) or len(value) > MAX_AXES:
        raise Malformed(f"a shape must be a list of at most {MAX_AXES} integers")
    for length in value:
        if expect(length, int, what="a size in a shape") < 0:
            raise Malformed(f"negative size in the shape {value}")
    return tuple(value)
