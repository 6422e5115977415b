"""Parameters of the primitives, built from plain Python values: what `client.sampler` and `client.estimator` send.

Source: schemas `JobRunParamsSampler` and `JobRunParamsEstimator` of the contract,
https://quantum.cloud.ibm.com/docs/guides/pubs.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from .errors import InvalidInput

__all__ = ["Circuit", "EstimatorPub", "SamplerPub", "estimator_params", "sampler_params"]

Circuit: TypeAlias = str
"""OpenQASM 3 (or 2) text, in the backend's native gates."""

SamplerPub: TypeAlias = Circuit | Sequence[Any]
"""A circuit, or (circuit, parameter values), or (circuit, parameter values, shots)."""

EstimatorPub: TypeAlias = Sequence[Any]
"""(circuit, observables), and then perhaps parameter values, and precision."""

PRIMITIVES_VERSION = 2
RESILIENCE_LEVELS = range(3)


def sampler_params(
    pubs: SamplerPub | Iterable[SamplerPub],
    *,
    shots: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Params of the program `sampler`.

    Args:
        pubs: circuits, or tuples (circuit, parameter values, shots) with the rest left out at will. Parameter values
            are a list, an object of names, or an array with `tolist`.
        shots: for pubs that name none.
        options: sent as they are.

    Raises:
        InvalidInput: no pub, or one that is not of this form.
    """
    sent = _pubs(pubs, least=1, most=3, form="circuit or (circuit, parameter values, shots)")
    if not sent:
        raise InvalidInput("no circuit to run: pass at least one OpenQASM 3 text.")
    params: dict[str, Any] = {"pubs": sent, "version": PRIMITIVES_VERSION, "support_qiskit": True}
    if shots is not None:
        params["shots"] = _positive_whole(shots, "shots")
    if options:
        params["options"] = _plain(options)
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
        pubs: tuples (circuit, observables, parameter values, precision), the last two left out at will. Observables
            are Pauli strings, objects from Pauli string to coefficient, or (nested) lists of these.
        precision: target standard error, for pubs that name none.
        options: sent as they are.
        resilience_level: 0, 1 or 2.

    Raises:
        InvalidInput: no pub, or one that is not of this form.
    """
    form = "(circuit, observables, parameter values, precision)"
    sent = _pubs(pubs, least=2, most=4, form=form)
    if not sent:
        raise InvalidInput(f"nothing to estimate: pass at least one {form}.")
    params: dict[str, Any] = {"pubs": sent, "version": PRIMITIVES_VERSION, "support_qiskit": True}
    if precision is not None:
        if isinstance(precision, str) or not 0 < precision < math.inf:
            raise InvalidInput(f"precision={precision!r} is not a positive number.")
        params["precision"] = float(precision)
    if resilience_level is not None:
        if resilience_level not in RESILIENCE_LEVELS:
            raise InvalidInput(f"resilience_level={resilience_level!r}: it is 0, 1 or 2.")
        params["resilience_level"] = int(resilience_level)
    if options:
        params["options"] = _plain(options)
    return params


def _pubs(pubs: Any, *, least: int, most: int, form: str) -> list[list[Any]]:
    """The pubs as they are sent; one alone, as a text or a tuple that begins with a text, counts as a list of it."""
    alone = isinstance(pubs, str) or (isinstance(pubs, tuple) and _is_one_pub(pubs, least=least))
    if not alone and not isinstance(pubs, Iterable):
        raise InvalidInput(f"a pub is {form}, not {type(pubs).__name__} {_short(pubs)}.")
    return [_pub(pub, least=least, most=most, form=form) for pub in ([pubs] if alone else pubs)]


def _is_one_pub(pub: tuple[Any, ...], *, least: int) -> bool:
    """Whether a tuple is a pub, and not a row of circuits: those are texts alone, and enough for a whole pub each."""
    circuits = least == 1 and all(isinstance(part, str) for part in pub)
    return bool(pub) and isinstance(pub[0], str) and not circuits


def _positive_whole(number: Any, name: str) -> int:
    try:
        value = operator.index(number)
    except TypeError:
        value = 0
    if isinstance(number, bool) or value < 1:
        raise InvalidInput(f"{name}={number!r} is not a positive whole number.")
    return value


def _pub(pub: Any, *, least: int, most: int, form: str) -> list[Any]:
    parts = [pub] if isinstance(pub, str) else list(pub) if isinstance(pub, Sequence) else None
    if parts is None or not least <= len(parts) <= most:
        raise InvalidInput(f"a pub is {form}, not {type(pub).__name__} {_short(pub)}.")
    if not isinstance(parts[0], str) or not parts[0].strip():
        raise InvalidInput(
            f"a circuit is OpenQASM text, not {type(parts[0]).__name__}; with Qiskit, pass qiskit.qasm3.dumps(circuit)."
        )
    return [_plain(part) for part in parts]


def _plain(value: Any) -> Any:
    """`value` as JSON knows it; arrays by their `tolist`."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
