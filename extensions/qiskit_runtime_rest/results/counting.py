"""Counting equal rows of bytes: how often each outcome was measured.

A million shots usually have few different outcomes. Rows are therefore counted packed, and only the different ones
become texts or integers.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from attrs import field, frozen

from .numpy_access import numpy_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Tally", "count_rows", "mostly_different", "row_ints", "row_texts", "split_rows"]

# Peeling one outcome off the data at a time beats counting byte by byte while outcomes are few.
PEEL_AT_MOST: Final = 12
WIDEST_WORD: Final = 8
SORT_AT_MOST: Final = 2**16

Row = TypeVar("Row", int, bytes)
Outcome = TypeVar("Outcome", int, str)

_NATIVE: Final[dict[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
_ROWS_AT_ONCE: Final = 1024


@frozen
class Tally:
    """The different rows, packed, and how often each occurs.

    Ascending while there are at most 65,536 different ones; beyond that the order is not defined.
    """

    rows: bytes = field()
    width: int = field(kw_only=True)
    numbers: tuple[int, ...] = field(kw_only=True)

    def texts(self, *, num_bits: int) -> dict[str, int]:
        """Numbers by bit string."""
        return self._by(row_texts(self.rows, width=self.width, num_bits=num_bits))

    def ints(self) -> dict[int, int]:
        """Numbers by integer value."""
        return self._by(row_ints(self.rows, width=self.width))

    def _by(self, outcomes: list[Outcome]) -> dict[Outcome, int]:
        numbers = dict(zip(outcomes, self.numbers, strict=True))
        if len(numbers) < len(outcomes):
            # Texts of the plain form can spell one outcome in several ways.
            numbers = dict.fromkeys(numbers, 0)
            for outcome, number in zip(outcomes, self.numbers, strict=True):
                numbers[outcome] += number
        return numbers


def count_rows(rows: bytes, *, width: int) -> Tally:
    """Count equal rows.

    Args:
        rows: rows of `width` bytes, big-endian, one after the other.
        width: bytes a row, at least 1.
    """
    if width == 1:
        tally = _ascending(_count_bytes(rows))
        return Tally(bytes(tally), width=1, numbers=tuple(tally.values()))
    if width <= WIDEST_WORD:
        words = _words(rows, width=width)
        distinct, numbers = _count_words(words)
        if sys.byteorder == "little":
            distinct.byteswap()
        return Tally(distinct.tobytes(), width=words.itemsize, numbers=numbers)
    found = _ascending(Counter(split_rows(rows, width=width)))
    return Tally(b"".join(found), width=width, numbers=tuple(found.values()))


def mostly_different(rows: bytes, *, width: int) -> bool:
    """Whether wide rows nearly all differ, judged by the first thousand of them."""
    if width <= WIDEST_WORD:
        return False
    first = set(split_rows(rows[: width * _ROWS_AT_ONCE], width=width))
    return 2 * len(first) * width > min(len(rows), width * _ROWS_AT_ONCE)


def split_rows(rows: bytes, *, width: int) -> Iterable[bytes]:
    """The single rows."""
    whole = len(rows) // (width * _ROWS_AT_ONCE) * width * _ROWS_AT_ONCE
    view = memoryview(rows)
    return chain(
        chain.from_iterable(struct.iter_unpack(f"{width}s" * _ROWS_AT_ONCE, view[:whole])),
        chain.from_iterable(struct.iter_unpack(f"{width}s", view[whole:])),
    )


def row_ints(rows: bytes, *, width: int) -> list[int]:
    """Each row as an integer."""
    if width <= WIDEST_WORD:
        return _words(rows, width=width).tolist()
    return [int.from_bytes(row, "big") for row in split_rows(rows, width=width)]


def row_texts(rows: bytes, *, width: int, num_bits: int) -> list[str]:
    """Each row as a bit string of `num_bits` characters, bit 0 rightmost."""
    texts: list[str] = []
    step, row_bits = width * _ROWS_AT_ONCE, 8 * width
    for start in range(0, len(rows), step):
        # One long integer a block, led by a 1 so that zeros stay: a single conversion instead of a thousand.
        digits = format(int.from_bytes(b"\1" + rows[start : start + step], "big"), "b")
        texts += [digits[end - num_bits : end] for end in range(1 + row_bits, len(digits) + 1, row_bits)]
    return texts


def _count_bytes(rows: bytes) -> dict[int, int]:
    tally: dict[int, int] = {}
    rest = rows
    while rest and len(tally) < PEEL_AT_MOST:
        value = rest[0]
        fewer = rest.translate(None, bytes((value,)))
        tally[value] = len(rest) - len(fewer)
        rest = fewer
    if (numpy := numpy_for(len(rest))) is not None:
        numbers = numpy.bincount(numpy.frombuffer(rest, dtype=numpy.uint8))
        tally |= {value: number for value, number in enumerate(numbers.tolist()) if number}
    else:
        tally |= Counter(rest)
    return tally


def _count_words(words: memoryview[int]) -> tuple[array[int], tuple[int, ...]]:
    if (numpy := numpy_for(words.nbytes)) is not None:
        values, numbers = numpy.unique(numpy.asarray(words), return_counts=True)
        return array(words.format, values.tobytes()), tuple(numbers.tolist())
    tally = _ascending(Counter(words))
    return array(words.format, tally), tuple(tally.values())


def _ascending(tally: Mapping[Row, int]) -> Mapping[Row, int]:
    return dict(sorted(tally.items())) if len(tally) <= SORT_AT_MOST else tally


def _words(rows: bytes, *, width: int) -> memoryview[int]:
    """The rows, widened to machine words."""
    word = next(size for size in _NATIVE if size >= width)
    if word == 1:
        return memoryview(rows)
    wide = bytearray(len(rows) // width * word)
    for i in range(width):
        place = i if sys.byteorder == "little" else word - 1 - i
        wide[place::word] = rows[width - 1 - i :: width]
    return memoryview(wide).cast(_NATIVE[word])
