"""The options of the primitives, with the service's defaults (JobRunParamsSampler, JobRunParamsEstimator)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .outcome import JobFailedError, Kind

DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 1 / 64

_DYNAMICAL_DECOUPLING: Mapping[str, Any] = {
    "enable": False,
    "sequence_type": "XX",
    "extra_slack_distribution": "middle",
    "scheduling_method": "alap",
}
_TWIRLING: Mapping[str, Any] = {
    "enable_gates": False,
    "enable_measure": False,
    "num_randomizations": "auto",
    "shots_per_randomization": "auto",
    "interleave_randomizations": True,
    "strategy": "active-accum",
}


@frozen(kw_only=True)
class Twirling:
    """Pauli twirling: it appears in the metadata and rounds the number of shots, but changes no circuit."""

    settings: Mapping[str, Any]

    @property
    def enabled(self) -> bool:
        """Whether gates or measurements are twirled."""
        return bool(self.settings["enable_gates"] or self.settings["enable_measure"])

    @property
    def product(self) -> int | None:
        """Randomizations times shots per randomization, if both are numbers."""
        number, each = self.settings["num_randomizations"], self.settings["shots_per_randomization"]
        return number * each if self.enabled and number != "auto" and each != "auto" else None

    def split(self, shots: int) -> tuple[int, int]:
        """Randomizations, and shots in each, for at least `shots` in total, by the service's rule."""
        number, each = self.settings["num_randomizations"], self.settings["shots_per_randomization"]
        if each == "auto":
            each = max(64, math.ceil(shots / 32)) if number == "auto" else math.ceil(shots / number)
        return math.ceil(shots / each), each


@frozen(kw_only=True)
class PrimitiveOptions:
    """The options of both primitives."""

    seed: int
    support_qiskit: bool
    rep_delay: float | None = field(metadata={"unit": "s"})
    twirling: Twirling
    gates_twirled: bool
    """Whether gates are twirled, also by a mitigation that implies it."""
    dynamical_decoupling: Mapping[str, Any]


@frozen(kw_only=True)
class SamplerOptions(PrimitiveOptions):
    """Options of the sampler; `shots` is the default for pubs."""

    shots: int
    meas_type: str


@frozen(kw_only=True)
class EstimatorOptions(PrimitiveOptions):
    """Options of the estimator; `precision` is the default for pubs."""

    precision: float
    measure_mitigation: bool


def sampler_options(params: Mapping[str, Any], *, seed: int) -> SamplerOptions:
    """Read the options from a sampler job's `params`.

    Raises:
        JobFailedError: an option has a wrong value.
    """
    options = _section(params, "options")
    twirling = _twirling(options, enable_measure=False)
    shots = _first(params.get("shots"), twirling.product, options.get("default_shots"), DEFAULT_SHOTS)
    return SamplerOptions(
        seed=_first(_section(options, "simulator").get("seed_simulator"), seed),
        support_qiskit=bool(params.get("support_qiskit", False)),
        rep_delay=_section(options, "execution").get("rep_delay"),
        twirling=twirling,
        gates_twirled=bool(twirling.settings["enable_gates"]),
        dynamical_decoupling={**_DYNAMICAL_DECOUPLING, **_section(options, "dynamical_decoupling")},
        shots=_positive(shots, "shots"),
        meas_type=_section(options, "execution").get("meas_type", "classified"),
    )


def estimator_options(params: Mapping[str, Any], *, seed: int) -> EstimatorOptions:
    """Read the options from an estimator job's `params`.

    A resilience level above 0, or `measure_mitigation`, switches on the mitigation of readout errors. The service
    does it by default; the emulator does not, so that users see the device's noise.

    Raises:
        JobFailedError: an option has a wrong value.
    """
    options = _section(params, "options")
    level = params.get("resilience_level") or 0
    mitigation = bool(_section(options, "resilience").get("measure_mitigation", level > 0))
    twirling = _twirling(options, enable_measure=mitigation)
    shots = _first(twirling.product, options.get("default_shots"), 0)
    precision = _first(
        params.get("precision"),
        1 / math.sqrt(shots) if shots else None,
        options.get("default_precision"),
        DEFAULT_PRECISION,
    )
    return EstimatorOptions(
        seed=_first(_section(options, "simulator").get("seed_simulator"), options.get("seed_estimator"), seed),
        support_qiskit=bool(params.get("support_qiskit", False)),
        rep_delay=_section(options, "execution").get("rep_delay"),
        twirling=twirling,
        gates_twirled=bool(twirling.settings["enable_gates"]) or level >= 2 or _twirls_gates(options),
        dynamical_decoupling={**_DYNAMICAL_DECOUPLING, **_section(options, "dynamical_decoupling")},
        precision=_positive(precision, "precision"),
        measure_mitigation=mitigation,
    )


def _twirling(options: Mapping[str, Any], *, enable_measure: bool) -> Twirling:
    return Twirling(settings={**_TWIRLING, "enable_measure": enable_measure, **_section(options, "twirling")})


def _twirls_gates(options: Mapping[str, Any]) -> bool:
    """Whether a mitigation is chosen that implies twirled gates: probabilistic error cancellation or amplification."""
    resilience = _section(options, "resilience")
    amplified = resilience.get("zne_mitigation") and _section(resilience, "zne").get("amplifier") == "pea"
    return bool(resilience.get("pec_mitigation") or amplified)


def _section(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A group of options, without those that are null."""
    section = options.get(name) or {}
    if not isinstance(section, Mapping):
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"{name} must be an object.")
    return {key: value for key, value in section.items() if value is not None}


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _positive(value: Any, name: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"{name} must be a positive number, got {value!r}.")
    return value
