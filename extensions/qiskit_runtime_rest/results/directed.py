"""Results of the sampler and the estimator that this package runs as programs of the executor.

What their circuits were, and which rows of their tensors belong to what, is in the job's `passthrough_data`, so that
any process that has the job's id reads the result.
"""

from __future__ import annotations

import math
import operator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from attrs import evolve, field, frozen

from .arrays import Array
from .checks import Malformed, expect, member
from .executor import FLIPS, ExecutorItem, sampler_pub_of
from .extrapolation import extrapolate
from .packed_arrays import read_tensor
from .primitives import EstimatorPub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .primitives import SamplerPub

__all__ = [
    "ALL_ROWS",
    "MARK",
    "VERSION",
    "EstimatorReader",
    "broadcast_strides",
    "places_of",
    "read_sampler_pub",
    "settings_of",
]

MARK: Final = "qiskit_runtime_rest"
"""Member of `passthrough_data`."""

VERSION: Final = 1

ALL_ROWS: Final = "all"
"""Each parameter set is measured in each basis."""

Weights = dict[str, float]
"""A number for each Pauli string."""

Place = tuple[int, int, int]
"""The rows of a basis, first and last, and the place of one of them in these."""

Rows = list[tuple[int, int]]
"""What each row of a randomization measures: a parameter set and a basis, by basis."""

ONLY: Final[Place] = (0, 1, 0)
"""The place of the row of a calibration."""

MANY_TERMS: Final = 64
"""With more Pauli strings, the covariances of all pairs take long. The spread over randomizations contains them."""

ENOUGH_PAIRS: Final = 8
"""With fewer pairs of randomizations, their spread says little."""


class Variance(NamedTuple):
    """The variance of a value.

    Args:
        whole: by shots and randomizations.
        shots: by shots alone.
    """

    whole: float
    shots: float

    def plus(self, other: Variance) -> Variance:
        """Of the sum of independent values."""
        return Variance(self.whole + other.whole, self.shots + other.shots)

    def times(self, factor: float) -> Variance:
        """With another unit."""
        return Variance(factor * self.whole, factor * self.shots)


def settings_of(passthrough_data: Any) -> dict[str, Any] | None:
    """What `passthrough_data` says about a primitive of this package; None if it belongs to something else.

    Raises:
        Malformed: a newer version of this package wrote it.
    """
    found = passthrough_data.get(MARK) if isinstance(passthrough_data, dict) else None
    if not isinstance(found, dict) or found.get("program") not in ("sampler", "estimator"):
        return None
    if found.get("version") != VERSION:
        raise Malformed("a newer qiskit-runtime-rest submitted the job: it reads the result")
    return found


def places_of(settings: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Of each pub of a primitive that ran as several jobs: its job, and its place among the pubs of that job.

    Raises:
        Malformed: pubs are missing, or of different primitives.
    """
    found = {
        position: (job, place) for job, one in enumerate(settings) for place, position in enumerate(one["positions"])
    }
    if sorted(found) != list(range(len(found))) or len({one["program"] for one in settings}) != 1:
        raise Malformed("the results are not those of all jobs of one primitive")
    return [found[position] for position in range(len(found))]


def read_sampler_pub(item: ExecutorItem, settings: Mapping[str, Any], position: int) -> SamplerPub:
    """A pub of the sampler, twirled flips undone."""
    flips = {
        FLIPS + name: read_tensor(tensor, compressed=True)
        for name, tensor in member(settings["pubs"][position], "flips", what="a pub").items()
    }
    return sampler_pub_of(evolve(item, data={**item.data, **flips}), position=position, post_processor=settings)


@frozen(slots=False)
class _Measured:
    """The outcomes of one item: repetitions, rows, flips, shots, bits.

    Args:
        array: the outcomes.
        flips: which bits are flipped, as a number.
    """

    array: Array = field()
    flips: Sequence[int] = field()

    @property
    def shots(self) -> int:
        """Shots of each row in each randomization."""
        return self.array.shape[3]

    @property
    def randomizations(self) -> int:
        """Randomizations of each row: the flips, as often as they are repeated."""
        return self.array.shape[0] * len(self.flips)

    @cached_property
    def _planes(self) -> list[bytes]:
        bits = self.array.shape[4]
        return [self.array.data[bit::bits] for bit in range(bits)]

    @cached_property
    def _known(self) -> dict[tuple[int, int, int], list[list[float]]]:
        return {}

    @cached_property
    def _averages(self) -> dict[tuple[int, int, int], list[float]]:
        return {}

    @cached_property
    def _variances(self) -> dict[tuple[int, Place], Variance]:
        return {}

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        """Where the shots of two randomizations with opposite flips begin and end in a row; a last one is alone."""
        _, _, each, shots, _ = self.array.shape
        return [(begin, min(begin + 2 * shots, each * shots)) for begin in range(0, each * shots, 2 * shots)]

    @cached_property
    def _shares(self) -> list[float]:
        """The share of each pair in all shots."""
        whole = self.shots * self.randomizations
        return [(end - begin) / whole for begin, end in self._pairs] * self.array.shape[0]

    def means(self, mask: int, first: int, last: int) -> list[list[float]]:
        """The mean sign of the chosen bits, for each row from `first` to `last`, in parts by pairs of randomizations.

        Flips are undone. The sum of the parts is the mean.
        """
        key = (mask, first, last)
        if key not in self._known:
            self._known[key] = self._of(mask, first, last)
        return self._known[key]

    def mean(self, mask: int, place: Place) -> float:
        """The mean sign of the chosen bits in a row."""
        first, last, row = place
        key = (mask, first, last)
        if key not in self._averages:
            self._averages[key] = list(map(sum, self.means(mask, first, last)))
        return self._averages[key][row]

    def variance(self, weights: Mapping[int, float], place: Place) -> Variance:
        """The variance of a weighted sum of mean signs in a row, covariances included."""
        if len(weights) == 1:
            ((mask, weight),) = weights.items()
            return self._alone(mask, place).times(weight * weight)
        parts = [0.0] * (self.array.shape[0] * len(self._pairs))
        for mask, weight in weights.items():
            more = self.means(mask, *place[:2])[place[2]]
            parts = [part + weight * one for part, one in zip(parts, more, strict=True)]
        spread = self._spread(parts)
        if spread and len(weights) > MANY_TERMS:
            return Variance(spread, spread)
        total, known = 0.0, list(weights.items())
        for index, (mask, weight) in enumerate(known):
            total += weight * weight
            total += sum(2 * weight * its * self.mean(mask ^ other, place) for other, its in known[:index])
        return self._variance(total - sum(parts) ** 2, spread)

    def _alone(self, mask: int, place: Place) -> Variance:
        """The variance of one mean sign."""
        key = (mask, place)
        if key not in self._variances:
            parts = self.means(mask, *place[:2])[place[2]]
            self._variances[key] = self._variance(1 - self.mean(mask, place) ** 2, self._spread(parts))
        return self._variances[key]

    def _spread(self, parts: Sequence[float]) -> float:
        """The variance of the sum of parts by pairs of randomizations, by their spread; 0 if there are too few.

        The two randomizations of a pair have opposite flips, so only pairs are independent.
        """
        number = len(parts)
        if number < ENOUGH_PAIRS:
            return 0.0
        mean = sum(parts)
        rest = [part - mean * share for part, share in zip(parts, self._shares, strict=True)]
        return math.fsum(map(operator.mul, rest, rest)) * number / (number - 1)

    def _variance(self, of_shot: float, spread: float) -> Variance:
        alone = max(0.0, of_shot) / max(1, self.shots * self.randomizations - 1)
        return Variance(max(alone, spread), alone)

    def _of(self, mask: int, first: int, last: int) -> list[list[float]]:
        repetitions, rows, each, shots, _ = self.array.shape
        width = each * shots
        size = (last - first) * width
        planes = [plane for bit, plane in enumerate(self._planes) if mask >> bit & 1]
        flipped = b"".join(bytes([(flips & mask).bit_count() & 1]) * shots for flips in self.flips)
        undone = int.from_bytes(flipped * (last - first), "little")
        whole = shots * self.randomizations
        found: list[list[float]] = [[] for _ in range(first, last)]
        for number in range(repetitions):
            start = (number * rows + first) * width
            parity = undone
            for plane in planes:
                parity ^= int.from_bytes(plane[start : start + size], "little")
            odd = parity.to_bytes(size, "little")
            for row, at in zip(found, range(0, size, width), strict=True):
                row += [(end - begin - 2 * odd.count(1, at + begin, at + end)) / whole for begin, end in self._pairs]
        return found


@frozen(slots=False)
class _Pub:
    """A pub of the estimator, as the job's settings describe it, with its outcomes for each noise factor."""

    described: Mapping[str, Any] = field()
    rows: Rows = field()
    measured: Sequence[_Measured] = field()

    @cached_property
    def places(self) -> dict[int, dict[str, Place]]:
        """By parameter set, then by basis: the rows of the basis, first and last, and the place of the set in them."""
        bases = self.described["bases"]
        by_basis: dict[int, list[tuple[int, int]]] = {}
        for row, (parameters, basis) in enumerate(self.rows):
            by_basis.setdefault(basis, []).append((row, parameters))
        found: dict[int, dict[str, Place]] = {}
        for basis, rows in by_basis.items():
            first, last = rows[0][0], rows[-1][0] + 1
            for row, parameters in rows:
                found.setdefault(parameters, {})[bases[basis]] = (first, last, row - first)
        return found

    @cached_property
    def _bases(self) -> dict[str, list[str]]:
        return {}

    def basis_of(self, label: str, parameters: int) -> str:
        """The basis in which a Pauli string is measured."""
        if label not in self._bases:
            self._bases[label] = [
                basis
                for basis in self.described["bases"]
                if all(letter in ("I", chosen) for letter, chosen in zip(label, basis, strict=True))
            ]
        for basis in self._bases[label]:
            if basis in self.places[parameters]:
                return basis
        raise Malformed(f"no basis measures {label}")

    def mean(self, factor: int, label: str, parameters: int) -> float:
        """The mean of a Pauli string with a noise factor."""
        return self.measured[factor].mean(mask_of(label), self.places[parameters][self.basis_of(label, parameters)])

    def variance(self, weights: Sequence[Weights], parameters: int) -> Variance:
        """The variance of a weighted sum of means: for each noise factor, the weight of each Pauli string."""
        found = Variance(0.0, 0.0)
        for factor, chosen in enumerate(weights):
            by_basis: dict[str, dict[int, float]] = {}
            for label, weight in chosen.items():
                by_basis.setdefault(self.basis_of(label, parameters), {})[mask_of(label)] = weight
            for basis, masks in by_basis.items():
                found = found.plus(self.measured[factor].variance(masks, self.places[parameters][basis]))
        return found


@frozen(slots=False)
class _Readout:
    """The calibration of readout: the mean sign of a Pauli string whose true value is 1."""

    measured: _Measured = field()
    qubits: Sequence[int] = field()

    @cached_property
    def _masks(self) -> dict[tuple[str, tuple[int, ...]], int]:
        return {}

    def mask(self, label: str, qubits: Sequence[int]) -> int:
        """The bits of a Pauli string among the calibrated ones."""
        key = (label, tuple(qubits))
        if key not in self._masks:
            acting = (qubit for qubit, letter in zip(qubits, label, strict=True) if letter != "I")
            self._masks[key] = sum(1 << self.qubits.index(qubit) for qubit in acting)
        return self._masks[key]

    def factor(self, mask: int) -> float:
        """The mean sign; NaN if the readout is too bad to be undone."""
        mean = self.measured.mean(mask, ONLY)
        return mean if mean > 0 else math.nan


@lru_cache(maxsize=1024)
def mask_of(label: str) -> int:
    """The bits of a Pauli string."""
    return sum(1 << bit for bit, letter in enumerate(label) if letter != "I")


@frozen(slots=False)
class EstimatorReader:
    """Reads the pubs of an estimator.

    Args:
        settings: the job's settings in `passthrough_data`.
        read_item: reads an item of the program.
    """

    settings: Mapping[str, Any] = field()
    read_item: Callable[[int], ExecutorItem] = field()

    @cached_property
    def _readout(self) -> _Readout | None:
        calibration = self.settings.get("calibration")
        if calibration is None:
            return None
        return _Readout(self._measured(calibration, calibration["item"], [(0, 0)]), calibration["qubits"])

    def _measured(self, described: Mapping[str, Any], item: int, rows: Rows) -> _Measured:
        """The outcomes of an item."""
        flags = read_tensor(described["flips"], compressed=True)
        flips = [sum(flag << bit for bit, flag in enumerate(row.flat())) for row in flags]
        found = member(self.read_item(item).data, described["register"], what="an estimator's item")
        if found.dtype != "bool" or found.ndim not in (3, 4) or found.shape[-3] != len(flips) * len(rows):
            raise Malformed(f"outcomes of an estimator cannot be read from {found!r}")
        repetitions = found.shape[0] if found.ndim == 4 else 1
        shape = (repetitions, len(rows), len(flips), *found.shape[-2:])
        return _Measured(Array(found.data, dtype="bool", shape=shape), flips)

    def read(self, position: int) -> EstimatorPub:
        """The pub at a position."""
        described = expect(self.settings["pubs"][position], dict, what="a pub")
        rows: Rows = []
        if described.get("rows") == ALL_ROWS:
            sets = range(math.prod(described["parameters_shape"]))
            rows = [(parameters, basis) for basis in range(len(described["bases"])) for parameters in sets]
        elif "rows" in described:
            flat = read_tensor(described["rows"], compressed=True).flat()
            rows = list(zip(flat[::2], flat[1::2], strict=True))
        pub = _Pub(described, rows, [self._measured(described, item, rows) for item in described["items"]])
        shape = tuple(described["shape"])
        which = zip(
            broadcast_strides(described["observables_shape"], to=shape),
            broadcast_strides(described["parameters_shape"], to=shape),
            strict=True,
        )
        found = [
            self._element(pub, described["observables"][observable], parameters) for observable, parameters in which
        ]
        data = {}
        for name in found[0] if found else ():
            values = [one[name] for one in found]
            inner = Array.of(values[0], dtype="float64").shape
            packed = Array.of(values, dtype="float64")
            data[name] = Array(packed.data, dtype="float64", shape=(*shape, *inner))
        return EstimatorPub(data, metadata=dict(described["metadata"]))

    def _element(self, pub: _Pub, observable: Weights, parameters: int) -> dict[str, Any]:
        """All values of one observable with one parameter set."""
        constant = sum(weight for label, weight in observable.items() if not label.strip("I"))
        weights = {label: weight for label, weight in observable.items() if label.strip("I")}
        zero_noise = self.settings.get("zero_noise")
        if zero_noise is None:
            return self._values(pub, constant, [weights], parameters)
        return self._extrapolated(pub, constant, weights, parameters, zero_noise)

    def _scales(self, pub: _Pub, labels: Mapping[str, float]) -> tuple[Weights, dict[str, int]]:
        """By how much readout errors shrink each Pauli string, and its bits in the calibration."""
        readout, qubits = self._readout, pub.described["qubits"]
        if readout is None:
            return dict.fromkeys(labels, 1.0), {}
        masks = {label: readout.mask(label, qubits) for label in labels}
        return {label: readout.factor(mask) for label, mask in masks.items()}, masks

    def _values(self, pub: _Pub, constant: float, weights: Sequence[Weights], parameters: int) -> dict[str, Any]:
        """The weighted sum of mitigated means over noise factors, with its errors."""
        value = constant
        labels = {label: 0.0 for chosen in weights for label in chosen}
        scales, masks = self._scales(pub, labels)
        scaled: list[Weights] = []
        by_mask: dict[int, float] = {}
        for factor, chosen in enumerate(weights):
            scaled.append({label: weight / scales[label] for label, weight in chosen.items()})
            for label, weight in scaled[-1].items():
                term = weight * pub.mean(factor, label, parameters)
                value += term
                if masks:
                    by_mask[masks[label]] = by_mask.get(masks[label], 0.0) - term / scales[label]
        variance = pub.variance(scaled, parameters)
        if self._readout is not None and by_mask:
            variance = variance.plus(self._readout.measured.variance(by_mask, ONLY))
        return {
            "evs": value,
            "stds": math.sqrt(variance.whole),
            "ensemble_standard_error": math.sqrt(variance.shots),
        }

    def _extrapolated(
        self, pub: _Pub, constant: float, weights: Weights, parameters: int, zero_noise: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The observable at zero noise, at each noise factor, and by each extrapolator at each point."""
        factors, names = pub.described["noise_factors"], zero_noise["extrapolator"]
        scales, _ = self._scales(pub, weights)
        curves = {
            label: [pub.mean(factor, label, parameters) / scales[label] for factor in range(len(factors))]
            for label in weights
        }

        def at(chosen: Mapping[str, str], point: float) -> dict[str, Any]:
            by_factor: list[Weights] = [{} for _ in factors]
            total = constant
            for label, weight in weights.items():
                value, derivatives = extrapolate(chosen[label], factors, curves[label], point)
                total += weight * value
                for factor, derivative in enumerate(derivatives):
                    by_factor[factor][label] = weight * derivative
            return {**self._values(pub, constant, by_factor, parameters), "evs": total}

        best = {label: self._best(names, factors, curves[label], pub, scales[label]) for label in weights}
        found = at(best, 0.0)
        raw = [
            self._values(pub, constant, [weights if one == factor else {} for one in range(len(factors))], parameters)
            for factor in range(len(factors))
        ]
        places = zero_noise["extrapolated_noise_factors"]
        points = [[at(dict.fromkeys(weights, name), place) for place in places] for name in names]
        return {
            **found,
            "evs_noise_factors": [one["evs"] for one in raw],
            "stds_noise_factors": [one["stds"] for one in raw],
            "ensemble_stds_noise_factors": [one["ensemble_standard_error"] for one in raw],
            "evs_extrapolated": [[one["evs"] for one in row] for row in points],
            "stds_extrapolated": [[one["stds"] for one in row] for row in points],
        }

    def _best(
        self, names: Sequence[str], factors: Sequence[float], curve: Sequence[float], pub: _Pub, scale: float
    ) -> str:
        """The first extrapolator whose value at zero noise can be that of a Pauli string; else the surest."""
        errors = {}
        for name in names:
            value, derivatives = extrapolate(name, factors, curve, 0.0)
            shots = pub.measured[0].shots * pub.measured[0].randomizations
            variances = ((1 - min(1.0, (one * scale) ** 2)) / shots / scale**2 for one in curve)
            error = math.sqrt(sum(d * d * v for d, v in zip(derivatives, variances, strict=True)))
            if math.isfinite(value) and error <= 1 and abs(value) + error <= 2:
                return name
            errors[name] = error if math.isfinite(error) else math.inf
        return min(errors, key=lambda name: errors[name])


def broadcast_strides(shape: Sequence[int], *, to: Sequence[int]) -> list[int]:
    """For each element of the shape `to`, the position of its element in an array of `shape`."""
    places = [0]
    for have, need in zip((1,) * (len(to) - len(shape)) + tuple(shape), to, strict=True):
        places = [place * have + (index if have > 1 else 0) for place in places for index in range(need)]
    return places
