"""The outcomes of many shots in little memory, and operations on their bits at C speed without numpy.

Outcomes are packed rows of bytes, or the hexadecimal texts of the plain format. Texts are packed only when each shot
is needed; counting needs only the different texts.

A row is big-endian: the register's bit 0 is the lowest bit of the last byte. A *plane* is one byte of every row. A
table look-up over a whole plane (`bytes.translate`) moves a bit to another position, and one `|` of two long integers
joins planes.
"""

from __future__ import annotations

import binascii
from collections import Counter
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .checks import Malformed, expect
from .counting import Outcome, Reader, Tally, ascending, count_rows, mostly_different, row_ints, row_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = [
    "HexSamples",
    "Outcomes",
    "PackedRows",
    "bytes_for",
    "from_planes",
    "gather",
    "pack_bits",
    "planes_of",
    "unpack_bits",
    "xor",
]


class StrayBits(Malformed):
    """An outcome has bits above those of the register."""


@frozen
class PackedRows:
    """One row of `ceil(num_bits / 8)` big-endian bytes a shot, unused high bits 0.

    Args:
        rows: the rows, one after the other.
        num_bits: bits of an outcome.
    """

    rows: bytes = field()
    num_bits: int = field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that the unused high bits are 0."""
        if unused := -self.num_bits % 8:
            highest = self.rows[:: bytes_for(self.num_bits)]
            if highest.translate(None, bytes(range(256 >> unused))):
                raise StrayBits(f"an outcome has more than the {self.num_bits} bits of its register")

    @classmethod
    def masked(cls, rows: bytes, *, num_bits: int) -> PackedRows:
        """Make rows without the bits above the register. Qiskit ignores them, too."""
        try:
            return cls(rows, num_bits=num_bits)
        except StrayBits:
            width, used = bytes_for(num_bits), 0xFF >> -num_bits % 8
            cleared = bytearray(rows)
            cleared[::width] = rows[::width].translate(bytes(value & used for value in range(256)))
            return cls(bytes(cleared), num_bits=num_bits)

    @property
    def shots(self) -> int:
        """Number of rows; 0 where rows have no bytes."""
        return len(self.rows) // (bytes_for(self.num_bits) or 1)

    def packed(self, start: int, stop: int) -> bytes:
        """The rows from one shot to another."""
        width = bytes_for(self.num_bits)
        return self.rows[start * width : stop * width]

    def count(self, start: int, stop: int) -> dict[str, int]:
        """How often each outcome occurs between two shots, by bit string."""
        return self._count(start, stop, partial(row_texts, num_bits=self.num_bits))

    def count_ints(self, start: int, stop: int) -> dict[int, int]:
        """How often each outcome occurs between two shots, by value."""
        return self._count(start, stop, row_ints)

    def _count(self, start: int, stop: int, read: Reader[Outcome]) -> dict[Outcome, int]:
        rows, width = self.packed(start, stop), bytes_for(self.num_bits)
        if not mostly_different(rows, width=width):
            return count_rows(rows, width=width).by(read)
        # Counting packed rows first would only add work.
        outcomes = read(rows, width=width)
        different = dict.fromkeys(outcomes, 1)
        return ascending(different if len(different) == len(outcomes) else Counter(outcomes))


@frozen(slots=False)
class HexSamples:
    """One text a shot, `0x3`.

    Args:
        texts: the texts, one a shot.
        num_bits: bits of an outcome.
    """

    texts: Sequence[str] = field()
    num_bits: int = field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that each text is an outcome of `num_bits` bits."""
        PackedRows(self._different.rows, num_bits=self.num_bits)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle packed rows: they need a fraction of the space of the texts."""
        return _packed_rows, (self.rows, self.num_bits)

    @cached_property
    def _different(self) -> Tally:
        return self._tally_of(self.texts)

    @property
    def shots(self) -> int:
        """Number of texts."""
        return len(self.texts)

    @cached_property
    def rows(self) -> bytes:
        """All shots, packed."""
        return self._pack(self.texts)

    def packed(self, start: int, stop: int) -> bytes:
        """The rows from one shot to another."""
        return PackedRows(self.rows, num_bits=self.num_bits).packed(start, stop)

    def count(self, start: int, stop: int) -> dict[str, int]:
        """How often each outcome occurs between two shots, by bit string."""
        return self._between(start, stop).by(partial(row_texts, num_bits=self.num_bits))

    def count_ints(self, start: int, stop: int) -> dict[int, int]:
        """How often each outcome occurs between two shots, by value."""
        return self._between(start, stop).by(row_ints)

    def _between(self, start: int, stop: int) -> Tally:
        whole = (start, stop) == (0, self.shots)
        return self._different if whole else self._tally_of(self.texts[start:stop])

    def _tally_of(self, texts: Sequence[str]) -> Tally:
        tally = Counter(texts)
        return Tally(self._pack(tally), width=bytes_for(self.num_bits), numbers=tuple(tally.values()))

    def _pack(self, texts: Collection[str]) -> bytes:
        width = bytes_for(self.num_bits)
        padded = [text[2:].zfill(2 * width) for text in texts if text[:2] == "0x"]
        digits = "".join(padded)
        if len(padded) == len(texts) and len(digits) == 2 * width * len(texts):
            return binascii.unhexlify(digits)
        return b"".join(_packed_one(text, num_bits=self.num_bits) for text in texts)


Outcomes = PackedRows | HexSamples


def _packed_rows(rows: bytes, num_bits: int) -> PackedRows:
    return PackedRows(rows, num_bits=num_bits)


def _packed_one(text: Any, *, num_bits: int) -> bytes:
    if not expect(text, str, what="a sample").startswith("0x"):
        raise Malformed(f"sample {text!r}: expected a hexadecimal text such as '0x3'")
    value = int(text, 16)
    if value >> num_bits:
        raise Malformed(f"sample {text!r} does not fit {num_bits} bits")
    return value.to_bytes(bytes_for(num_bits), "big")


def bytes_for(num_bits: int) -> int:
    """Bytes of a row of `num_bits` bits."""
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
    flags = bytearray(8 * len(packed))
    for bit, table in enumerate(_BIT_TABLES):
        flags[bit::8] = packed.translate(table)
    return bytes(memoryview(flags)[:count])


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


_BIT_TABLES: Final = [bytes(value >> bit & 1 for value in range(256)) for bit in range(8)]
_FLAG_TABLES: Final = [bytes(bool(value) << bit for value in range(256)) for bit in range(8)]
