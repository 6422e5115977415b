"""The options of the primitives, with the service's defaults (JobRunParamsSampler, JobRunParamsEstimator)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .outcome import JobFailedError, Kind

DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 1 / 64

_MEASURED = ("classified", "kerneled", "avg_kerneled")
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
_MEASURE_NOISE_LEARNING: Mapping[str, Any] = {"num_randomizations": 32, "shots_per_randomization": "auto"}
_ZNE: Mapping[str, Any] = {
    "amplifier": "gate_folding",
    "noise_factors": [1, 3, 5],
    "extrapolator": ["exponential", "linear"],
    "extrapolated_noise_factors": "auto",
}
# What the resilience levels of the estimator switch on.
_LEVELS: Mapping[int, Mapping[str, bool]] = {
    level: {
        "enable_gates": level == 2,
        "enable_measure": level >= 1,
        "measure_mitigation": level >= 1,
        "zne_mitigation": level == 2,
        "pec_mitigation": False,
    }
    for level in range(3)
}


@frozen(kw_only=True)
class Twirling:
    """Pauli twirling: random circuits that do the same share the shots."""

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

    @property
    def counts(self) -> dict[str, Any]:
        """Randomizations, and shots in each, as the job asks for them."""
        return {name: self.settings[name] for name in ("num_randomizations", "shots_per_randomization")}


@frozen(kw_only=True)
class PrimitiveOptions:
    """The options of both primitives."""

    seed: int
    support_qiskit: bool
    init_qubits: bool
    rep_delay: float | None = field(metadata={"unit": "s"})
    twirling: Twirling
    dynamical_decoupling: Mapping[str, Any]

    @property
    def gates_twirled(self) -> bool:
        """Whether gates are twirled."""
        return bool(self.twirling.settings["enable_gates"])

    @property
    def plain(self) -> bool:
        """Whether circuits run as they are, neither twirled nor decoupled."""
        return not (self.twirling.enabled or self.dynamical_decoupling["enable"])


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
    measure_noise_learning: Mapping[str, Any]
    zne_mitigation: bool
    zne: Mapping[str, Any]
    pec_mitigation: bool
    pec: Mapping[str, Any]
    layer_noise_learning: Mapping[str, Any]
    layer_noise_model: Any
    """The noise of layers that the job knows already, encoded; None if it has to be learned."""

    @property
    def plain(self) -> bool:
        """Whether circuits run as they are, without twirling, decoupling and mitigation."""
        return super().plain and not (self.measure_mitigation or self.zne_mitigation or self.pec_mitigation)

    @property
    def needs_layer_noise(self) -> bool:
        """Whether the mitigation needs to know the noise of layers: cancelling and amplifying it do."""
        return self.pec_mitigation or (self.zne_mitigation and self.zne["amplifier"] == "pea")


def sampler_options(params: Mapping[str, Any], *, seed: int) -> SamplerOptions:
    """Read the options from a sampler job's `params`.

    Raises:
        JobFailedError: an option has a wrong value.
    """
    options = _section(params, "options")
    twirling = _twirling(options, defaults={})
    shots = _first(params.get("shots"), twirling.product, options.get("default_shots"), DEFAULT_SHOTS)
    meas_type = _section(options, "execution").get("meas_type", _MEASURED[0])
    if meas_type not in _MEASURED:
        detail = f"meas_type must be one of {', '.join(_MEASURED)}, got {meas_type!r}."
        raise JobFailedError(Kind.INVALID_INPUT, detail=detail)
    return SamplerOptions(
        seed=_first(_section(options, "simulator").get("seed_simulator"), seed),
        support_qiskit=bool(params.get("support_qiskit", False)),
        init_qubits=_section(options, "execution").get("init_qubits", True),
        rep_delay=_section(options, "execution").get("rep_delay"),
        twirling=twirling,
        dynamical_decoupling={**_DYNAMICAL_DECOUPLING, **_section(options, "dynamical_decoupling")},
        shots=_positive(shots, "shots"),
        meas_type=meas_type,
    )


def estimator_options(params: Mapping[str, Any], *, seed: int, level: int) -> EstimatorOptions:
    """Read the options from an estimator job's `params`; `level` is the resilience level if the job names none.

    Raises:
        JobFailedError: an option has a wrong value, or two contradict each other.
    """
    options = _section(params, "options")
    resilience = _section(options, "resilience")
    level = _first(params.get("resilience_level"), level)
    if level not in _LEVELS:
        raise JobFailedError(Kind.INVALID_INPUT, detail=f"resilience_level must be 0, 1 or 2, got {level!r}.")
    chosen = {**_LEVELS[level], **resilience}
    given = {name: value for name, value in _section(resilience, "zne").items() if value != "auto"}
    zne = {**_ZNE, **given}
    if chosen["zne_mitigation"] and chosen["pec_mitigation"]:
        detail = "pec_mitigation and zne_mitigation cannot both be enabled."
        raise JobFailedError(Kind.INCOMPATIBLE, detail=detail)
    noisy = bool(chosen["pec_mitigation"] or (chosen["zne_mitigation"] and zne["amplifier"] == "pea"))
    twirling = _twirling(
        options,
        defaults={name: chosen[name] for name in ("enable_gates", "enable_measure")},
        implied={"enable_gates": noisy, "enable_measure": noisy or chosen["measure_mitigation"]},
    )
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
        init_qubits=_section(options, "execution").get("init_qubits", True),
        rep_delay=_section(options, "execution").get("rep_delay"),
        twirling=twirling,
        dynamical_decoupling={**_DYNAMICAL_DECOUPLING, **_section(options, "dynamical_decoupling")},
        precision=_positive(precision, "precision"),
        measure_mitigation=bool(chosen["measure_mitigation"]),
        measure_noise_learning={**_MEASURE_NOISE_LEARNING, **_section(resilience, "measure_noise_learning")},
        zne_mitigation=bool(chosen["zne_mitigation"]),
        zne=zne,
        pec_mitigation=bool(chosen["pec_mitigation"]),
        pec=_section(resilience, "pec"),
        layer_noise_learning=_section(resilience, "layer_noise_learning"),
        layer_noise_model=resilience.get("layer_noise_model"),
    )


def _twirling(
    options: Mapping[str, Any], *, defaults: Mapping[str, bool], implied: Mapping[str, bool] | None = None
) -> Twirling:
    settings = {**_TWIRLING, **defaults, **_section(options, "twirling")}
    return Twirling(settings=settings | {name: True for name, value in (implied or {}).items() if value})


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
