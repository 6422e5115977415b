"""Build the params of `client.sampler` and `client.estimator` from plain Python values.

Source: schemas `JobRunParamsSampler` and `JobRunParamsEstimator` of the contract,
https://quantum.cloud.ibm.com/docs/guides/pubs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ..arguments import is_iterable, positive_whole, real_number
from ..base.text import shown
from ..errors import InvalidInput
from .circuits import circuit_text, is_circuit, is_foreign, is_qpy, observable_value, values_in_order

__all__ = ["Circuit", "EstimatorPub", "SamplerPub", "estimator_params", "sampler_params"]

Circuit: TypeAlias = Any
"""OpenQASM 3 (or 2) text, the path of a file with it, or a circuit of Qiskit, pytket or Cirq; in native gates."""

SamplerPub: TypeAlias = Circuit | Sequence[Any]
"""A circuit, or (circuit, parameter values), or (circuit, parameter values, shots)."""

EstimatorPub: TypeAlias = Sequence[Any]
"""(circuit, observables), and then perhaps parameter values, and precision."""

PRIMITIVES_VERSION = 2
RESILIENCE_LEVELS = range(3)
MOST_EXECUTIONS = 10_000_000
"""Limit of one job. Source: the description of schema `JobRunParamsSampler` of the contract."""

FILE_ENDINGS = (".qasm", ".qasm2", ".qasm3")
CIRCUIT_ADVICE: tuple[tuple[type, str], ...] = (
    (bytes, "pass circuit.decode()"),
    (object, "write circuits of other packages as OpenQASM text"),
)
"""Advice for a circuit that is not a text, by its type; the first that fits."""

OBSERVABLES = "Pauli strings, mappings from Pauli string to coefficient, or (nested) lists of these"
OBSERVABLES_ADVICE = "or operators of Qiskit, such as SparsePauliOp"


def sampler_params(
    pubs: SamplerPub | Iterable[SamplerPub],
    *,
    shots: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Params of the program `sampler`.

    Args:
        pubs: circuits, or tuples (circuit, parameter values, shots), of which the last parts may be left out.
            Parameter values are a list, a dict by name, or an array with `tolist`.
        shots: for pubs without them.
        options: sent as they are.

    Raises:
        InvalidInput: no pub, or one of another form; more than 10 million shots in all (the service counts shots
            times parameter sets).
    """
    sent = _pubs(pubs, read=SAMPLER_PARTS, least=1, form="a circuit or (circuit, parameter values, shots)")
    if not sent:
        raise InvalidInput("no circuit to run: pass at least one OpenQASM 3 text.")
    params: dict[str, Any] = {"pubs": sent, "version": PRIMITIVES_VERSION, "support_qiskit": True}
    if shots is not None:
        params["shots"] = _shots(shots)
    _check_executions((pub[2:] and pub[2]) or params.get("shots", 0) for pub in sent)
    if options is not None and (sent_options := _options(options)):
        params["options"] = sent_options
    return params


def estimator_params(
    pubs: EstimatorPub | Iterable[EstimatorPub],
    *,
    precision: float | None = None,
    options: Mapping[str, Any] | None = None,
    resilience_level: int | None = None,
) -> dict[str, Any]:
    """Params of the program `estimator`.

    Args:
        pubs: tuples (circuit, observables, parameter values, precision); the last two may be left out. Observables
            are Pauli strings, dicts from Pauli string to coefficient, or (nested) lists of these.
        precision: target standard error, for pubs without one.
        options: sent as they are.
        resilience_level: 0, 1 or 2.

    Raises:
        InvalidInput: no pub, or one of another form.
    """
    form = "(circuit, observables, parameter values, precision)"
    sent = _pubs(pubs, read=ESTIMATOR_PARTS, least=2, form=form)
    if not sent:
        raise InvalidInput(f"nothing to estimate: pass at least one {form}.")
    params: dict[str, Any] = {"pubs": sent, "version": PRIMITIVES_VERSION, "support_qiskit": True}
    if precision is not None:
        params["precision"] = _precision(precision)
    if resilience_level is not None:
        if real_number(resilience_level) not in RESILIENCE_LEVELS:
            raise InvalidInput(f"resilience_level={shown(resilience_level)}: must be 0, 1 or 2.")
        params["resilience_level"] = int(resilience_level)
    if options is not None and (sent_options := _options(options)):
        params["options"] = sent_options
    return params


def _options(options: Any) -> dict[str, Any]:
    if not isinstance(options, Mapping):
        raise InvalidInput(f"options is {type(options).__name__}: expected a dict of options, by name.")
    plain: dict[str, Any] = _plain(options)
    return plain


Reader: TypeAlias = Callable[[Any], Any]
"""Converts one part of a pub to JSON, or raises `InvalidInput`."""


def _pubs(pubs: Any, *, read: Sequence[Reader], least: int, form: str) -> list[list[Any]]:
    """The pubs as JSON; a single pub, a text or a tuple that begins with one, counts as a list of one."""
    alone = is_circuit(pubs) or (isinstance(pubs, tuple) and _is_one_pub(pubs, least=least))
    if not alone and (not is_iterable(pubs) or isinstance(pubs, bytes | Mapping)):
        raise InvalidInput(_not_a_pub(pubs, form))
    sent = []
    for index, pub in enumerate([pubs] if alone else pubs):
        try:
            sent.append(_pub(pub, read=read, least=least, form=form))
        except InvalidInput as error:
            raise InvalidInput(f"pub {index}: {error}") from None
    return sent


def _is_one_pub(pub: tuple[Any, ...], *, least: int) -> bool:
    """Whether a tuple is one pub, not several circuits: then all its parts are circuits, each enough for a pub."""
    circuits = least == 1 and all(is_circuit(part) for part in pub)
    return bool(pub) and is_circuit(pub[0]) and not circuits


def _pub(pub: Any, *, read: Sequence[Reader], least: int, form: str) -> list[Any]:
    parts = [pub] if is_circuit(pub) else pub
    if not isinstance(parts, Sequence) or isinstance(parts, bytes):
        raise InvalidInput(_not_a_pub(pub, form))
    if not least <= len(parts) <= len(read):
        raise InvalidInput(f"a pub is {form}, not {type(pub).__name__} {_short(pub)}.")
    if is_foreign(parts[0]):
        circuit, *rest = parts
        text = circuit_text(circuit)
        values = least - 1  # the place of the parameter values after the circuit
        rest[values : values + 1] = [values_in_order(circuit, text, value) for value in rest[values : values + 1]]
        parts = [text, *rest]
    return [make(part) for make, part in zip(read, parts, strict=False)]


def _not_a_pub(value: Any, form: str) -> str:
    return (
        f"a pub is {form}, not {type(value).__name__} {_short(value)}. A circuit is OpenQASM text, or a circuit of "
        f"Qiskit, pytket or Cirq: {_advice(value)}."
    )


def _advice(circuit: Any) -> str:
    return next(advice for kind, advice in CIRCUIT_ADVICE if isinstance(circuit, kind))


def _circuit(circuit: Any) -> Any:
    circuit = circuit_text(circuit)
    if is_qpy(circuit):
        return circuit
    if not isinstance(circuit, str):
        raise InvalidInput(f"a circuit is OpenQASM text, not {type(circuit).__name__}; {_advice(circuit)}.")
    text = circuit.strip()
    if not text:
        raise InvalidInput("the circuit is empty: pass its OpenQASM text.")
    if text.endswith(FILE_ENDINGS) and not {"\n", ";"} & set(text):
        raise InvalidInput(
            f"the circuit {_short(text)} looks like the name of a file: pass a Path, such as Path({_short(text)})."
        )
    return circuit


def _shots(shots: Any) -> int | None:
    return None if shots is None else positive_whole(shots, "shots")


def _precision(precision: Any) -> float | None:
    value = _plain(precision)
    if value is None:
        return None
    if not 0 < real_number(value) < math.inf:
        raise InvalidInput(f"precision={shown(precision)} is not a positive number.")
    return float(value)


def _observables(observables: Any) -> Any:
    """The observables as JSON; other types are refused, the Pauli strings are checked by the service."""
    value = observable_value(observables)
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return [_observables(item) for item in value]
    if not isinstance(value, str | Mapping):
        raise InvalidInput(f"observables are {OBSERVABLES}, not {type(value).__name__}; {OBSERVABLES_ADVICE}.")
    if isinstance(value, Mapping) and any(isinstance(coefficient, complex) for coefficient in value.values()):
        raise InvalidInput(f"the coefficients of {_short(value)} are complex: pass real numbers, such as value.real.")
    return _plain(value)


def _check_executions(shots: Iterable[int]) -> None:
    total = sum(shots)
    if total > MOST_EXECUTIONS:
        raise InvalidInput(
            f"{total:,} shots in all: a job takes {MOST_EXECUTIONS:,} executions (shots times circuits times parameter "
            "sets) at most. Submit several jobs."
        )


def _plain(value: Any) -> Any:
    """`value` as JSON; arrays by their `tolist`."""
    try:
        return _nested(value)
    except RecursionError:
        raise InvalidInput(f"{type(value).__name__} is nested too deeply, or contains itself.") from None


def _nested(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _nested(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_nested(item) for item in value]
    return value


def _short(value: object) -> str:
    text = shown(value)
    return text if len(text) <= 60 else text[:57] + "..."


SAMPLER_PARTS: tuple[Reader, ...] = (_circuit, _plain, _shots)
ESTIMATOR_PARTS: tuple[Reader, ...] = (_circuit, _observables, _plain, _precision)
