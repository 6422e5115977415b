"""Tensors of executor and noise learner results: `{"data": base64, "shape": [...], "dtype": "f64"}`.

Little-endian, C order, bool packed eight to a byte with the lowest bit first. From schema version v2.0 on the data
is compressed with zlib and there are more types.
"""

from __future__ import annotations

from typing import Any, Final

from .arrays import Array
from .bitplanes import unpack_bits
from .malformed import Malformed, check_size, expect, expect_shape, member
from .npy import inflate, unbase64

__all__ = ["is_compressed", "read_tensor", "read_tensors", "replace_tensors"]

# The contract's names -> (name of `Array`, bits an element)
_TYPES: Final = {
    "bool": ("bool", 1),
    **{f"u{bits}": (f"uint{bits}", bits) for bits in (8, 16, 32, 64)},
    **{f"i{bits}": (f"int{bits}", bits) for bits in (8, 16, 32, 64)},
    **{f"f{bits}": (f"float{bits}", bits) for bits in (16, 32, 64)},
    **{f"c{bits}": (f"complex{bits}", bits) for bits in (64, 128)},
}


def is_compressed(schema_version: str) -> bool:
    """Whether tensors of this schema version are compressed."""
    major = schema_version.removeprefix("v").partition(".")[0]
    return major.isdecimal() and int(major) >= 2


def read_tensor(value: Any, *, compressed: bool = False) -> Array:
    """Unpack one tensor.

    Raises:
        Malformed: it is not one, or its bytes do not match type and shape.
    """
    shape = expect_shape(member(value, "shape", what="a tensor"))
    kind = value.get("dtype", "f64")
    if kind not in _TYPES:
        raise Malformed(f"tensor type {kind!r} is not known")
    name, bits = _TYPES[kind]
    count = check_size(shape, bits=bits)
    size = (count * bits + 7) // 8
    packed = member(value, "data", what="a tensor")
    data = inflate(packed, size=size) if compressed else unbase64(packed)
    if len(data) != size:
        raise Malformed(f"a tensor of {kind} with shape {shape} needs {size} bytes, there are {len(data)}")
    return Array(unpack_bits(data, count=count) if kind == "bool" else data, dtype=name, shape=shape)


def replace_tensors(value: Any, *, compressed: bool) -> Any:
    """A nested value of plain data in which each tensor is unpacked."""
    if isinstance(value, list):
        return [replace_tensors(part, compressed=compressed) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"data", "shape", "dtype"} and isinstance(value["dtype"], str) and value["dtype"] in _TYPES:
        return read_tensor(value, compressed=compressed)
    return {name: replace_tensors(part, compressed=compressed) for name, part in value.items()}


def read_tensors(value: Any, *, compressed: bool) -> dict[str, Array]:
    """Tensors by name."""
    return {
        name: read_tensor(part, compressed=compressed) for name, part in expect(value, dict, what="tensors").items()
    }
