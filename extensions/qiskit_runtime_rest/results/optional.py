"""Optional packages: faster base64 and zlib, numpy and Qiskit.

Decoding and counting give the same values with and without them. numpy and Qiskit are never imported with this package.
"""

from __future__ import annotations

import binascii
import importlib
import sys
import zlib
from typing import TYPE_CHECKING, Final, Protocol, cast

from ..errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = [
    "COMPRESSION_ERRORS",
    "Decompressor",
    "decode_base64",
    "decompressor",
    "numpy_for",
    "qiskit_module",
    "require_numpy",
    "require_pandas",
]

WORTH_AN_IMPORT_BYTES: Final = 8 * 2**20
"""Importing numpy takes about 0.1 seconds. It pays for data of this size."""


class Decompressor(Protocol):
    """Unpacks a zlib stream, in the manner of `zlib.decompressobj`."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """Bytes after the end of the stream."""

    @property
    def unconsumed_tail(self) -> bytes:
        """Input that is left because of `max_length`."""

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        """Unpack the next part, at most `max_length` bytes of it."""


def _standard_base64(text: str | bytes) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)


def _fast_base64(text: str | bytes) -> bytes:
    return b64decode(text, validate=True)


decompressor: Callable[[], Decompressor]
"""Makes a decompressor, which raises one of `COMPRESSION_ERRORS`."""

decode_base64: Callable[[str | bytes], bytes]
"""Decodes base64 without white space. Raises: ValueError."""

COMPRESSION_ERRORS: tuple[type[Exception], ...]
"""Errors of a damaged zlib stream."""

try:
    from isal import isal_zlib
    from pybase64 import b64decode
except ImportError:
    decompressor, decode_base64, COMPRESSION_ERRORS = zlib.decompressobj, _standard_base64, (zlib.error,)
else:
    decompressor, decode_base64, COMPRESSION_ERRORS = (
        isal_zlib.decompressobj,
        _fast_base64,
        (cast("type[Exception]", isal_zlib.error),),
    )


def numpy_for(size: int) -> ModuleType | None:
    """The numpy module, if it is imported already or its import pays for `size` bytes of data; else None."""
    if "numpy" not in sys.modules and size < WORTH_AN_IMPORT_BYTES:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def require_pandas(feature: str) -> ModuleType:
    """pandas, for a `feature` that cannot do without it. Raises: MissingExtra."""
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise MissingExtra(feature, extra="pandas", module=error.name) from None


def require_numpy(feature: str) -> ModuleType:
    """The numpy module.

    Raises:
        MissingExtra: numpy is not installed, and `feature` needs it.
    """
    try:
        import numpy
    except ImportError as error:
        raise MissingExtra(feature, extra="numpy", module="numpy") from error
    return numpy


def qiskit_module(name: str) -> ModuleType:
    """The module `name` of Qiskit or qiskit-ibm-runtime.

    Raises:
        MissingExtra: the package is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra("to_qiskit()", extra="qiskit", module=name.partition(".")[0]) from error
