"""Executor results: tensors by name for each item of a quantum program.

Results of programs from IBM's client-side sampler (`semantic_role` of `sampler_v2`) become sampler pubs.
"""

from __future__ import annotations

import math
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import field, frozen

from .arrays import Array
from .bits import Bits
from .checks import Malformed, expect, member
from .execution_spans import in_utc
from .packed_arrays import read_tensors
from .primitives import SamplerPub
from .result_item import ResultItem, to_plain
from .shots import xor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ChunkSpan", "ExecutorItem", "executor_item", "executor_metadata", "sampler_pub_of"]

FLIPS: Final = "measurement_flips."
SAMPLER_ROLES: Final = frozenset({"sampler_v2", "sampler-v2"})
_LEVEL_1_SUFFIXES: Final = {"kerneled": "_iq", "avg_kerneled": "_avg_iq"}


@frozen
class ChunkSpan:
    """A window of time in which a chunk of a quantum program ran; it can include time without circuits.

    Args:
        start: start of the window, UTC.
        stop: end of the window, UTC.
        parts: the service's description of each part of the chunk: `idx_item`, `size` (elements of the item), and in
            newer versions the elements.
    """

    start: datetime = field(kw_only=True)
    stop: datetime = field(kw_only=True)
    parts: tuple[Mapping[str, Any], ...] = field(kw_only=True)

    @property
    def duration(self) -> float:
        """Length of the window in seconds."""
        return (self.stop - self.start).total_seconds()


@frozen(repr=False)
class ExecutorItem(ResultItem):
    """The outcome of one item of a quantum program.

    Args:
        data: tensors by name. A classical register is a bool array, shape (*item shape, shots, bits), bit 0 first;
            with twirled measurements `measurement_flips.<register>` marks the bits that were flipped on purpose.
        metadata: the service's metadata of this item (durations in steps of the backend's `dt`).
    """

    what: ClassVar[str] = "an executor's item"
    offers: ClassVar[str] = "data, counts(), bitstrings(), bits(), metadata"

    data: Mapping[str, Array] = field()
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)

    def registers(self) -> list[str]:
        """Names of the tensors that are classical registers."""
        return [
            name
            for name, part in self.data.items()
            if part.dtype == "bool" and part.ndim >= 2 and not name.startswith(FLIPS)
        ]

    def bits(self, register: str | Iterable[str] | None = None) -> Bits:
        """The bits of one register, or of several joined, twirled flips undone; see `ResultItem.bits`."""
        names = self.registers() if register is None else [register] if isinstance(register, str) else list(register)
        return Bits.join([self._register(name) for name in names])

    def to_dict(self) -> dict[str, Any]:
        """Plain Python: `data` as nested lists, and `metadata`."""
        return {"data": {name: to_plain(part) for name, part in self.data.items()}, "metadata": to_plain(self.metadata)}

    def to_rows(self) -> list[dict[str, Any]]:
        """A row for each outcome of each element of the item's shape; see `ResultItem.to_rows`."""
        return self.bits().to_rows()

    def to_numpy(self) -> dict[str, Any]:
        """The tensors by name; needs numpy."""
        return {name: part.to_numpy() for name, part in self.data.items()}

    def _register(self, name: str) -> Bits:
        if name not in self.data:
            raise KeyError(f"no register {name!r}; there are {', '.join(map(repr, self.registers())) or 'none'}")
        bits = Bits.from_flags(self.data[name])
        flips = self.data.get(FLIPS + name)
        return bits if flips is None else _undo_flips(bits, Bits.from_flags(flips))

    def __repr__(self) -> str:
        """Names, types and shapes."""
        return f"ExecutorItem({', '.join(f'{name}: {part.dtype} {part.shape}' for name, part in self.data.items())})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{part.dtype}</td><td>{part.shape}</td></tr>"
            for name, part in self.data.items()
        )
        return f"<table><tr><th>name</th><th>type</th><th>shape</th></tr>{rows}</table>"


def executor_item(value: Any, *, compressed: bool) -> ExecutorItem:
    """Read `{"results": {name: tensor}, "metadata": {...} | null}`."""
    return ExecutorItem(
        read_tensors(member(value, "results", what="an executor's item"), compressed=compressed),
        metadata=expect(value.get("metadata") or {}, dict, what="metadata of an item"),
    )


def executor_metadata(value: Any) -> dict[str, Any]:
    """Read the metadata of a job: `chunk_timing` becomes a tuple of `ChunkSpan`."""
    found = dict(expect(value or {}, dict, what="metadata"))
    found["chunk_timing"] = tuple(
        ChunkSpan(
            start=utc_time(member(span, "start", what="a chunk")),
            stop=utc_time(member(span, "stop", what="a chunk")),
            parts=tuple(
                expect(part, dict, what="part of a chunk")
                for part in expect(member(span, "parts", what="a chunk"), list, what="parts of a chunk")
            ),
        )
        for span in expect(found.get("chunk_timing") or [], list, what="chunk_timing")
    )
    return found


def sampler_pub_of(item: ExecutorItem, *, position: int, post_processor: Mapping[str, Any]) -> SamplerPub:
    """One pub of a program from IBM's client-side sampler.

    Flips are undone, and randomizations (the first axis, when twirled) become shots.

    Args:
        item: the item as executed.
        position: its place in the program.
        post_processor: the sampler's settings in `passthrough_data`: `twirling`, `meas_type`, `circuits_metadata`.
    """
    twirled = bool(post_processor.get("twirling"))
    measured = post_processor.get("meas_type", "classified")
    data: dict[str, Bits | Array] = {}
    if measured == "classified":
        for name in item.registers():
            bits = item.bits(name)
            data[name] = _randomizations_to_shots(bits) if twirled else bits
    else:
        suffix = _LEVEL_1_SUFFIXES.get(str(measured), "")
        for name, array in item.data.items():
            if not name.startswith(FLIPS):
                data[name.removesuffix(suffix)] = _merge_level_1(array, measured=measured) if twirled else array
    metadata: dict[str, Any] = {"circuit_metadata": _circuit_metadata(post_processor, position)}
    if twirled:
        metadata["num_randomizations"] = next((part.shape[0] for part in item.data.values() if part.shape), 0)
    if compilation := {name: part for name, part in item.metadata.items() if part}:
        metadata["compilation"] = compilation
    first = next(iter(data.values()), None)
    if first is None:
        raise Malformed("an item of a sampler holds no register")
    shape = first.shape if isinstance(first, Bits) else first.shape[: -1 if measured == "avg_kerneled" else -2]
    return SamplerPub(data, metadata=metadata, shape=shape)


def _circuit_metadata(post_processor: Mapping[str, Any], position: int) -> Any:
    listed = post_processor.get("circuits_metadata")
    return (listed[position] if isinstance(listed, list) and position < len(listed) else None) or {}


def _undo_flips(bits: Bits, flips: Bits) -> Bits:
    if flips.num_bits != bits.num_bits or flips.num_shots not in (1, bits.num_shots):
        raise Malformed("measurement flips do not match their register")
    axes = len(bits.shape) - len(flips.shape)
    shape = (1,) * axes + flips.shape
    if axes < 0 or any(have not in (1, need) for have, need in zip(shape, bits.shape, strict=True)):
        raise Malformed(f"measurement flips of shape {flips.shape} do not fit the shape {bits.shape}")
    blocks = _broadcast(flips.rows, shape=shape, to=bits.shape, width=flips.num_shots * flips.width)
    if flips.num_shots != bits.num_shots:
        blocks = b"".join(
            blocks[start : start + bits.width] * bits.num_shots for start in range(0, len(blocks), bits.width or 1)
        )
    return Bits.from_rows(xor(bits.rows, blocks), num_bits=bits.num_bits, num_shots=bits.num_shots, shape=bits.shape)


def _broadcast(data: bytes, *, shape: tuple[int, ...], to: tuple[int, ...], width: int) -> bytes:
    for axis in range(len(to) - 1, -1, -1):
        if shape[axis] != to[axis]:
            block = math.prod(to[axis + 1 :]) * width
            data = b"".join(data[start : start + block] * to[axis] for start in range(0, len(data), block or 1))
    return data


def _randomizations_to_shots(bits: Bits) -> Bits:
    randomizations, *shape = _twirled(bits.shape)
    rows = _first_axis_inside(bits.rows, first=randomizations, middle=math.prod(shape))
    return Bits.from_rows(rows, num_bits=bits.num_bits, num_shots=randomizations * bits.num_shots, shape=tuple(shape))


def _merge_level_1(array: Array, *, measured: Any) -> Array:
    randomizations, *rest = _twirled(array.shape)
    if measured == "avg_kerneled":
        values, count = array.flat(), math.prod(rest)
        means = [sum(values[i::count]) / randomizations for i in range(count)]
        return Array(Array.of(means, dtype="complex128").data, dtype="complex128", shape=tuple(rest))
    *shape, shots, bits = rest
    data = _first_axis_inside(array.data, first=randomizations, middle=math.prod(shape))
    return Array(data, dtype=array.dtype, shape=(*shape, randomizations * shots, bits))


def _first_axis_inside(data: bytes, *, first: int, middle: int) -> bytes:
    block = len(data) // (first * middle) if first * middle else 0
    starts = ((outer * middle + inner) * block for inner in range(middle) for outer in range(first))
    return b"".join(data[start : start + block] for start in starts)


def _twirled(shape: tuple[int, ...]) -> tuple[int, ...]:
    if not shape:
        raise Malformed("twirled data has no axis of randomizations")
    return shape


def utc_time(value: Any) -> datetime:
    """A time in a document. Raises: Malformed."""
    return in_utc(datetime.fromisoformat(expect(value, str, what="a time")))
