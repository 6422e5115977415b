"""Results of samplers and estimators, also of the first ones (V1): bits, quasi-probabilities, expectation values.

The readers of the plain format take the service's JSON; those of the wrapped format take the values of IBM's encoder.
"""

from __future__ import annotations

import itertools
import re
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import field, frozen

from ..base.html import rows_table
from .arrays import Array
from .bits import Bits
from .checks import Malformed, check_bits, expect, member
from .optional import qiskit_module
from .result_item import ResultItem, to_plain, to_qiskit
from .wrapped_values import read_data_bin, unwrap, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "EstimatorPub",
    "QuasiDistribution",
    "SamplerPub",
    "plain_estimator_pub",
    "plain_sampler_pub",
    "quasi_distribution",
    "v1_estimate",
    "v1_pairs",
    "wrapped_estimator_pub",
    "wrapped_sampler_pub",
]


MOST_DIGITS: Final = 3000
_SPELLINGS: Final = [(re.compile("0[xX][0-9a-fA-F]+"), 16), (re.compile("0[bB][01]+"), 2), (re.compile("[01]+"), 2)]


@frozen(repr=False)
class SamplerPub(ResultItem):
    """The outcome of one sampler pub.

    Args:
        data: by classical register, in the order of the circuit: `Bits`, or, for the measurement types `kerneled`
            and `avg_kerneled`, an `Array` of complex numbers in arbitrary units, shape (*shape, shots, bits) or
            (*shape, bits).
        metadata: the service's metadata of this pub, such as `circuit_metadata`, `num_randomizations`.
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
            "data": {name: to_plain(part) for name, part in self.data.items()},
            "metadata": to_plain(self.metadata),
            "shape": list(self.shape),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """A row for each outcome of each element of the shape; see `ResultItem.to_rows`."""
        return self.bits().to_rows()

    def to_numpy(self) -> dict[str, Any]:
        """Packed bits (`Bits.to_numpy`) or complex numbers by register; needs numpy."""
        return {name: part.to_numpy() for name, part in self.data.items()}

    def to_qiskit(self) -> Any:
        """Qiskit's `SamplerPubResult`; needs Qiskit."""
        return _qiskit_pub("SamplerPubResult", self)

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


@frozen(repr=False)
class EstimatorPub(ResultItem):
    """The outcome of one estimator pub. Expectation values have the units of the observables' coefficients.

    Args:
        data: arrays by name: `evs`, `stds`, `ensemble_standard_error`; with zero-noise extrapolation also
            `evs_noise_factors`, `evs_extrapolated` and their errors. Values that are null in the result are absent.
        metadata: the service's metadata of this pub, such as `target_precision`, `shots`, `resilience`.
    """

    what: ClassVar[str] = "an estimator's pub"
    offers: ClassVar[str] = "evs, stds, data, metadata"

    data: Mapping[str, Array] = field()
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """The pub's shape: parameter values and observables broadcast; `()` for a single value."""
        return self.data["evs"].shape

    @property
    def evs(self) -> Any:
        """Expectation values: a float, or nested lists of floats in the pub's shape."""
        return self.data["evs"].tolist()

    @property
    def stds(self) -> Any:
        """Standard errors in the shape of `evs`; None if the service gives none."""
        return self.data["stds"].tolist() if "stds" in self.data else None

    @property
    def ensemble_standard_error(self) -> Any:
        """Standard error from shot noise alone, in the shape of `evs`; None if the service gives none."""
        return self.data["ensemble_standard_error"].tolist() if "ensemble_standard_error" in self.data else None

    def to_dict(self) -> dict[str, Any]:
        """Plain Python: `data` and `metadata`."""
        return {"data": {name: to_plain(part) for name, part in self.data.items()}, "metadata": to_plain(self.metadata)}

    def to_rows(self) -> list[dict[str, Any]]:
        """A row for each value: `index_0` and so on, `ev`, and `std` if the service gives it."""
        errors = self.data.get("stds")
        evs, stds = self.data["evs"].flat(), errors.flat() if errors is not None and errors.shape == self.shape else ()
        return [
            {**{f"index_{axis}": coordinate for axis, coordinate in enumerate(index)}, "ev": ev}
            | ({"std": stds[place]} if stds else {})
            for place, (index, ev) in enumerate(zip(itertools.product(*map(range, self.shape)), evs, strict=True))
        ]

    def to_numpy(self) -> dict[str, Any]:
        """The arrays by name; needs numpy."""
        return {name: part.to_numpy() for name, part in self.data.items()}

    def to_qiskit(self) -> Any:
        """Qiskit's `PubResult`; needs Qiskit."""
        return _qiskit_pub("PubResult", self)

    def __repr__(self) -> str:
        """Up to four values, else the shape."""
        if self.data["evs"].size <= 4:
            return f"EstimatorPub(evs={self.evs}, stds={self.stds})"
        return f"EstimatorPub(<shape={self.shape}>)"

    def _repr_html_(self) -> str:
        rows = self.to_rows()
        others = ", ".join(name for name in self.data if name not in ("evs", "stds"))
        caption = f"{len(rows)} expectation value{'' if len(rows) == 1 else 's'}"
        return rows_table(rows, caption=f"{caption}; data also has {others}" if others else caption)


@frozen
class QuasiDistribution(ResultItem):
    """The outcome of one circuit of a V1 sampler. With error mitigation, values can be negative or above 1.

    Args:
        quasi_dist: outcome as an integer -> quasi-probability.
        metadata: such as `shots`, `readout_mitigation_overhead`.
        num_bits: length of the bit strings in the result; None if it has outcomes as numbers.
    """

    what: ClassVar[str] = "a V1 sampler's circuit"
    offers: ClassVar[str] = "quasi_dist, probabilities(), metadata"

    quasi_dist: Mapping[int, float] = field()
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)
    num_bits: int | None = field(kw_only=True, default=None, eq=False)

    def probabilities(self, *, num_bits: int | None = None) -> dict[str, float]:
        """The quasi-probabilities by bit string.

        Args:
            num_bits: length of the bit strings; by default that in the result, or else that of the largest outcome.
        """
        longest = max((outcome.bit_length() for outcome in self.quasi_dist), default=1)
        width = num_bits or self.num_bits or max(longest, 1)
        return {format(outcome, f"0{width}b"): value for outcome, value in self.quasi_dist.items()}

    def to_rows(self) -> list[dict[str, Any]]:
        """A row for each outcome: `outcome` and `share`, its quasi-probability."""
        return [{"outcome": outcome, "share": value} for outcome, value in sorted(self.probabilities().items())]

    def to_dict(self) -> dict[str, Any]:
        """Plain Python; outcomes are decimal texts."""
        return {"quasi_dist": to_plain(self.quasi_dist), "metadata": to_plain(self.metadata)}

    def to_qiskit(self) -> Any:
        """Qiskit's `QuasiDistribution`; needs Qiskit."""
        shots = self.metadata.get("shots")
        return qiskit_module("qiskit.result").QuasiDistribution(dict(self.quasi_dist), shots=shots)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(outcome)}</code></td><td>{value:.4g}</td></tr>"
            for outcome, value in self.probabilities().items()
        )
        return f"<table><tr><th>outcome</th><th>quasi-probability</th></tr>{rows}</table>"


def plain_sampler_pub(value: Any) -> SamplerPub:
    """Read `{"data": {register: {"samples": [...], "num_bits": n}}, "metadata": {...}}`."""
    data = {
        name: _plain_register(part)
        for name, part in expect(member(value, "data", what="a pub"), dict, what="data of a pub").items()
    }
    return _sampler_pub(data, unwrap(value.get("metadata")), shape=None)


def wrapped_sampler_pub(value: Any) -> SamplerPub:
    """Read a `SamplerPubResult` (or `PubResult`) with a `DataBin` of `BitArray` or `ndarray`."""
    inside = value_of(value, "SamplerPubResult", "PubResult")
    shape, data = read_data_bin(value_of(member(inside, "data", what="a pub"), "DataBin"))
    return _sampler_pub(data, unwrap(inside.get("metadata")), shape=shape)


def _plain_register(value: Any) -> Bits | Array:
    if isinstance(value, dict) and "samples" in value:
        num_bits = check_bits(member(value, "num_bits", what="a register"))
        return Bits.from_samples(value["samples"], num_bits=num_bits)
    inner = unwrap(value)
    return inner if isinstance(inner, Bits | Array) else _level_1(inner)


def _level_1(value: Any) -> Array:
    # The plain format of level-1 data is not documented: expect nested lists of numbers or wrapped complex numbers.
    return Array.of(value)


def _sampler_pub(data: dict[str, Any], metadata: Any, *, shape: tuple[int, ...] | None) -> SamplerPub:
    for name, part in data.items():
        if not isinstance(part, Bits | Array):
            raise Malformed(f"register {name!r} holds {type(part).__name__}")
        if shape is None and isinstance(part, Bits):
            shape = part.shape
        if shape is not None and part.shape[: len(shape)] != shape:
            raise Malformed(f"register {name!r} does not have the shape {shape} of its pub")
    return SamplerPub(data, metadata=expect(metadata or {}, dict, what="metadata of a pub"), shape=shape or ())


def plain_estimator_pub(value: Any) -> EstimatorPub:
    """Read `{"data": {"evs": ..., "stds": ...}, "metadata": {...}}` of numbers or nested lists."""
    data = expect(member(value, "data", what="a pub"), dict, what="data of a pub")
    return _estimator_pub({name: unwrap(part) for name, part in data.items()}, unwrap(value.get("metadata")))


def wrapped_estimator_pub(value: Any) -> EstimatorPub:
    """Read a `PubResult` (or `EstimatorPubResult`) with a `DataBin` of `ndarray` or bare numbers."""
    inside = value_of(value, "PubResult", "EstimatorPubResult")
    _, data = read_data_bin(value_of(member(inside, "data", what="a pub"), "DataBin"))
    return _estimator_pub(data, unwrap(inside.get("metadata")))


def _estimator_pub(data: dict[str, Any], metadata: Any) -> EstimatorPub:
    arrays = {name: _numbers(part) for name, part in data.items() if part is not None}
    if member(arrays, "evs", what="data of an estimator's pub").dtype in ("str", "bool"):
        raise Malformed("expectation values must be numbers")
    return EstimatorPub(arrays, metadata=expect(metadata or {}, dict, what="metadata of a pub"))


def _numbers(value: Any) -> Array:
    if isinstance(value, Array):
        return value
    array = Array.of(value)
    return Array.of(value, dtype="float64") if array.dtype == "int64" else array


def quasi_distribution(pair: tuple[Any, Any]) -> QuasiDistribution:
    """Read one distribution of `v1_pairs`.

    All its outcomes are spelled the same way: hexadecimal (`0x3`), binary (`0b11`) or bit strings (`11`, `1 1` for two
    registers). A text without prefix is never decimal, because the V1 decoders of IBM's SDK and Qiskit take `10` for
    bits, and refuse `3`. Integers come only from `__int_keys__`, the mark of the SDK's encoder.
    """
    distribution, metadata = pair
    given = expect(unwrap(distribution), dict, what="a quasi-distribution")
    values = {key: float(value) for key, value in given.items()}
    outcomes, num_bits = _outcomes(list(values))
    if len(set(outcomes)) < len(outcomes):
        raise Malformed("a quasi-distribution has an outcome twice")
    return QuasiDistribution(
        dict(zip(outcomes, values.values(), strict=True)),
        metadata=expect(unwrap(metadata) or {}, dict, what="metadata"),
        num_bits=num_bits,
    )


def _outcomes(keys: list[Any]) -> tuple[list[int], int | None]:
    """The keys of one distribution as integers, and their number of bits if the keys show it."""
    if all(isinstance(key, int) and key >= 0 for key in keys):
        return keys, None
    texts = [key.replace(" ", "") for key in keys if isinstance(key, str)]
    for spelling, base in _SPELLINGS:
        short = all(len(text) <= MOST_DIGITS for text in texts)  # Python writes no number of 4,300 decimal digits
        if short and len(texts) == len(keys) and all(map(spelling.fullmatch, texts)):
            return [int(text, base) for text in texts], None if texts[0][1:2].isalpha() else max(map(len, texts))
    raise Malformed(
        f"outcomes {', '.join(map(repr, keys[:4]))} of a quasi-distribution: expected all hexadecimal (0x3), "
        "all binary (0b11) or all bit strings (11)"
    )


def v1_estimate(pair: tuple[Any, Any]) -> EstimatorPub:
    """Read one expectation value of `v1_pairs`. `variance` and `shots` in its metadata give the standard error."""
    value, metadata = pair
    found = expect(unwrap(metadata) or {}, dict, what="metadata")
    data = {"evs": Array.of(float(value), dtype="float64")}
    variance, shots = found.get("variance"), found.get("shots")
    if isinstance(variance, int | float) and isinstance(shots, int) and shots > 0 and variance >= 0:
        data["stds"] = Array.of((variance / shots) ** 0.5, dtype="float64")
    return EstimatorPub(data, metadata=found)


def v1_pairs(document: dict[str, Any], name: str) -> list[tuple[Any, Any]]:
    """Pair each entry of `{name: [...], "metadata": [...]}` with its metadata, None without one.

    Metadata that is an object instead of a list describes each entry.
    """
    inside = unwrap(member(document, name, what="a V1 result"))
    entries = inside.tolist() if isinstance(inside, Array) else expect(inside, list, what=name)
    metadata = document.get("metadata")
    each = (
        itertools.chain(metadata, itertools.repeat(None)) if isinstance(metadata, list) else [metadata] * len(entries)
    )
    return list(zip(entries, each, strict=False))


def _qiskit_pub(name: str, pub: SamplerPub | EstimatorPub) -> Any:
    containers = qiskit_module("qiskit.primitives.containers")
    data = containers.DataBin(shape=pub.shape, **{name: to_qiskit(part) for name, part in pub.data.items()})
    return getattr(containers, name)(data, metadata=to_qiskit(pub.metadata))
