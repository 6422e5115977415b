"""Estimator results: expectation values and their errors."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from .arrays import Array
from .items import ResultItem
from .malformed import Malformed, expect, member
from .plain import plain
from .wrapped import read_data_bin, unwrap, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EstimatorPub", "plain_estimator_pub", "wrapped_estimator_pub"]


@frozen(repr=False)
class EstimatorPub(ResultItem):
    """The outcome of one estimator pub. Expectation values have the units of the observables' coefficients.

    Args:
        data: arrays by name: `evs`, `stds`, `ensemble_standard_error`; with zero-noise extrapolation also
            `evs_noise_factors`, `evs_extrapolated` and their errors. What the service left null is absent.
        metadata: what the service says about this pub, e.g. `target_precision`, `shots`, `resilience`.
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
        """Standard errors in the shape of `evs`; None where the service gives none."""
        return self.data["stds"].tolist() if "stds" in self.data else None

    @property
    def ensemble_standard_error(self) -> Any:
        """Standard error from shot noise alone, in the shape of `evs`; None where the service gives none."""
        return self.data["ensemble_standard_error"].tolist() if "ensemble_standard_error" in self.data else None

    def to_dict(self) -> dict[str, Any]:
        """Plain Python: `data` and `metadata`."""
        return {"data": {name: plain(part) for name, part in self.data.items()}, "metadata": plain(self.metadata)}

    def to_numpy(self) -> dict[str, Any]:
        """The arrays by name; needs numpy."""
        return {name: part.to_numpy() for name, part in self.data.items()}

    def to_qiskit(self) -> Any:
        """The same as Qiskit's `PubResult`; needs Qiskit."""
        from .qiskit_values import pub_result

        return pub_result(self)

    def __repr__(self) -> str:
        """The values where there are one or a few, else the shape."""
        if self.data["evs"].size <= 4:
            return f"EstimatorPub(evs={self.evs}, stds={self.stds})"
        return f"EstimatorPub(<shape={self.shape}>)"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(repr(part.tolist() if part.size <= 4 else part))}</td></tr>"
            for name, part in self.data.items()
        )
        return f"<table>{rows}</table>"


def plain_estimator_pub(value: Any) -> EstimatorPub:
    """Read `{"data": {"evs": ..., "stds": ...}, "metadata": {...}}` of numbers or nested lists."""
    data = expect(member(value, "data", what="a pub"), dict, what="data of a pub")
    return _pub({name: unwrap(part) for name, part in data.items()}, unwrap(value.get("metadata")))


def wrapped_estimator_pub(value: Any) -> EstimatorPub:
    """Read a `PubResult` (or `EstimatorPubResult`) with a `DataBin` of `ndarray` or bare numbers."""
    inside = value_of(value, "PubResult", "EstimatorPubResult")
    _, data = read_data_bin(value_of(member(inside, "data", what="a pub"), "DataBin"))
    return _pub(data, unwrap(inside.get("metadata")))


def _pub(data: dict[str, Any], metadata: Any) -> EstimatorPub:
    arrays = {name: _numbers(part) for name, part in data.items() if part is not None}
    if member(arrays, "evs", what="data of an estimator's pub").dtype in ("str", "bool"):
        raise Malformed("expectation values should be numbers")
    return EstimatorPub(arrays, metadata=expect(metadata or {}, dict, what="metadata of a pub"))


def _numbers(value: Any) -> Array:
    if isinstance(value, Array):
        return value
    array = Array.of(value)
    return Array.of(value, dtype="float64") if array.dtype == "int64" else array
