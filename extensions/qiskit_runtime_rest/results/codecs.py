"""base64 and zlib: by the libraries of the extra `fast` where they are installed, else by Python's own.

Unpacking is most of the time that counting few outcomes takes, and both give the same bytes.
"""

from __future__ import annotations

import binascii
import zlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DAMAGED", "Decompressor", "decode_base64", "decompressor"]


class Decompressor(Protocol):
    """What unpacks a zlib stream, as `zlib.decompressobj` describes it."""

    @property
    def eof(self) -> bool:
        """Whether the stream has come to its end."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What did not fit in `max_length`."""

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        """Unpack the next part, at most `max_length` bytes of it."""


def _standard_base64(text: str | bytes) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)


def _fast_base64(text: str | bytes) -> bytes:
    return b64decode(text, validate=True)


decompressor: Callable[[], Decompressor]
"""A new decompressor; it raises one of `DAMAGED`."""

decode_base64: Callable[[str | bytes], bytes]
"""Decode base64 without whitespace. Raises: ValueError."""

DAMAGED: tuple[type[Exception], ...]
"""What a damaged stream raises."""

try:
    from isal import isal_zlib
    from pybase64 import b64decode
except ImportError:
    decompressor, decode_base64, DAMAGED = zlib.decompressobj, _standard_base64, (zlib.error,)
else:
    decompressor, decode_base64, DAMAGED = (
        isal_zlib.decompressobj,
        _fast_base64,
        (cast("type[Exception]", isal_zlib.error),),
    )
