"""Read the params of V1 primitives and circuit runners: circuits, parameter values, observables, options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...results import Array, Encoded
from ...results.checks import DECODE_FAILURES
from ...results.wrapped_values import unwrap
from ..messages import INVALID_INPUT, ClassicError
from .circuits import PAULI, Observable
from .options import ESTIMATOR, SAMPLER, Chosen, Note, choose
from .results import RUNNER, RUNNER_WITH_MEMORY, V1_ESTIMATOR, V1_SAMPLER

__all__ = ["PROGRAMS", "ClassicParams", "Program", "Run", "read"]

SHOTS = 1024
"""The default number of shots of the V1 primitives and the circuit runners."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A classic program: the program that replaces it, and the form of its results."""

    now: str
    form: str


PROGRAMS = {
    "sampler": Program(now=SAMPLER, form=V1_SAMPLER),
    "estimator": Program(now=ESTIMATOR, form=V1_ESTIMATOR),
    "circuit-runner": Program(now=SAMPLER, form=RUNNER),
    "qasm3-runner": Program(now=SAMPLER, form=RUNNER),
}
CIRCUITS = ("circuits", "circuit_indices", "parameter_values", "observables", "observable_indices", "parameters")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One circuit to run, with values for its parameters, and an observable for the estimator."""

    circuit: Any
    values: tuple[float, ...] = ()
    observable: Observable | None = None


@dataclass(frozen=True, kw_only=True)
class ClassicParams:
    """The content of the params. `shots`: for each run; `form`: the form of the results."""

    runs: list[Run]
    shots: int
    form: str
    chosen: Chosen


def read(program_id: str, params: Mapping[str, Any], *, note: Note) -> ClassicParams:
    """Read the params of a V1 job.

    Raises:
        ClassicError: 400: a param is not valid, or they do not fit together.
    """
    program = PROGRAMS[program_id]
    circuits = _list(params.get("circuits"))
    if not circuits:
        raise ClassicError(INVALID_INPUT, "params.circuits: must have at least one circuit.")
    chosen_circuits = _taken(circuits, params.get("circuit_indices"), "circuit_indices")
    values = _values(_plain(params, "parameter_values"), len(chosen_circuits))
    observables: list[Observable | None] = [None] * len(chosen_circuits)
    if program.now == ESTIMATOR:
        given = [_observable(one) for one in _observables(_plain(params, "observables"))]
        observables = list(_taken(given, params.get("observable_indices"), "observable_indices"))
    if not len(chosen_circuits) == len(values) == len(observables):
        raise ClassicError(
            INVALID_INPUT,
            f"params: {len(chosen_circuits)} circuits, {len(values)} sets of parameter values and {len(observables)} "
            "observables do not fit together: their numbers must be equal.",
        )
    for name in ("circuits", "circuit_indices", "parameter_values", "observables", "observable_indices"):
        if name in params:
            note(f"params.{name}", "is in the pubs now")
    if "parameters" in params:
        note(
            "params.parameters", "ignored: values are assigned to the circuits' parameters in the order of their names"
        )
    options = {name: value for name, value in params.items() if name not in CIRCUITS and name != "version"}
    chosen = choose(options, program=program.now, note=note)
    shots = chosen.params.pop("shots", SHOTS)
    memory = chosen.params.pop("memory", False)
    runs = [
        Run(circuit=circuit, values=tuple(one), observable=observable)
        for circuit, one, observable in zip(chosen_circuits, values, observables, strict=True)
    ]
    form = RUNNER_WITH_MEMORY if memory and program.form == RUNNER else program.form
    return ClassicParams(runs=runs, shots=shots, form=form, chosen=chosen)


def _plain(params: Mapping[str, Any], name: str) -> Any:
    """The param `name` in plain Python, without the encoding of IBM's SDK for arrays and operators."""
    try:
        return _lists(unwrap(params.get(name)))
    except DECODE_FAILURES as error:
        raise ClassicError(INVALID_INPUT, f"params.{name}: {error}.") from None


def _lists(value: Any) -> Any:
    match value:
        case Array():
            return value.tolist()
        case Encoded(kind="SparsePauliOp", value={"data": labels, "coeffs": coefficients}):
            return [list(term) for term in zip(labels, _lists(coefficients), strict=True)]
        case list() | tuple():
            return [_lists(one) for one in value]
        case _:
            return value


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _taken(items: list[Any], indices: Any, name: str) -> list[Any]:
    if indices is None:
        return items
    try:
        return [items[_index(index)] for index in indices]
    except (IndexError, TypeError):
        raise ClassicError(INVALID_INPUT, f"params.{name}: must be indices from 0 to {len(items) - 1}.") from None


def _index(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise IndexError
    return value


def _values(given: Any, number: int) -> list[list[float]]:
    rows = _list(given)
    if not rows:
        return [[] for _ in range(number)]
    if all(isinstance(row, int | float) and not isinstance(row, bool) for row in rows):
        rows = [rows]
    try:
        return [[float(value) for value in row] for row in rows]
    except (TypeError, ValueError):
        raise ClassicError(
            INVALID_INPUT, "params.parameter_values: must be lists of numbers, one for each circuit."
        ) from None


def _observables(given: Any) -> list[Any]:
    """The list of observables. A list of pairs of label and coefficient is one observable."""
    if isinstance(given, list) and given and all(_is_term(term) for term in given):
        return [given]
    return _list(given)


def _is_term(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and not isinstance(value[1], str)


def _observable(given: Any) -> Observable:
    if isinstance(given, str):
        terms: list[tuple[Any, Any]] = [(given, 1.0)]
    elif isinstance(given, dict) and "__type__" not in given:
        terms = list(given.items())
    elif isinstance(given, list) and all(_is_term(term) for term in given):
        terms = [(label, coefficient) for label, coefficient in given]
    else:
        raise ClassicError(
            INVALID_INPUT,
            'params.observables: expected Pauli labels ("ZZ"), objects from label to coefficient, or pairs of both.',
        )
    observable: Observable = {}
    for label, coefficient in terms:
        if not isinstance(label, str) or not PAULI.fullmatch(label):
            raise ClassicError(INVALID_INPUT, f"params.observables: {str(label)[:60]!r} is not a Pauli label.")
        observable[label] = observable.get(label, 0) + _coefficient(coefficient)
    return observable


def _coefficient(value: Any) -> complex:
    try:
        number = complex(*value) if isinstance(value, list) else complex(value)
    except (TypeError, ValueError):
        raise ClassicError(INVALID_INPUT, "params.observables: coefficients must be numbers.") from None
    if number.imag:
        raise ClassicError(INVALID_INPUT, "params.observables: coefficients must be real numbers.")
    return number
