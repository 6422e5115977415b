"""Where the outcomes of shots are kept: packed rows of bytes, or the hexadecimal texts of the plain form.

Texts are packed only when somebody needs each shot. Counting them needs the different ones alone.
"""

from __future__ import annotations

import binascii
from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .bitplanes import bytes_for
from .counting import Outcome, Reader, Tally, ascending, count_rows, mostly_different, row_ints, row_texts
from .malformed import Malformed, expect

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["HexSamples", "Outcomes", "PackedRows"]


class StrayBits(Malformed):
    """There are bits above those of the register."""


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
        """Check that no outcome has more bits than it may."""
        if unused := -self.num_bits % 8:
            highest = self.rows[:: bytes_for(self.num_bits)]
            if highest.translate(None, bytes(range(256 >> unused))):
                raise StrayBits(f"an outcome has more than the {self.num_bits} bits of its register")

    @classmethod
    def masked(cls, rows: bytes, *, num_bits: int) -> PackedRows:
        """With what is above the register left out: Qiskit ignores it, and so do its users."""
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
        """Check that each text is an outcome of so many bits."""
        PackedRows(self._different.rows, num_bits=self.num_bits)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle packed: a fraction of what as many texts take."""
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
        raise Malformed(f"sample {text!r} is not hexadecimal")
    value = int(text, 16)
    if value >> num_bits:
        raise Malformed(f"sample {text!r} does not fit {num_bits} bits")
    return value.to_bytes(bytes_for(num_bits), "big")
