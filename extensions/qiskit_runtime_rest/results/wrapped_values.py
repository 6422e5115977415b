"""Unwrap values in `{"__type__": ..., "__value__": ...}`: IBM's SDK and the service (`support_qiskit`) write them.

`RuntimeEncoder` of qiskit-ibm-runtime defines the content of each type. Objects that only Qiskit can build (circuits,
noise models) stay encoded in an `Encoded`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .arrays import Array
from .bits import Bits
from .checks import Malformed, check_bits, expect, expect_shape, member
from .execution_spans import SPAN_TYPES, ExecutionSpan, ExecutionSpans, read_span
from .large_documents import PackedText
from .optional import qiskit_module
from .packed_arrays import read_compressed_npy

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Encoded", "is_wrapped", "read_data_bin", "unwrap", "value_of"]

# Instead of an array of extrapolators (zero-noise extrapolation), the encoder can write a single name.
_EXTRAPOLATORS: Final = frozenset(
    {"linear", "exponential", "double_exponential", "fallback", *(f"polynomial_degree_{k}" for k in range(1, 8))}
)
_INTEGER_KEYS: Final = "__int_keys__"


@frozen
class Encoded:
    """An object in its encoded form, because only Qiskit can build it.

    Args:
        kind: the encoder's type name, such as `QuantumCircuit`, or the class name of a serialised object.
        value: the content: a text (base64), or plain values.
        module: the module of the class, for serialised objects.
    """

    kind: str = field()
    value: Any = field(kw_only=True, repr=False)
    module: str | None = field(kw_only=True, default=None)

    def to_qiskit(self) -> Any:
        """The Qiskit object; needs Qiskit and qiskit-ibm-runtime."""
        decoder = qiskit_module("qiskit_ibm_runtime").RuntimeDecoder
        if self.module is not None:
            raise TypeError(f"a serialised {self.kind} cannot be rebuilt: read its `value`")
        return json.loads(json.dumps({"__type__": self.kind, "__value__": self.value}), cls=decoder)


def is_wrapped(value: Any, *kinds: str) -> bool:
    """Whether this is a wrapper of one of these type names; without names, of any type."""
    return (isinstance(value, dict) and "__value__" in value and isinstance(name := value.get("__type__"), str)) and (
        not kinds or name in kinds
    )


def value_of(value: Any, *kinds: str) -> Any:
    """The content of a wrapper of one of these type names.

    Raises:
        Malformed: another value.
    """
    if not is_wrapped(value, *kinds):
        raise Malformed(f"expected {' or '.join(kinds)}, got {_name_of(value)}")
    return value["__value__"]


def unwrap(value: Any) -> Any:
    """Replace all wrappers in a JSON value by the values in them.

    Raises:
        Malformed: the content of a wrapper does not fit its type.
    """
    if isinstance(value, list):
        return [unwrap(part) for part in value]
    if not isinstance(value, dict):
        return value
    if is_wrapped(value):
        name = value["__type__"]
        if name in SPAN_TYPES:
            return _span(name, value["__value__"])
        if name in ("_json", "settings"):
            return _serialised(value)
        read = _READERS.get(name)
        return read(value["__value__"]) if read else Encoded(name, value=value["__value__"])
    inner = {name: unwrap(part) for name, part in value.items() if name != _INTEGER_KEYS}
    if _INTEGER_KEYS in value:
        return {int(name) if name.lstrip("-").isdecimal() else name: part for name, part in inner.items()}
    return inner


def read_bits(value: Any) -> Bits:
    """The content of a `BitArray`."""
    array = unwrap(member(value, "array", what="a BitArray"))
    num_bits = check_bits(member(value, "num_bits", what="a BitArray"))
    return Bits.from_array(expect(array, Array, what="the array of a BitArray"), num_bits=num_bits)


def read_data_bin(value: Any) -> tuple[tuple[int, ...] | None, dict[str, Any]]:
    """Shape (None without one) and fields of a `DataBin`, unwrapped, in the order of the registers in the circuit."""
    fields = expect(member(value, "fields", what="a DataBin"), dict, what="fields of a DataBin")
    shape = value.get("shape")
    return None if shape is None else expect_shape(shape), {name: unwrap(part) for name, part in fields.items()}


def _ndarray(value: Any) -> Any:
    if isinstance(value, str | PackedText):
        return value if value in _EXTRAPOLATORS else read_compressed_npy(value)
    inner = unwrap(value)
    try:
        return Array.of(inner)
    except ValueError:
        return inner


def _complex(value: Any) -> complex:
    real, imaginary = expect(value, list, what="a complex number")
    return complex(real, imaginary)


def _datetime(value: Any) -> datetime:
    text = expect(value, str, what="a time")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        from dateutil import parser

        return parser.parse(text)


def _set(value: Any) -> frozenset[Any]:
    return frozenset(_hashable(unwrap(part)) for part in expect(value, list, what="a set"))


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _span(name: str, value: Any) -> Any:
    return read_span(
        name,
        start=unwrap(member(value, "start", what=name)),
        stop=unwrap(member(value, "stop", what=name)),
        slices=member(value, "data_slices", what=name),
    )


def _spans(value: Any) -> ExecutionSpans:
    spans = expect(member(value, "spans", what="ExecutionSpans"), list, what="execution spans")
    return ExecutionSpans(expect(unwrap(span), ExecutionSpan, what="an execution span") for span in spans)


def _serialised(value: dict[str, Any]) -> Any:
    name, module = value.get("__class__"), value.get("__module__")
    inner = unwrap(value["__value__"])
    if name == "PauliList" and isinstance(inner, dict) and isinstance(inner.get("data"), list):
        return tuple(expect(label, str, what="a Pauli label") for label in inner["data"])
    return Encoded(str(name), value=inner, module=module if isinstance(module, str) else None)


def _name_of(value: Any) -> str:
    return str(value.get("__type__", "an object")) if isinstance(value, dict) else type(value).__name__


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "ndarray": _ndarray,
    "complex": _complex,
    "datetime": _datetime,
    "set": _set,
    "BitArray": read_bits,
    "DataBin": lambda value: read_data_bin(value)[1],
    "ExecutionSpans": _spans,
    "ExecutionSpanCollection": _spans,
    "to_json": unwrap,
}
