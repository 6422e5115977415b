"""Values packed into base64: compressed arrays, and circuits in Qiskit's binary form (QPY)."""

from __future__ import annotations

import base64
import gzip
import zlib

__all__ = ["deflated", "inflated", "unpacked"]

GZIP = b"\x1f\x8b"
MOST_BYTES = 64 * 2**20
QPY = b"QISKIT"


def unpacked(text: str) -> bytes | None:
    """The bytes that are packed in a text; None if it is not packed."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return content if content.startswith(QPY) else inflated(content)


def inflated(content: bytes) -> bytes | None:
    """Bytes decompressed (zlib, gzip), up to a limit; None if they are not compressed."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, MOST_BYTES)
    except zlib.error:
        return None


def deflated(content: bytes, like: bytes) -> bytes:
    """Bytes compressed in the format of `like`."""
    return gzip.compress(content, mtime=0) if like.startswith(GZIP) else zlib.compress(content)
