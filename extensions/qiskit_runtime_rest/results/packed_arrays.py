"""Unpack arrays as the service packs them: npy files and tensors, in base64, often compressed with zlib.

IBM's encoder writes base64 of zlib of numpy's file format, versions 1.0, 2.0 and 3.0:
https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

Tensors of executor and noise learner results are `{"data": base64, "shape": [...], "dtype": "f64"}`: little-endian, C
order, bool packed eight to a byte with the lowest bit first. From schema version v2.0 on their data is compressed with
zlib, and there are more types.
"""

from __future__ import annotations

import io
import itertools
import math
import re
import struct
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from .arrays import Array
from .checks import MAX_BYTES, Malformed, check_size, expect, expect_shape, member
from .large_documents import STEP, PackedText
from .optional import decode_base64, decompressor
from .shots import unpack_bits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .optional import Decompressor

__all__ = ["TENSOR_TYPES", "is_compressed", "read_compressed_npy", "read_tensor", "read_tensors", "replace_tensors"]

MAX_HEADER_BYTES: Final = 16 * 1024
_MAGIC: Final = b"\x93NUMPY"
_DESCR: Final = re.compile(r"(?P<order>[<>|]?)(?P<kind>[biufcU])(?P<width>[0-9]{1,9})")
# Elements of several numbers swap their bytes number by number.
_SWAPPED: Final = {"str": 4, "complex64": 4, "complex128": 8}
# npy's kind and width in bytes -> type of `Array`
_NPY_TYPES: Final = {
    "b1": "bool",
    **{f"u{width}": f"uint{8 * width}" for width in (1, 2, 4, 8)},
    **{f"i{width}": f"int{8 * width}" for width in (1, 2, 4, 8)},
    **{f"f{width}": f"float{8 * width}" for width in (2, 4, 8)},
    **{f"c{width}": f"complex{8 * width}" for width in (8, 16)},
}
# The contract's names -> (type of `Array`, bits an element)
TENSOR_TYPES: Final = {
    "bool": ("bool", 1),
    **{f"u{bits}": (f"uint{bits}", bits) for bits in (8, 16, 32, 64)},
    **{f"i{bits}": (f"int{bits}", bits) for bits in (8, 16, 32, 64)},
    **{f"f{bits}": (f"float{bits}", bits) for bits in (16, 32, 64)},
    **{f"c{bits}": (f"complex{bits}", bits) for bits in (64, 128)},
}


def read_compressed_npy(text: Any) -> Array:
    """Unpack base64(zlib(npy)): the value of a `__type__` of `ndarray`.

    The header is read first. The rest is unpacked only up to the size in the header, so a small payload cannot use
    more memory than it declares.

    Raises:
        Malformed: another format.
    """
    parts = _base64_parts(_packed(text))
    first = next(parts, b"")
    header = _read_header(decompressor().decompress(first[:MAX_HEADER_BYTES], MAX_HEADER_BYTES))
    stream = decompressor()
    stream.decompress(first, header.offset)
    return header.array(_rest(stream, itertools.chain([stream.unconsumed_tail], parts), size=header.size))


@frozen
class _Header:
    offset: int = field(kw_only=True)
    dtype: str = field(kw_only=True)
    shape: tuple[int, ...] = field(kw_only=True)
    size: int = field(kw_only=True)
    width: int = field(kw_only=True)
    big_endian: bool = field(kw_only=True)
    fortran: bool = field(kw_only=True)

    def array(self, body: bytes) -> Array:
        if self.big_endian:
            body = _swap_bytes(body, width=_SWAPPED.get(self.dtype, self.width))
        if self.fortran and len(self.shape) > 1:
            body = _to_c_order(body, shape=self.shape, width=self.width)
        return Array(body, dtype=self.dtype, shape=self.shape)


def _read_header(data: bytes) -> _Header:
    if data[:6] != _MAGIC or len(data) < 12:
        raise Malformed("packed data is not an npy array")
    major = data[6]
    if major not in (1, 2, 3):
        raise Malformed(f"npy format version {major} is unknown")
    length_format, start = ("<H", 10) if major == 1 else ("<I", 12)
    (length,) = struct.unpack_from(length_format, data, 8)
    offset = start + length
    if offset > min(len(data), MAX_HEADER_BYTES):
        raise Malformed("an npy header is truncated or too long")
    found = _literal(data[start:offset].decode("utf-8" if major == 3 else "latin-1"))
    descr = expect(found.get("descr"), str, what="the npy element type")
    parts = _DESCR.fullmatch(descr)
    if parts is None or (parts["kind"] != "U" and parts["kind"] + parts["width"] not in _NPY_TYPES):
        raise Malformed(f"npy element type {descr!r} is not plain data")
    text = parts["kind"] == "U"
    shape = expect_shape(found.get("shape"))
    width = int(parts["width"]) * (4 if text else 1)
    return _Header(
        offset=offset,
        dtype="str" if text else _NPY_TYPES[parts["kind"] + parts["width"]],
        shape=shape,
        size=check_size(shape, bits=8 * width) * width,
        width=width,
        big_endian=parts["order"] == ">",
        fortran=expect(found.get("fortran_order"), bool, what="the npy order"),
    )


def _literal(text: str) -> dict[str, Any]:
    import ast

    try:
        return expect(ast.literal_eval(text.strip()), dict, what="the npy header")
    except (SyntaxError, MemoryError) as error:
        raise Malformed(f"an npy header cannot be read: {error}") from error


def _swap_bytes(data: bytes, *, width: int) -> bytes:
    swapped = bytearray(len(data))
    for i in range(width):
        swapped[i::width] = data[width - 1 - i :: width]
    return bytes(swapped)


def _to_c_order(data: bytes, *, shape: tuple[int, ...], width: int) -> bytes:
    strides = [width * math.prod(shape[:axis]) for axis in range(len(shape))]
    axes = (range(0, length * stride, stride) for length, stride in zip(shape, strides, strict=True))
    return b"".join(data[start : start + width] for start in map(sum, itertools.product(*axes)))


def is_compressed(schema_version: str) -> bool:
    """Whether tensors of this schema version are compressed."""
    major = schema_version.removeprefix("v").partition(".")[0]
    return major.isdecimal() and int(major) >= 2


def read_tensor(value: Any, *, compressed: bool = False) -> Array:
    """Unpack one tensor.

    Raises:
        Malformed: not a tensor, or its bytes do not match type and shape.
    """
    shape = expect_shape(member(value, "shape", what="a tensor"))
    kind = value.get("dtype", "f64")
    if kind not in TENSOR_TYPES:
        raise Malformed(f"tensor type {kind!r} is unknown")
    name, bits = TENSOR_TYPES[kind]
    count = check_size(shape, bits=bits)
    size = (count * bits + 7) // 8
    packed = member(value, "data", what="a tensor")
    data = _inflate(packed, size=size) if compressed else _unbase64(packed)
    if len(data) != size:
        raise Malformed(f"a tensor of {kind} with shape {shape} needs {size} bytes, got {len(data)}")
    return Array(unpack_bits(data, count=count) if kind == "bool" else data, dtype=name, shape=shape)


def replace_tensors(value: Any, *, compressed: bool) -> Any:
    """A JSON value with each tensor in it unpacked."""
    if isinstance(value, list):
        return [replace_tensors(part, compressed=compressed) for part in value]
    if not isinstance(value, dict):
        return value
    if (
        value.keys() == {"data", "shape", "dtype"}
        and isinstance(value["dtype"], str)
        and value["dtype"] in TENSOR_TYPES
    ):
        return read_tensor(value, compressed=compressed)
    return {name: replace_tensors(part, compressed=compressed) for name, part in value.items()}


def read_tensors(value: Any, *, compressed: bool) -> dict[str, Array]:
    """Tensors by name."""
    return {
        name: read_tensor(part, compressed=compressed) for name, part in expect(value, dict, what="tensors").items()
    }


def _unbase64(text: Any) -> bytes:
    """Decode base64.

    Raises:
        Malformed: not a text, or not base64.
    """
    data = io.BytesIO()
    data.writelines(_base64_parts(_packed(text)))
    return data.getvalue()


def _inflate(text: Any, *, size: int) -> bytes:
    """Decompress base64 of a zlib stream of exactly `size` bytes; never builds more than that.

    Raises:
        Malformed: not base64, damaged, truncated, of another size, or larger than `MAX_BYTES`.
    """
    return _rest(decompressor(), _base64_parts(_packed(text)), size=size)


def _packed(text: Any) -> str | PackedText:
    return text if isinstance(text, PackedText) else expect(text, str, what="packed data")


def _rest(stream: Decompressor, parts: Iterator[bytes], *, size: int) -> bytes:
    """The `size` bytes that `stream` still holds, unpacked part by part into one buffer."""
    if size > MAX_BYTES:
        raise Malformed(f"an array of {size} bytes exceeds the limit of {MAX_BYTES} bytes")
    # A `BytesIO` that starts with bytes keeps them without a copy, and gives its value without one.
    unpacked = io.BytesIO(stream.decompress(next(parts, b""), size + 1))
    unpacked.seek(0, io.SEEK_END)
    for part in parts:
        if stream.eof and part:
            raise Malformed("compressed data continues after its end")
        unpacked.write(stream.decompress(part, size + 1 - unpacked.tell()))
        if unpacked.tell() > size:
            break
    if unpacked.tell() != size or not stream.eof or stream.unused_data:
        raise Malformed(f"compressed data does not hold the {size} bytes that type and shape need")
    return unpacked.getvalue()


def _base64_parts(text: str | PackedText) -> Iterator[bytes]:
    """Decode base64: a text in one part, a text of a large document in several.

    Raises:
        Malformed: not base64.
    """
    if isinstance(text, str):
        yield _base64(text)
        return
    for at in range(text.start, text.stop, STEP):
        part = text.source[at : min(at + STEP, text.stop)]
        if at + STEP < text.stop and part.endswith(b"="):
            raise Malformed("packed data is not base64: it continues after its end")
        yield _base64(part)


def _base64(text: str | bytes) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise Malformed(f"packed data is not base64: {error}") from error
