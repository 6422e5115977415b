"""Rearranging the bits of many shots at once, at C speed, without numpy.

Shots are rows of bytes, big-endian: the register's bit 0 is the lowest bit of the last byte. A *plane* is one byte
of every row. Moving a bit from one position to another is then a table look-up over a whole plane
(`bytes.translate`), and putting planes together is one `|` of two long integers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["bytes_for", "from_planes", "gather", "pack_bits", "planes_of", "unpack_bits", "xor"]

_ASCII_ZERO: Final = ord("0")


def bytes_for(num_bits: int) -> int:
    """Bytes that a row of so many bits takes."""
    return (num_bits + 7) // 8


def planes_of(rows: bytes, *, width: int) -> list[bytes]:
    """The planes of rows of `width` bytes, that of bits 0 to 7 first."""
    return [rows[width - 1 - i :: width] for i in range(width)]


def from_planes(planes: Sequence[bytes]) -> bytes:
    """The rows whose planes these are; the inverse of `planes_of`."""
    if len(planes) == 1:
        return planes[0]
    width = len(planes)
    rows = bytearray(width * len(planes[0])) if planes else bytearray()
    for i, plane in enumerate(planes):
        rows[width - 1 - i :: width] = plane
    return bytes(rows)


def gather(planes: Sequence[bytes], *, positions: Sequence[tuple[int, int]], count: int) -> bytes:
    """New rows of which bit `k` is taken from `positions[k]`, a pair (plane, bit in the plane).

    Args:
        planes: any number of planes of `count` bytes, from one or several registers.
        positions: where each bit of the new rows comes from, bit 0 first.
        count: number of rows.
    """
    made = []
    for start in range(0, len(positions), 8):
        moves: dict[int, list[tuple[int, int]]] = {}
        for target, (plane, source) in enumerate(positions[start : start + 8]):
            moves.setdefault(plane, []).append((source, target))
        parts = [planes[plane].translate(_move_table(tuple(pairs))) for plane, pairs in moves.items()]
        made.append(_any_of(parts, count=count))
    return from_planes(made)


def xor(left: bytes, right: bytes) -> bytes:
    """Bitwise exclusive or of two equally long byte strings."""
    joint = int.from_bytes(left, "little") ^ int.from_bytes(right, "little")
    return joint.to_bytes(len(left), "little")


def unpack_bits(packed: bytes, *, count: int) -> bytes:
    """One byte (0 or 1) for each of `count` bits; the lowest bit of the first byte comes first."""
    digits = format(int.from_bytes(packed, "little"), f"0{max(8 * len(packed), 1)}b")
    return digits.encode().translate(_ASCII_DIGITS)[::-1][:count]


def pack_bits(flags: bytes, *, num_bits: int) -> bytes:
    """Rows from one byte (0 or not 0) a bit, `num_bits` in a row, bit 0 first."""
    count = len(flags) // num_bits if num_bits else 0
    planes = []
    for start in range(0, num_bits, 8):
        parts = [
            flags[bit::num_bits].translate(_FLAG_TABLES[bit - start]) for bit in range(start, min(start + 8, num_bits))
        ]
        planes.append(_any_of(parts, count=count))
    return from_planes(planes)


def _any_of(parts: Iterable[bytes], *, count: int) -> bytes:
    first, *rest = parts
    if not rest:
        return first
    joint = int.from_bytes(first, "little")
    for part in rest:
        joint |= int.from_bytes(part, "little")
    return joint.to_bytes(count, "little")


@lru_cache(maxsize=1024)
def _move_table(moves: tuple[tuple[int, int], ...]) -> bytes:
    return bytes(sum((value >> source & 1) << target for source, target in moves) for value in range(256))


_ASCII_DIGITS: Final = bytes(max(value - _ASCII_ZERO, 0) & 1 for value in range(256))
_FLAG_TABLES: Final = [bytes(bool(value) << bit for value in range(256)) for bit in range(8)]
