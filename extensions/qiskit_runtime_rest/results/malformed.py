"""Checks on what a document holds, before it is used."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final, TypeVar

__all__ = ["DECODE_FAILURES", "Malformed", "expect", "expect_shape", "member"]

T = TypeVar("T")

MAX_AXES: Final = 64

# What the standard library raises on bytes that are not what they claim to be.
DECODE_FAILURES: Final = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, struct.error, zlib.error)


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
