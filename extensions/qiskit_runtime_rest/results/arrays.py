"""N-dimensional data without numpy: packed bytes, a type and a shape."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .optional import require_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

__all__ = ["Array", "flat_index", "nest"]

# Name of the type -> (letter of the `struct` module, numbers per element, bytes per element).
STRUCT_FORMATS: Final[dict[str, tuple[str, int, int]]] = {
    "bool": ("?", 1, 1),
    "uint8": ("B", 1, 1),
    "uint16": ("H", 1, 2),
    "uint32": ("I", 1, 4),
    "uint64": ("Q", 1, 8),
    "int8": ("b", 1, 1),
    "int16": ("h", 1, 2),
    "int32": ("i", 1, 4),
    "int64": ("q", 1, 8),
    "float16": ("e", 1, 2),
    "float32": ("f", 1, 4),
    "float64": ("d", 1, 8),
    "complex64": ("f", 2, 8),
    "complex128": ("d", 2, 16),
}
_TEXT: Final = "str"


@frozen(repr=False)
class Array:
    """Numbers or texts of one type in an n-dimensional shape, as the service sent them.

    Equal to another array of the same type, shape and bytes (so NaN equals NaN). `numpy.asarray(array)` works
    where numpy is installed; `tolist()` needs nothing.

    Args:
        data: the elements in C order, little-endian, one after the other.
        dtype: the type by numpy's name: `bool`, `int8` to `uint64`, `float16` to `float64`, `complex64`,
            `complex128`, or `str` (UTF-32, elements of equal width, padded with NUL).
        shape: sizes of the axes; `()` holds one element.
    """

    data: bytes = field()
    dtype: str = field(kw_only=True)
    shape: tuple[int, ...] = field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that the bytes fill type and shape."""
        if self.dtype == _TEXT:
            if (self.size == 0 and self.data) or (self.size and len(self.data) % (4 * self.size)):
                raise ValueError(f"{len(self.data)} bytes of text do not fill the shape {self.shape}")
        elif self.dtype not in STRUCT_FORMATS:
            raise ValueError(f"unknown type {self.dtype!r}")
        elif len(self.data) != self.size * self.itemsize:
            raise ValueError(f"{len(self.data)} bytes do not fill {self.dtype} of shape {self.shape}")

    @classmethod
    def of(cls, nested: Any, *, dtype: str | None = None) -> Array:
        """Pack a number, a text, or nested lists of equal lengths.

        Args:
            nested: the elements; None stands for NaN in arrays of float64.
            dtype: the type; by default the narrowest of bool, int64, float64, complex128 and str that can hold all.

        Raises:
            ValueError: ragged lists, or elements without a common type.
        """
        shape = _shape_of(nested)
        flat = list(_leaves(nested, shape))
        name = dtype or _common_type(flat)
        if name == _TEXT:
            width = max((len(text) for text in flat), default=0)
            return cls(b"".join(text.ljust(width, "\0").encode("utf-32-le") for text in flat), dtype=name, shape=shape)
        if name == "complex128":
            flat = [part for value in flat for part in (complex(value).real, complex(value).imag)]
        elif name == "float64":
            flat = [math.nan if value is None else value for value in flat]
        letter, _, _ = STRUCT_FORMATS[name]
        try:
            data = struct.pack(f"<{len(flat)}{letter}", *flat)
        except struct.error as error:
            raise ValueError(f"not all elements are of type {name}: {error}") from error
        return cls(data, dtype=name, shape=shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        if self.dtype == _TEXT:
            return len(self.data) // self.size if self.size else 4
        return STRUCT_FORMATS[self.dtype][2]

    def flat(self) -> tuple[Any, ...]:
        """All elements as Python objects, in C order."""
        if self.dtype == _TEXT:
            width = self.itemsize
            return (
                tuple(
                    self.data[start : start + width].decode("utf-32-le").rstrip("\0")
                    for start in range(0, len(self.data) if width else 0, width or 1)
                )
                or ("",) * self.size
            )
        letter, parts, _ = STRUCT_FORMATS[self.dtype]
        numbers = struct.unpack(f"<{self.size * parts}{letter}", self.data)
        if parts == 1:
            return numbers
        return tuple(map(complex, numbers[0::2], numbers[1::2]))

    def tolist(self) -> Any:
        """Plain Python: nested lists, or the element itself where the shape is ()."""
        return nest(self.flat(), shape=self.shape)

    def __getitem__(self, index: int | tuple[int, ...]) -> Any:
        """The element at these coordinates, or the sub-array when fewer are given than there are axes."""
        coordinates = (index,) if isinstance(index, int) else index
        offset = flat_index(coordinates, shape=self.shape)
        shape = self.shape[len(coordinates) :]
        length = math.prod(shape) * self.itemsize
        part = Array(self.data[offset * length : (offset + 1) * length], dtype=self.dtype, shape=shape)
        return part if shape else part.tolist()

    def __len__(self) -> int:
        """Length of the first axis."""
        if not self.shape:
            raise TypeError("an array of shape () has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        """Walk along the first axis."""
        return (self[i] for i in range(len(self)))

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """A read-only numpy array.

        Raises:
            MissingExtra: numpy is not installed.
        """
        numpy = require_numpy("to_numpy()")
        array: np.ndarray[Any, Any]
        if self.dtype == _TEXT:
            array = numpy.array(self.flat(), dtype=f"U{max(self.itemsize // 4, 1)}")
        else:
            array = numpy.frombuffer(self.data, dtype=numpy.dtype(self.dtype).newbyteorder("<"))
        return array.reshape(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """numpy's protocol, so that `numpy.asarray(array)` works."""
        array = self.to_numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __repr__(self) -> str:
        """Type and shape; of shape () the value itself."""
        if not self.shape:
            return f"Array({self.tolist()!r}, dtype={self.dtype!r})"
        return f"Array(<shape={self.shape}>, dtype={self.dtype!r})"


def nest(values: Sequence[Any], *, shape: tuple[int, ...]) -> Any:
    """Values in C order as nested lists of a shape; the value itself where the shape is ()."""
    if not shape:
        return values[0]
    for axis in range(len(shape) - 1, 0, -1):
        length = shape[axis]
        values = [list(values[i * length : (i + 1) * length]) for i in range(math.prod(shape[:axis]))]
    return list(values)


def flat_index(index: Sequence[int], *, shape: tuple[int, ...]) -> int:
    """Position in C order of coordinates over the leading axes of a shape; negative ones count from the end.

    Raises:
        IndexError: too many coordinates, or one outside its axis.
    """
    if len(index) > len(shape):
        raise IndexError(f"{len(index)} coordinates for {len(shape)} axes (shape {shape})")
    position = 0
    for coordinate, length in zip(index, shape, strict=False):
        if not -length <= coordinate < length:
            raise IndexError(f"index {tuple(index)} is outside the shape {shape}")
        position = position * length + coordinate % length
    return position


def _shape_of(nested: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(nested, list | tuple):
        shape.append(len(nested))
        if not nested:
            break
        nested = nested[0]
    return tuple(shape)


def _leaves(nested: Any, shape: tuple[int, ...]) -> Iterator[Any]:
    if not shape:
        if isinstance(nested, list | tuple):
            raise ValueError("the nested lists are ragged")
        yield nested
        return
    if not isinstance(nested, list | tuple) or len(nested) != shape[0]:
        raise ValueError("the nested lists are ragged")
    for part in nested:
        yield from _leaves(part, shape[1:])


def _common_type(flat: list[Any]) -> str:
    kinds = {type(value) for value in flat}
    for name, allowed in (
        ("bool", {bool}),
        ("int64", {int}),
        ("float64", {int, float, type(None)}),
        ("complex128", {int, float, complex}),
        (_TEXT, {str}),
    ):
        if kinds and kinds <= allowed:
            return name
    if not kinds:
        return "float64"
    raise ValueError(f"no common type for elements of {sorted(kind.__name__ for kind in kinds)}")
