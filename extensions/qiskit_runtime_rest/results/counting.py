"""Count equal rows of bytes: how often each outcome was measured.

A million shots usually have few different outcomes. Rows are therefore counted packed, and only the different rows
become texts or integers.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

from attrs import field, frozen

from .optional import numpy_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

__all__ = [
    "Outcome",
    "Reader",
    "Tally",
    "ascending",
    "count_rows",
    "mostly_different",
    "row_ints",
    "row_texts",
    "split_rows",
]

# While outcomes are few, removing one outcome at a time from the data is faster than counting byte by byte.
PEEL_AT_MOST: Final = 12
WIDEST_WORD: Final = 8
SORT_AT_MOST: Final = 2**16

Key = TypeVar("Key", int, str, bytes)
Outcome = TypeVar("Outcome", int, str)


class Reader(Protocol[Outcome]):
    """Converts each row to a text or an integer: `row_texts`, `row_ints`."""

    def __call__(self, rows: bytes, /, *, width: int) -> list[Outcome]:
        """Convert all rows."""


_NATIVE: Final[dict[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
_ROWS_AT_ONCE: Final = 1024
_ROWS_IN_CACHE: Final = 2**14
_DIGITS_OF_BYTES: Final = b"".join(format(value, "08b").encode() for value in range(256))
_MULTIPLIER: Final = 0x9E3779B97F4A7C15
"""An odd number without a pattern. Words that differ in any bit, times this number, differ in their highest bits."""


@frozen
class Tally:
    """The different rows, packed, and how often each occurs.

    Ascending up to 65,536 different rows; the order of more is undefined.
    """

    rows: bytes = field()
    width: int = field(kw_only=True)
    numbers: tuple[int, ...] = field(kw_only=True)

    def by(self, read: Reader[Outcome]) -> dict[Outcome, int]:
        """Numbers by the outcomes that `read` makes from the rows."""
        outcomes = read(self.rows, width=self.width)
        numbers = dict(zip(outcomes, self.numbers, strict=True))
        if len(numbers) < len(outcomes):
            # Texts of the plain format can write one outcome in several ways.
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
        tally = ascending(_count_bytes(rows))
        return Tally(bytes(tally), width=1, numbers=tuple(tally.values()))
    numpy = numpy_for(len(rows)) if rows else None
    if width <= WIDEST_WORD:
        if numpy is not None:
            return _count_words(rows, width=width, numpy=numpy)
        words = _words(rows, width=width)
        tally = ascending(Counter(words))
        distinct = array(words.format, tally)
        if sys.byteorder == "little":
            distinct.byteswap()
        return Tally(distinct.tobytes(), width=words.itemsize, numbers=tuple(tally.values()))
    split = Counter(split_rows(rows, width=width)) if numpy is None else _count_wide(rows, width=width, numpy=numpy)
    found = ascending(split)
    return Tally(b"".join(found), width=width, numbers=tuple(found.values()))


def mostly_different(rows: bytes, *, width: int) -> bool:
    """Whether most of the first thousand rows differ; False for rows of at most 8 bytes."""
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
    places = [slice(end - num_bits, end) for end in range(row_bits, row_bits * (_ROWS_AT_ONCE + 1), row_bits)]
    numpy = numpy_for(len(rows))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        texts += map(_digits(block, numpy).__getitem__, places[: len(block) // width])
    return texts


def _digits(data: bytes, numpy: ModuleType | None) -> str:
    """All bits of `data` as one text."""
    if numpy is None:
        # One long integer; the leading 1 keeps leading zeros.
        return format(int.from_bytes(b"\1" + data, "big"), "b")[1:]
    digits = numpy.frombuffer(_DIGITS_OF_BYTES, "u8")[numpy.frombuffer(data, "u1")]
    return str(digits.tobytes(), "ascii")


def _count_bytes(rows: bytes) -> dict[int, int]:
    if rows and (numpy := numpy_for(len(rows))) is not None:
        values = numpy.frombuffer(rows, "u1")
        # Part by part, since numpy widens the bytes eightfold.
        parts = (values[start : start + 2**16] for start in range(0, len(values), 2**16))
        numbers = sum(numpy.bincount(part, minlength=256) for part in parts)
        return {value: number for value, number in enumerate(numbers.tolist()) if number}
    tally: dict[int, int] = {}
    rest = rows
    while rest and len(tally) < PEEL_AT_MOST:
        value = rest[0]
        fewer = rest.translate(None, bytes((value,)))
        tally[value] = len(rest) - len(fewer)
        rest = fewer
    return {**tally, **Counter(rest)}


def _count_words(rows: bytes, *, width: int, numpy: ModuleType) -> Tally:
    word = _word_for(width)
    # A word starts with its row and reaches into the next row, which the shift removes.
    words = numpy.ndarray(len(rows) // width, f">u{word}", rows + bytes(word - width), strides=(width,))
    values, numbers = numpy.unique(words >> (8 * (word - width)), return_counts=True)
    return Tally(values.astype(f">u{word}").tobytes(), width=word, numbers=tuple(numbers.tolist()))


def _count_wide(rows: bytes, *, width: int, numpy: ModuleType) -> dict[bytes, int]:
    """Count rows wider than a word: compare each with the row of the same hash among the first rows."""
    first = min(len(rows) // width, _ROWS_AT_ONCE)
    known = numpy.frombuffer(rows, f"V{width}", first)
    alike = numpy.zeros(2**16, "u2")
    alike[_hashes(rows[: first * width], width=width, numpy=numpy)] = range(first)
    numbers = numpy.zeros(first, "i8")
    others: Counter[bytes] = Counter()
    # Part by part, so that intermediate arrays stay in the processor's cache.
    for start in range(0, len(rows), width * _ROWS_IN_CACHE):
        part = rows[start : start + width * _ROWS_IN_CACHE]
        nearest = alike[_hashes(part, width=width, numpy=numpy)]
        found = known[nearest].tobytes()
        if found != part:
            bytes_found, bytes_there = (numpy.frombuffer(data, "u1").reshape(-1, width) for data in (found, part))
            equal = (bytes_found == bytes_there).all(axis=1)
            others.update(split_rows(bytes_there[~equal].tobytes(), width=width))
            nearest = nearest[equal]
        numbers += numpy.bincount(nearest, minlength=first)
    tally = {rows[i * width : (i + 1) * width]: number for i, number in enumerate(numbers.tolist()) if number}
    return {**tally, **others}


def _hashes(rows: bytes, *, width: int, numpy: ModuleType) -> Any:
    """16 bits for each row, from all its words; the last word overlaps the one before."""
    hashes = numpy.zeros(len(rows) // width, "u8")
    for offset in sorted({*range(0, width - WIDEST_WORD, WIDEST_WORD), width - WIDEST_WORD}):
        hashes ^= numpy.ndarray(len(hashes), "u8", rows, offset, strides=(width,))
        hashes *= _MULTIPLIER
    return (hashes >> 48).astype("u2")


def ascending(tally: Mapping[Key, int]) -> dict[Key, int]:
    """Numbers by key, in ascending order if there are at most 65,536."""
    return dict(sorted(tally.items())) if len(tally) <= SORT_AT_MOST else dict(tally)


def _word_for(width: int) -> int:
    return next(size for size in _NATIVE if size >= width)


def _words(rows: bytes, *, width: int) -> memoryview[int]:
    """The rows, widened to machine words."""
    word = _word_for(width)
    if word == 1:
        return memoryview(rows)
    wide = bytearray(len(rows) // width * word)
    for i in range(width):
        place = i if sys.byteorder == "little" else word - 1 - i
        wide[place::word] = rows[width - 1 - i :: width]
    return memoryview(wide).cast(_NATIVE[word])
