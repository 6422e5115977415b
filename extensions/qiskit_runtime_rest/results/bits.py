"""Measured bits of one classical register."""

from __future__ import annotations

import io
import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from ..base.html import rows_table
from .arrays import Array, flat_index, nest
from .checks import Malformed, check_bits, check_size, expect
from .counting import row_ints, row_texts
from .large_documents import SampleTexts
from .optional import qiskit_module, require_numpy
from .shots import HexSamples, Outcomes, PackedRows, bytes_for, gather, pack_bits, planes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

__all__ = ["Bits"]

ROWS_IN_A_TABLE: Final = 10


@frozen(repr=False, eq=False)
class Bits:
    """The outcomes of one classical register, for every element of a pub's shape and every shot.

    Bit strings and integers follow Qiskit: bit 0 of the register is the rightmost character and the lowest bit.
    Equal to other bits of the same sizes and outcomes, in any format.

    Args:
        outcomes: the outcomes in C order of (*shape, shots).
        num_shots: shots for each element of the shape.
        shape: the pub's shape, `()` for a circuit without a parameter sweep.
    """

    outcomes: Outcomes = field()
    num_shots: int = field(kw_only=True)
    shape: tuple[int, ...] = field(kw_only=True, default=())

    def __attrs_post_init__(self) -> None:
        """Check that the outcomes fill the shape."""
        if min((self.num_bits, self.num_shots, *self.shape)) < 0:
            raise Malformed("num_bits, num_shots and the sizes in a shape must not be negative")
        if self.num_bits and self.outcomes.shots != self.size * self.num_shots:
            raise Malformed(f"{self.outcomes.shots} outcomes do not fill {self!r}")

    @classmethod
    def from_rows(cls, rows: bytes, *, num_bits: int, num_shots: int, shape: tuple[int, ...] = ()) -> Bits:
        """From one row of `ceil(num_bits / 8)` big-endian bytes a shot: the bytes inside Qiskit's `BitArray`.

        Raises:
            Malformed: the bytes do not fill the shape, or an outcome has more bits.
        """
        if num_bits < 0 or len(rows) % (bytes_for(num_bits) or len(rows) + 1):
            raise Malformed(f"{len(rows)} bytes do not hold outcomes of {num_bits} bits")
        return cls(PackedRows(rows, num_bits=num_bits), num_shots=num_shots, shape=shape)

    @classmethod
    def from_array(cls, array: Array, *, num_bits: int) -> Bits:
        """From the packed bytes (`uint8`) of a `BitArray`, shape (*pub shape, shots, ceil(num_bits / 8)).

        Raises:
            Malformed: another type or shape.
        """
        if num_bits < 0 or array.dtype != "uint8" or array.ndim < 2 or array.shape[-1] != bytes_for(num_bits):
            raise Malformed(f"{num_bits} bits a shot cannot be read from {array!r}")
        *shape, shots, _ = array.shape
        outcomes = PackedRows.masked(array.data, num_bits=num_bits)
        return cls(outcomes, num_shots=shots, shape=tuple(shape))

    @classmethod
    def from_samples(cls, samples: Any, *, num_bits: int) -> Bits:
        """From hexadecimal texts (`0x3`), one a shot; nested lists of them for a pub with a shape.

        Lists of a large document (`SampleTexts`) are packed without making Python objects of them.

        Raises:
            Malformed: another value, or a sample with more bits than the register.
        """
        check_bits(num_bits)
        shape, lists = _innermost(samples)
        outcomes: Outcomes
        if any(isinstance(part, SampleTexts) for part in lists):
            outcomes, lengths = _packed(lists, num_bits=num_bits)
        else:
            outcomes = HexSamples([text for part in lists for text in part], num_bits=num_bits)
            lengths = set(map(len, lists))
        if len(lengths) > 1:
            raise Malformed("samples are ragged")
        shots = lengths.pop() if lengths else 0
        check_size((*shape, shots), bits=num_bits)
        return cls(outcomes, num_shots=shots, shape=shape)

    @classmethod
    def from_flags(cls, flags: Array) -> Bits:
        """From an array of bool, shape (*pub shape, shots, bits), bit 0 first.

        Raises:
            Malformed: another type or fewer axes.
        """
        if flags.dtype != "bool" or flags.ndim < 2:
            raise Malformed(f"classified measurements cannot be read from {flags!r}")
        *shape, shots, num_bits = flags.shape
        rows = pack_bits(flags.data, num_bits=num_bits)
        return cls.from_rows(rows, num_bits=num_bits, num_shots=shots, shape=tuple(shape))

    @classmethod
    def join(cls, registers: Sequence[Bits]) -> Bits:
        """Join registers shot by shot. The first becomes the rightmost, as in Qiskit's `join_data`.

        Raises:
            ValueError: no registers, or registers of different shapes or numbers of shots.
        """
        if not registers:
            raise ValueError("no registers: expected one or more to join")
        first = registers[0]
        if len(registers) == 1:
            return first
        if any((part.shape, part.num_shots) != (first.shape, first.num_shots) for part in registers):
            raise ValueError("registers of different shapes or numbers of shots cannot be joined")
        planes: list[bytes] = []
        positions: list[tuple[int, int]] = []
        for part in registers:
            positions += [(len(planes) + bit // 8, bit % 8) for bit in range(part.num_bits)]
            planes += planes_of(part.rows, width=part.width)
        rows = gather(planes, positions=positions, count=first.size * first.num_shots)
        return cls.from_rows(rows, num_bits=len(positions), num_shots=first.num_shots, shape=first.shape)

    @property
    def num_bits(self) -> int:
        """Bits of the register."""
        return self.outcomes.num_bits

    @property
    def rows(self) -> bytes:
        """One row of `ceil(num_bits / 8)` big-endian bytes a shot, in C order of (*shape, shots)."""
        return self.outcomes.rows

    @property
    def size(self) -> int:
        """Number of elements of the pub's shape: 1 for the shape ()."""
        return math.prod(self.shape)

    @property
    def width(self) -> int:
        """Bytes a row."""
        return bytes_for(self.num_bits)

    def counts(self, *, index: int | tuple[int, ...] | None = None) -> dict[str, int]:
        """How often each outcome was measured, by bit string.

        Args:
            index: an element of the pub's shape, or a part of it when fewer coordinates are given; None counts all
                elements together, as Qiskit's `get_counts()` does.

        Returns:
            The outcomes that occur, ascending if they are at most 65,536.

        Raises:
            IndexError: an index outside the shape.
        """
        start, stop = self._range_of(index)
        if not self.num_bits:
            return dict.fromkeys(("",), stop - start) if stop > start else {}
        return self.outcomes.count(start, stop)

    def int_counts(self, *, index: int | tuple[int, ...] | None = None) -> dict[int, int]:
        """`counts()` by integer value."""
        start, stop = self._range_of(index)
        if not self.num_bits:
            return dict.fromkeys((0,), stop - start) if stop > start else {}
        return self.outcomes.count_ints(start, stop)

    def bitstrings(self, *, index: int | tuple[int, ...] | None = None) -> list[str]:
        """One bit string a shot, in the order measured; see `counts` for `index` and errors."""
        start, stop = self._range_of(index)
        if not self.num_bits:
            return [""] * (stop - start)
        return row_texts(self.outcomes.packed(start, stop), width=self.width, num_bits=self.num_bits)

    def ints(self, *, index: int | tuple[int, ...] | None = None) -> list[int]:
        """One integer a shot, in the order measured; see `counts` for `index` and errors."""
        start, stop = self._range_of(index)
        if not self.num_bits:
            return [0] * (stop - start)
        return row_ints(self.outcomes.packed(start, stop), width=self.width)

    def to_rows(self) -> list[dict[str, Any]]:
        """A row for each outcome of each element of the shape: `index_0` and so on, `outcome`, `shots`, `share`."""
        return [
            {
                **{f"index_{axis}": coordinate for axis, coordinate in enumerate(index)},
                "outcome": outcome,
                "shots": number,
                "share": number / self.num_shots,
            }
            for index in itertools.product(*map(range, self.shape))
            for outcome, number in sorted(self.counts(index=index).items())
        ]

    def __getitem__(self, index: int | tuple[int, ...]) -> Bits:
        """One element of the pub's shape, or a part of it when fewer coordinates are given.

        Raises:
            IndexError: outside the shape.
        """
        used = 1 if isinstance(index, int) else len(index)
        rows = self.outcomes.packed(*self._range_of(index))
        return Bits.from_rows(rows, num_bits=self.num_bits, num_shots=self.num_shots, shape=self.shape[used:])

    def __len__(self) -> int:
        """Length of the first axis of the pub's shape."""
        if not self.shape:
            raise TypeError("Bits of shape () have no length; num_shots is the number of shots")
        return self.shape[0]

    def __iter__(self) -> Iterator[Bits]:
        """Walk along the first axis of the pub's shape."""
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether sizes and outcomes are equal."""
        if not isinstance(other, Bits):
            return NotImplemented
        sizes = (self.num_bits, self.num_shots, self.shape)
        return sizes == (other.num_bits, other.num_shots, other.shape) and self.rows == other.rows

    def __hash__(self) -> int:
        """By sizes and outcomes."""
        return hash((self.num_bits, self.num_shots, self.shape, self.rows))

    def slice_bits(self, positions: Sequence[int]) -> Bits:
        """Keep only these bits: `positions[0]` becomes bit 0, and so on. Counts of the result are marginals.

        Raises:
            IndexError: a bit outside the register.
        """
        for bit in positions:
            if not 0 <= bit < self.num_bits:
                raise IndexError(f"bit {bit} is outside a register of {self.num_bits} bits")
        rows = gather(
            planes_of(self.rows, width=self.width),
            positions=[(bit // 8, bit % 8) for bit in positions],
            count=self.size * self.num_shots,
        )
        return Bits.from_rows(rows, num_bits=len(positions), num_shots=self.num_shots, shape=self.shape)

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The packed rows as `uint8`, shape (*shape, shots, ceil(num_bits / 8)); needs numpy."""
        return Array(self.rows, dtype="uint8", shape=(*self.shape, self.num_shots, self.width)).to_numpy()

    def to_flags(self) -> np.ndarray[Any, Any]:
        """One bool a bit, bit 0 first, shape (*shape, shots, num_bits); needs numpy."""
        numpy = require_numpy("to_flags()")
        flags: np.ndarray[Any, Any] = numpy.unpackbits(self.to_numpy(), axis=-1)[..., ::-1][..., : self.num_bits]
        return flags.astype(bool)

    def to_qiskit(self) -> Any:
        """Qiskit's `BitArray`; needs Qiskit."""
        return qiskit_module("qiskit.primitives.containers").BitArray(self.to_numpy(), self.num_bits)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python in the service's format of samples."""
        samples = nest([hex(value) for value in self.ints()], shape=(*self.shape, self.num_shots))
        return {"samples": samples, "num_bits": self.num_bits}

    def _range_of(self, index: int | tuple[int, ...] | None) -> tuple[int, int]:
        coordinates = () if index is None else (index,) if isinstance(index, int) else index
        position = flat_index(coordinates, shape=self.shape)
        length = math.prod(self.shape[len(coordinates) :]) * self.num_shots
        return position * length, (position + 1) * length

    def __repr__(self) -> str:
        """Sizes only."""
        return f"Bits(<shape={self.shape}, num_shots={self.num_shots}, num_bits={self.num_bits}>)"

    def _repr_html_(self) -> str:
        total = self.size * self.num_shots
        counts = Counter(self.counts())
        rows = [
            {"outcome": outcome, "shots": number, "share": number / total}
            for outcome, number in counts.most_common(ROWS_IN_A_TABLE)
        ]
        shots = f"{self.num_shots} shots"
        if self.shape:
            shots = f"{self.size} points of {shots}, {total} counted together; to_rows() has each point"
        return rows_table(
            rows, caption=f"{self.num_bits} bit{'' if self.num_bits == 1 else 's'}, {shots}", of=len(counts)
        )


def _innermost(samples: Any) -> tuple[tuple[int, ...], list[Any]]:
    """The shape around the innermost lists of samples, and these lists."""
    shape: list[int] = []
    lists = [samples]
    while any(isinstance(part, list) and part and isinstance(part[0], list | SampleTexts) for part in lists):
        lengths = {len(expect(part, list, what="samples of a sweep")) for part in lists}
        if len(lengths) != 1:
            raise Malformed("samples are ragged")
        shape.append(lengths.pop())
        lists = [inner for part in lists for inner in part]
    return tuple(shape), [
        part if isinstance(part, SampleTexts) else expect(part, list, what="samples") for part in lists
    ]


def _packed(lists: list[Any], *, num_bits: int) -> tuple[PackedRows, set[int]]:
    """All samples as rows, and the lengths of the lists."""
    rows, lengths = io.BytesIO(), set()
    for listed in lists:
        length = 0
        for texts in listed.parts() if isinstance(listed, SampleTexts) else [listed]:
            rows.write(HexSamples(texts, num_bits=num_bits).rows)
            length += len(texts)
        lengths.add(length)
    return PackedRows(rows.getvalue(), num_bits=num_bits), lengths
