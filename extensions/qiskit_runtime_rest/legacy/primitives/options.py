"""A table of the options of the V1 primitives and circuit runners, and their options in v1.

Sources: https://quantum.cloud.ibm.com/docs/migration-guides/v2-primitives, and the schemas `JobRunParamsSampler` and
`JobRunParamsEstimator` of the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..messages import INVALID_INPUT, ClassicError

__all__ = ["OPTIONS", "Chosen", "choose"]

Path: TypeAlias = tuple[str, ...]
"""The place of an option: ("options", "execution", "init_qubits") in the params, ("transpile", ...) for transpiling."""

Note: TypeAlias = Callable[[str, str], None]

SAMPLER = "sampler"
ESTIMATOR = "estimator"
BOTH = (SAMPLER, ESTIMATOR)

TRANSPILED_HERE = "is applied before the job is sent: v1 takes circuits in the backend's gates"
EXTRAPOLATORS = {
    "LinearExtrapolator": "linear",
    "QuadraticExtrapolator": "polynomial_degree_2",
    "CubicExtrapolator": "polynomial_degree_3",
    "QuarticExtrapolator": "polynomial_degree_4",
    "linear": "linear",
    "exponential": "exponential",
}


@dataclass(frozen=True, kw_only=True)
class Option:
    """One row.

    Attributes:
        to: its place in v1; None: it has none.
        what: the text of the note about it.
        programs: the programs that have it in v1; others ignore it.
        convert: converts the value; raises ValueError if v1 has no such value.
    """

    to: Path | None
    what: str
    programs: tuple[str, ...] = BOTH
    convert: Callable[[Any], Any] = lambda value: value


def _whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str | float) or int(value) != float(value):
            raise ValueError("must be a whole number")
        if int(value) < least:
            raise ValueError(f"must be {least} or more")
        return int(value) if most is None else min(int(value), most)

    return convert


def _extrapolator(value: Any) -> str:
    if value not in EXTRAPOLATORS:
        raise ValueError(f"must be one of {', '.join(EXTRAPOLATORS)}")
    return EXTRAPOLATORS[value]


def _transpile(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Option:
    return Option(to=("transpile", name), what=TRANSPILED_HERE, convert=convert)


def _execution(*path: str, programs: tuple[str, ...] = BOTH) -> Option:
    return Option(to=("options", *path), what=f"is options.{'.'.join(path)} now", programs=programs)


SHOTS = Option(to=("shots",), what="is shots of the sampler, default_shots of the estimator", convert=_whole(1))
SKIP = _transpile("skip")
RUN: dict[str, Option] = {
    "shots": SHOTS,
    "memory": Option(to=("memory",), what="is in the results of the circuit runners", programs=(SAMPLER,)),
    "init_qubits": _execution("execution", "init_qubits"),
    "rep_delay": _execution("execution", "rep_delay"),
    "seed_simulator": _execution("simulator", "seed_simulator"),
    "seed": _execution("seed_estimator", programs=(ESTIMATOR,)),
}
TRANSPILATION: dict[str, Option] = {
    "optimization_settings.level": _transpile("optimization_level", _whole(0, 3)),
    "optimization_level": _transpile("optimization_level", _whole(0, 3)),
    "initial_layout": _transpile("initial_layout"),
    "layout_method": _transpile("layout_method"),
    "routing_method": _transpile("routing_method"),
    "approximation_degree": _transpile("approximation_degree"),
    "seed_transpiler": _transpile("seed_transpiler", _whole(0)),
    "skip_transpilation": SKIP,
}
RESILIENCE: dict[str, Option] = {
    "level": Option(
        to=("resilience_level",),
        what="is resilience_level of the estimator, 2 at most; the sampler of v1 mitigates nothing",
        programs=(ESTIMATOR,),
        convert=_whole(0, 2),
    ),
    "noise_factors": _execution("resilience", "zne", "noise_factors", programs=(ESTIMATOR,)),
    "extrapolator": Option(
        to=("options", "resilience", "zne", "extrapolator"),
        what="is options.resilience.zne.extrapolator now",
        programs=(ESTIMATOR,),
        convert=_extrapolator,
    ),
}

OPTIONS: dict[str, Option] = {
    **{f"{group}.{name}": row for group in ("run_options", "run_config") for name, row in RUN.items()},
    **RUN,
    **{
        f"{group}.{name}": row
        for group in ("transpilation_settings", "transpilation", "transpiler_config", "transpile_options")
        for name, row in TRANSPILATION.items()
    },
    **TRANSPILATION,
    **{f"{group}.{name}": row for group in ("resilience_settings", "resilience") for name, row in RESILIENCE.items()},
    "resilience_level": RESILIENCE["level"],
    "optimization_level": TRANSPILATION["optimization_level"],
}
"""All options, by dotted name in the params of the V1 primitives and circuit runners."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The options of a job, by their place."""

    params: dict[str, Any] = field(default_factory=dict)
    transpile: dict[str, Any] = field(default_factory=dict)


def choose(given: Mapping[str, Any], *, program: str, note: Note) -> Chosen:
    """Map the options in `given` to v1, and note what happens to each.

    Raises:
        ClassicError: 400: a value is not valid.
    """
    chosen = Chosen()
    for name, value in _flat(given):
        row = OPTIONS.get(name)
        if value is None:
            continue
        if row is None or row.to is None or program not in row.programs:
            note(f"params.{name}", "ignored: v1 has no such option of this program" if row is None else row.what)
            continue
        try:
            converted = row.convert(value)
        except (TypeError, ValueError) as error:
            raise ClassicError(INVALID_INPUT, f"params.{name}: {error}.") from None
        note(f"params.{name}", row.what)
        _put(chosen, row.to, converted)
    return chosen


def _put(chosen: Chosen, path: Path, value: Any) -> None:
    where: dict[str, Any] = chosen.params
    first, *rest = path
    if first == "transpile":
        where, path = chosen.transpile, tuple(rest)
    for name in path[:-1]:
        where = where.setdefault(name, {})
    where[path[-1]] = value


def _flat(given: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """The options with dotted names. An object that the table has as one option stays whole."""
    rows: list[tuple[str, Any]] = []
    for key, value in given.items():
        name = before + key
        if isinstance(value, Mapping) and name not in OPTIONS:
            rows += _flat(value, f"{name}.")
        else:
            rows.append((name, value))
    return rows
