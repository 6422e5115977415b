"""Options of the service's primitives, as far as circuits and parameters alone can follow them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import field, frozen

from ..errors import InvalidInput

__all__ = ["Twirling", "ZeroNoise", "executor_options", "option", "read_options", "twirling_of", "zero_noise_of"]

DEFAULT_SHOTS: Final = 4096
DEFAULT_PRECISION: Final = 1 / 64
DEFAULT_LEVEL: Final = 1
DEFAULT_NOISE_FACTORS: Final = (1.0, 3.0, 5.0)
DEFAULT_EXTRAPOLATORS: Final = ("exponential", "linear")
DEFAULT_RANDOMIZATIONS: Final = 32
LEAST_SHOTS: Final = 64
"""Shots of a randomization, at least, where the service decides."""

ELSEWHERE: Final = (
    "it needs Qiskit: use the service's own program (via='service'), or the primitives of qiskit-ibm-runtime 0.49 or "
    "newer, which run it in the client"
)
_SECTIONS: Final = ("execution", "resilience", "twirling", "dynamical_decoupling", "simulator")
_INNER_SECTIONS: Final = ("measure_noise_learning", "layer_noise_learning", "zne", "pec")

_TAKEN: Final = frozenset(
    {
        "default_shots",
        "default_precision",
        "seed_estimator",
        "experimental",
        *(f"execution.{name}" for name in ("init_qubits", "rep_delay", "meas_type")),
        *(f"twirling.{name}" for name in ("enable_measure", "num_randomizations", "shots_per_randomization")),
        *(f"resilience.{name}" for name in ("measure_mitigation", "zne_mitigation")),
        *(f"resilience.measure_noise_learning.{name}" for name in ("num_randomizations", "shots_per_randomization")),
        *(
            f"resilience.zne.{name}"
            for name in ("amplifier", "noise_factors", "extrapolator", "extrapolated_noise_factors")
        ),
    }
)
_REFUSED: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "dynamical_decoupling.enable": (bool, "dynamical decoupling"),
    "twirling.enable_gates": (bool, "twirling of gates"),
    "resilience.pec_mitigation": (bool, "probabilistic error cancellation (PEC)"),
    "resilience.zne.amplifier": (lambda value: value == "pea", "probabilistic error amplification (PEA)"),
    "resilience.layer_noise_model": (lambda value: value is not None, "a model of the noise of layers"),
    "resilience.zne.extrapolator": (
        lambda value: "double_exponential" in ([value] if isinstance(value, str) else value),
        "the extrapolator double_exponential",
    ),
}
"""Options with the values that are refused, and their names in the message."""

_WITHOUT_EFFECT: Final = ("dynamical_decoupling", "twirling", "resilience.pec", "resilience.layer_noise_learning")
"""Options of what is off, or concerns only gates."""


def read_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a primitive's params by their paths, such as `twirling.enable_measure`, without those not given.

    Raises:
        InvalidInput: an option is unknown, or asks for something that needs Qiskit.
    """
    found = {path: value for path, value in _paths(params.get("options") or {}, "") if value is not None}
    for path, value in found.items():
        refused, what = _REFUSED.get(path, (bool, ""))
        if what and refused(value):
            raise InvalidInput(f"{path}={value!r}: {what} is not available with via='executor'; {ELSEWHERE}.")
        if path.startswith("simulator."):
            raise InvalidInput(f"{path}: the executor has no simulator; use the service's own program (via='service').")
        if path not in _TAKEN and not path.startswith(_WITHOUT_EFFECT) and path not in _REFUSED:
            raise InvalidInput(
                f"the option {path} is unknown; those of via='executor' are {', '.join(sorted(_TAKEN))}."
            )
    return found


def _paths(options: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in options.items():
        path = prefix + name
        inner = name in (_INNER_SECTIONS if prefix else _SECTIONS)
        if inner and value is not None and not isinstance(value, Mapping):
            raise InvalidInput(f"{path}={value!r}: expected a dict of options.")
        if inner:
            yield from _paths(value or {}, f"{path}.")
        else:
            yield path, value


def option(options: Mapping[str, Any], path: str, default: Any) -> Any:
    """An option, or its default."""
    return options.get(path, default)


def executor_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the executor among them."""
    chosen = {name: options.get(f"execution.{name}") for name in ("init_qubits", "rep_delay")}
    chosen["meas_level"] = options.get("execution.meas_type")
    chosen["experimental"] = options.get("experimental")
    return {name: value for name, value in chosen.items() if value is not None}


@frozen
class Twirling:
    """How measurements are twirled.

    Args:
        enabled: whether they are.
        randomizations, shots: of each pub, and in each randomization; None: as the number of shots says.
    """

    enabled: bool = field()
    randomizations: int | None = field(default=None)
    shots: int | None = field(default=None)

    def split(self, shots: int) -> tuple[int, int]:
        """Randomizations, and shots in each, for at least this many shots; the service's rule."""
        if not self.enabled:
            return 1, shots
        if self.shots is not None:
            return self.randomizations or math.ceil(shots / self.shots), self.shots
        if self.randomizations is not None:
            return self.randomizations, math.ceil(shots / self.randomizations)
        each = max(LEAST_SHOTS, math.ceil(shots / DEFAULT_RANDOMIZATIONS))
        return math.ceil(shots / each), each

    @property
    def product(self) -> int | None:
        """All shots of a pub, if the options say so."""
        return self.randomizations * self.shots if self.enabled and self.randomizations and self.shots else None


def twirling_of(options: Mapping[str, Any], *, enabled: bool) -> Twirling:
    """The twirling that the options ask for; `enabled`: whether they need it, unless they say otherwise."""
    on = bool(options.get("twirling.enable_measure", enabled))
    return Twirling(
        on, _number(options, "twirling.num_randomizations"), _number(options, "twirling.shots_per_randomization")
    )


def calibration_shots(options: Mapping[str, Any], *, randomizations: int, shots: int) -> int:
    """Shots for the calibration of readout, for pubs of so many randomizations with so many shots in each."""
    section = "resilience.measure_noise_learning."
    number = _number(options, f"{section}num_randomizations") or randomizations
    return number * (_number(options, f"{section}shots_per_randomization") or shots)


def _number(options: Mapping[str, Any], path: str) -> int | None:
    value = options.get(path, "auto")
    if value == "auto":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput(f"{path}={value!r}: expected a positive whole number or 'auto'.")
    return value


@frozen
class ZeroNoise:
    """Zero-noise extrapolation.

    Args:
        factors: by which the noise is amplified.
        extrapolators: their names, in the order of preference.
        points: noise factors for which extrapolated values are returned.
        amplifier: which gates are folded first.
    """

    factors: tuple[float, ...] = field()
    extrapolators: tuple[str, ...] = field()
    points: tuple[float, ...] = field()
    amplifier: str = field()


AMPLIFIERS: Final = ("gate_folding", "gate_folding_front", "gate_folding_back")
NEEDED_FACTORS: Final = {
    "linear": 2,
    "exponential": 2,
    "fallback": 2,
    **{f"polynomial_degree_{degree}": degree + 1 for degree in range(1, 8)},
}
"""Noise factors that an extrapolator needs, at least."""


def zero_noise_of(options: Mapping[str, Any], *, enabled: bool) -> ZeroNoise | None:
    """The extrapolation that the options ask for; `enabled`: by the resilience level, unless they say otherwise.

    Raises:
        InvalidInput: they cannot be followed.
    """
    if not options.get("resilience.zne_mitigation", enabled):
        return None
    section = "resilience.zne."
    factors = _numbers(options, f"{section}noise_factors", DEFAULT_NOISE_FACTORS, least=1)
    given = options.get(f"{section}extrapolator", DEFAULT_EXTRAPOLATORS)
    extrapolators = (given,) if isinstance(given, str) else tuple(given)
    for name in extrapolators:
        if name not in NEEDED_FACTORS:
            raise InvalidInput(f"{section}extrapolator={name!r}: must be one of {', '.join(NEEDED_FACTORS)}.")
        if len(set(factors)) < NEEDED_FACTORS[name]:
            raise InvalidInput(f"{section}noise_factors: {name} needs {NEEDED_FACTORS[name]} different factors.")
    amplifier = options.get(f"{section}amplifier", AMPLIFIERS[0])
    if not extrapolators or amplifier not in AMPLIFIERS:
        raise InvalidInput(f"{section}amplifier={amplifier!r}: must be one of {', '.join(AMPLIFIERS)}.")
    points = _numbers(options, f"{section}extrapolated_noise_factors", (0.0, *factors), least=0)
    return ZeroNoise(factors, extrapolators, points, amplifier)


def _numbers(options: Mapping[str, Any], path: str, default: tuple[float, ...], *, least: float) -> tuple[float, ...]:
    given = options.get(path, "auto")
    if given == "auto":
        return default
    listed = list(given) if isinstance(given, list | tuple) else [given]
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not least <= one < math.inf for one in listed):
        raise InvalidInput(f"{path}={given!r}: expected numbers, {least} or larger.")
    return tuple(map(float, listed))
