"""Parameter values: any nesting of numbers, in the order in which the service takes them."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from ..errors import InvalidInput
from ..results.arrays import Array
from ..results.directed import broadcast_strides
from .circuit_text import CircuitText

__all__ = ["Values", "broadcast_shape", "read_values"]


@frozen
class Values:
    """Parameter sets.

    Args:
        rows: the packed numbers (float64) of each set, parameters in the order of `names`.
        shape: the shape of the sweep; `()` for one set.
        names: the parameters, sorted: the order in which a text from `CircuitText.with_parts` declares them.
    """

    rows: tuple[bytes, ...] = field()
    shape: tuple[int, ...] = field(kw_only=True)
    names: tuple[str, ...] = field(kw_only=True)


def read_values(values: Any, circuit: CircuitText, *, order: Sequence[str]) -> Values:
    """Read the parameter values of a circuit.

    Args:
        values: numbers, the last axis over the parameters in the given order; or an array of numbers for each
            parameter by its name, of shapes that broadcast; None without parameters.
        circuit: the circuit with the parameters.
        order: the order of the parameters in values without names.

    Raises:
        InvalidInput: they do not fit the circuit, or are not finite numbers.
    """
    names = tuple(sorted(circuit.used_inputs))
    if isinstance(values, Mapping):
        columns, shape = _named(values, circuit)
    else:
        columns, shape = _listed(values, order)
    missing = [name for name in names if name not in columns]
    if missing:
        raise InvalidInput(f"the circuit's parameter {', '.join(missing)} has no value.")
    chosen = [columns[name] for name in names]
    for column in chosen:
        if not all(map(math.isfinite, column)):
            raise InvalidInput("parameter values must be finite numbers.")
    packed = struct.Struct(f"<{len(names)}d")
    rows = [packed.pack(*row) for row in zip(*chosen, strict=True)] if names else [b""] * math.prod(shape)
    if not rows:
        raise InvalidInput(f"parameter values of shape {shape}: there are no parameter sets.")
    return Values(tuple(rows), shape=shape, names=names)


def _listed(values: Any, order: Sequence[str]) -> tuple[dict[str, Sequence[float]], tuple[int, ...]]:
    array = _array([] if values is None else values)
    if not order and array.shape in ((), (0,)):
        return {}, ()
    if not array.shape or array.shape[-1] != len(order):
        raise InvalidInput(
            f"parameter values of shape {array.shape}: the circuit has {len(order)} parameters "
            f"({', '.join(order) or 'none'}), so the last axis must have this length."
        )
    flat = array.flat()
    return {name: flat[place :: len(order)] for place, name in enumerate(order)}, array.shape[:-1]


def _named(values: Mapping[str, Any], circuit: CircuitText) -> tuple[dict[str, Sequence[float]], tuple[int, ...]]:
    unknown = [name for name in values if name not in circuit.inputs]
    if unknown:
        raise InvalidInput(
            f"the circuit has no parameter {unknown[0]!r}; it has {', '.join(circuit.inputs) or 'none'}."
        )
    arrays = {name: _array(value) for name, value in values.items()}
    shape = broadcast_shape(*(array.shape for array in arrays.values()), what="parameter values")
    columns: dict[str, Sequence[float]] = {}
    for name, array in arrays.items():
        flat = array.flat()
        columns[name] = [flat[place] for place in broadcast_strides(array.shape, to=shape)]
    return columns, shape


def _array(values: Any) -> Array:
    """Numbers as an array of float64; a numpy array by its bytes."""
    if isinstance(values, Array):
        values = values.tolist()
    if hasattr(values, "astype") and hasattr(values, "tobytes"):
        try:
            return Array(values.astype("<f8").tobytes(), dtype="float64", shape=tuple(values.shape))
        except (TypeError, ValueError):
            raise InvalidInput(f"parameter values of type {values.dtype} are not numbers.") from None
    try:
        return Array.of(values.tolist() if hasattr(values, "tolist") else values, dtype="float64")
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"parameter values: expected numbers in lists of equal lengths ({error}).") from None


def broadcast_shape(*shapes: tuple[int, ...], what: str) -> tuple[int, ...]:
    """The common shape of arrays, by numpy's rules.

    Raises:
        InvalidInput: they have none.
    """
    axes = max(map(len, shapes), default=0)
    found = []
    for sizes in zip(*((1,) * (axes - len(shape)) + tuple(shape) for shape in shapes), strict=True):
        wider = {size for size in sizes if size != 1}
        if len(wider) > 1:
            raise InvalidInput(f"{what} of the shapes {', '.join(map(str, shapes))} cannot be broadcast together.")
        found.append(wider.pop() if wider else 1)
    return tuple(found)
