"""Results of the first primitives (V1): quasi-probabilities and expectation values."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from .arrays import Array
from .estimator import EstimatorPub
from .items import ResultItem
from .malformed import expect, member
from .plain import plain
from .wrapped import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "QuasiDistribution",
    "classic_estimates",
    "classic_quasi_distributions",
    "estimate_of",
    "quasi_distribution_of",
]


@frozen
class QuasiDistribution(ResultItem):
    """What a V1 sampler gives for one circuit: after error mitigation values can be negative or above 1.

    Args:
        quasi_dist: outcome as an integer -> quasi-probability.
        metadata: e.g. `shots`, `readout_mitigation_overhead`.
    """

    what: ClassVar[str] = "a V1 sampler's circuit"
    offers: ClassVar[str] = "quasi_dist, probabilities(), metadata"

    quasi_dist: Mapping[int, float] = field()
    metadata: Mapping[str, Any] = field(kw_only=True, factory=dict)

    def probabilities(self, *, num_bits: int | None = None) -> dict[str, float]:
        """The quasi-probabilities by bit string.

        Args:
            num_bits: length of the bit strings; by default as long as the largest outcome needs.
        """
        longest = max((outcome.bit_length() for outcome in self.quasi_dist), default=1)
        width = max(longest, 1) if num_bits is None else num_bits
        return {format(outcome, f"0{width}b"): value for outcome, value in self.quasi_dist.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain Python; outcomes as texts, as in the service's answer."""
        return {"quasi_dist": plain(self.quasi_dist), "metadata": plain(self.metadata)}

    def to_qiskit(self) -> Any:
        """The same as Qiskit's `QuasiDistribution`; needs Qiskit."""
        from .qiskit_values import quasi_distribution

        return quasi_distribution(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(outcome)}</code></td><td>{value:.4g}</td></tr>"
            for outcome, value in self.probabilities().items()
        )
        return f"<table><tr><th>outcome</th><th>quasi-probability</th></tr>{rows}</table>"


def classic_quasi_distributions(document: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Pair each distribution of `{"quasi_dists": [...], "metadata": [...]}` with its metadata."""
    return list(_with_metadata(document, "quasi_dists"))


def classic_estimates(document: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Pair each value of `{"values": [...], "metadata": [...]}` with its metadata."""
    return list(_with_metadata(document, "values"))


def quasi_distribution_of(pair: tuple[Any, Any]) -> QuasiDistribution:
    """Read one distribution: outcomes as decimal or hexadecimal (`0x3`) texts."""
    distribution, metadata = pair
    values = {
        int(outcome, 16 if outcome.startswith("0x") else 10): float(value)
        for outcome, value in expect(unwrap(distribution), dict, what="a quasi-distribution").items()
    }
    return QuasiDistribution(values, metadata=expect(unwrap(metadata) or {}, dict, what="metadata"))


def estimate_of(pair: tuple[Any, Any]) -> EstimatorPub:
    """Read one expectation value; its standard error follows from `variance` and `shots` where both are given."""
    value, metadata = pair
    found = expect(unwrap(metadata) or {}, dict, what="metadata")
    data = {"evs": Array.of(float(value), dtype="float64")}
    variance, shots = found.get("variance"), found.get("shots")
    if isinstance(variance, int | float) and isinstance(shots, int) and shots > 0 and variance >= 0:
        data["stds"] = Array.of((variance / shots) ** 0.5, dtype="float64")
    return EstimatorPub(data, metadata=found)


def _with_metadata(document: dict[str, Any], name: str) -> Iterator[tuple[Any, Any]]:
    inside = unwrap(member(document, name, what="a V1 result"))
    entries = inside.tolist() if isinstance(inside, Array) else expect(inside, list, what=name)
    metadata = document.get("metadata")
    for position, entry in enumerate(entries):
        yield entry, metadata[position] if isinstance(metadata, list) and position < len(metadata) else None
