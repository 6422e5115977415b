"""Write tensors of executor v2.0: `{"data": base64 of zlib, "shape": [...], "dtype": "f64"}`.

Source: the models of schema version v2.0. `results.packed_arrays` reads them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any, Final

from ..results.arrays import Array
from ..results.packed_arrays import TENSOR_TYPES

__all__ = ["write_bytes", "write_tensor"]

_NAMES: Final = {name: tensor for tensor, (name, _) in TENSOR_TYPES.items()}
_DIGITS: Final = b"0" + 255 * b"1"
LEVEL: Final = 5
"""Rows of values repeat at a short distance. Higher levels look further: that takes longer, and makes more bytes."""


def write_tensor(array: Array) -> dict[str, Any]:
    """The tensor of an array of numbers or bools."""
    data = _packed_bits(array.data) if array.dtype == "bool" else array.data
    return write_bytes(data, dtype=_NAMES[array.dtype], shape=array.shape)


def write_bytes(data: bytes, *, dtype: str, shape: Sequence[int]) -> dict[str, Any]:
    """The tensor of little-endian bytes in C order."""
    return {"data": base64.b64encode(zlib.compress(data, LEVEL)).decode(), "shape": list(shape), "dtype": dtype}


def _packed_bits(flags: bytes) -> bytes:
    """Eight bits to a byte, the lowest first."""
    size = (len(flags) + 7) // 8
    return int(flags.translate(_DIGITS)[::-1] or b"0", 2).to_bytes(size, "little")
