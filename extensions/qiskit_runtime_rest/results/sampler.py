"""Sampler results: bits, or level-1 data, of each classical register."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from .arrays import Array
from .bits import Bits
from .items import ResultItem
from .malformed import Malformed, check_bits, expect, member
from .plain import plain
from .wrapped import read_data_bin, unwrap, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SamplerPub", "plain_sampler_pub", "wrapped_sampler_pub"]


@frozen(repr=False)
class SamplerPub(ResultItem):
    """The outcome of one sampler pub.

    Args:
        data: by classical register, in the order of the circuit: `Bits`, or, for the measurement types `kerneled`
            and `avg_kerneled`, an `Array` of complex numbers in arbitrary units, shape (*shape, shots, bits) or
            (*shape, bits).
        metadata: what the service says about this pub, e.g. `circuit_metadata`, `num_randomizations`.
        shape: the pub's shape; `()` without a parameter sweep.
    """

    what: ClassVar[str] = "a sampler's pub"
    offers: ClassVar[str] = "counts(), bitstrings(), ints(), bits(), data, metadata"

    data: Mapping[str, Bits | Array] = field()
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)
    shape: tuple[int, ...] = field(kw_only=True, default=())

    def bits(self, register: str | Iterable[str] | None = None) -> Bits:
        """The bits of one register, or of several joined; see `ResultItem.bits`."""
        names = list(self.data) if register is None else [register] if isinstance(register, str) else list(register)
        parts = []
        for name in names:
            if name not in self.data:
                raise KeyError(f"no register {name!r}; there are {', '.join(map(repr, self.data)) or 'none'}")
            part = self.data[name]
            if not isinstance(part, Bits):
                raise TypeError(f"register {name!r} holds level-1 data, not bits: read data[{name!r}]")
            parts.append(part)
        return Bits.join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python: `data` with samples by register, `metadata`, `shape`."""
        return {
            "data": {name: plain(part) for name, part in self.data.items()},
            "metadata": plain(self.metadata),
            "shape": list(self.shape),
        }

    def to_numpy(self) -> dict[str, Any]:
        """Packed bits (`Bits.to_numpy`) or complex numbers by register; needs numpy."""
        return {name: part.to_numpy() for name, part in self.data.items()}

    def to_qiskit(self) -> Any:
        """The same as Qiskit's `SamplerPubResult`; needs Qiskit."""
        from .qiskit_values import sampler_pub_result

        return sampler_pub_result(self)

    def __repr__(self) -> str:
        """Registers and shape."""
        sizes = {
            name: f"{part.num_bits} bits, {part.num_shots} shots" if isinstance(part, Bits) else repr(part)
            for name, part in self.data.items()
        }
        registers = "; ".join(f"{name}: {size}" for name, size in sizes.items())
        return f"SamplerPub({registers}{f', shape={self.shape}' if self.shape else ''})"

    def _repr_html_(self) -> str:
        return "".join(
            f"<p><b>{escape(name)}</b></p>{part._repr_html_() if isinstance(part, Bits) else escape(repr(part))}"
            for name, part in self.data.items()
        )


def plain_sampler_pub(value: Any) -> SamplerPub:
    """Read `{"data": {register: {"samples": [...], "num_bits": n}}, "metadata": {...}}`."""
    data = {
        name: _plain_register(part)
        for name, part in expect(member(value, "data", what="a pub"), dict, what="data of a pub").items()
    }
    return _pub(data, unwrap(value.get("metadata")), shape=None)


def wrapped_sampler_pub(value: Any) -> SamplerPub:
    """Read a `SamplerPubResult` (or `PubResult`) with a `DataBin` of `BitArray` or `ndarray`."""
    inside = value_of(value, "SamplerPubResult", "PubResult")
    shape, data = read_data_bin(value_of(member(inside, "data", what="a pub"), "DataBin"))
    return _pub(data, unwrap(inside.get("metadata")), shape=shape)


def _plain_register(value: Any) -> Bits | Array:
    if isinstance(value, dict) and "samples" in value:
        num_bits = check_bits(member(value, "num_bits", what="a register"))
        return Bits.from_samples(value["samples"], num_bits=num_bits)
    inner = unwrap(value)
    return inner if isinstance(inner, Bits | Array) else _level_1(inner)


def _level_1(value: Any) -> Array:
    # How level-1 data looks in the plain form is not documented: nested lists, with a complex number as such.
    return Array.of(value)


def _pub(data: dict[str, Any], metadata: Any, *, shape: tuple[int, ...] | None) -> SamplerPub:
    for name, part in data.items():
        if not isinstance(part, Bits | Array):
            raise Malformed(f"register {name!r} holds {type(part).__name__}")
        if shape is None and isinstance(part, Bits):
            shape = part.shape
        if shape is not None and part.shape[: len(shape)] != shape:
            raise Malformed(f"register {name!r} does not have the shape {shape} of its pub")
    return SamplerPub(data, metadata=expect(metadata or {}, dict, what="metadata of a pub"), shape=shape or ())
