"""Limit the bodies of responses while they arrive: unpacked in small steps, up to a size and a deadline."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from qiskit_runtime_api.http_library import httpx

from ..errors import UnexpectedAnswer
from ..plans.deadline import time_left
from .auth.iam import is_iam_request

__all__ = ["ACCEPTED", "Body"]

ACCEPTED = "gzip"
"""The content encoding that responses may have."""

MESSAGE_BYTES = 2**20
"""Of an error, and of a token response, this much is read; the rest is ignored."""

JSON_BYTES = 2**27
"""Longest response, 128 MiB: two hundred jobs with half a megabyte of params each fit."""

RESULT_BYTES = 2**32
"""Longest result, 4 GiB: twice the size of its largest array."""

STEP = 2**20
"""Bytes that are unpacked at a time."""

MEMBER = b"\x1f"
"""The first byte of each member of a gzip file. After the last one, other bytes are ignored."""


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Replaces the stream of `response`, before any of it is read.

    Raises:
        httpx.ReadTimeout: it is not complete at the deadline of the call.
        httpx.DecodingError: its compression is broken, or cut.
        UnexpectedAnswer: a success is longer than the limit.
    """

    def __init__(self, response: httpx.Response) -> None:
        """Nothing is read yet.

        Raises:
            httpx.DecodingError: it has another encoding than the one asked for.
        """
        request = response.request
        self._response = response
        self._stream: Any = response.stream
        self._is_message = not response.is_success or is_iam_request(request)
        if self._is_message:
            self._most = MESSAGE_BYTES
        else:
            self._most = RESULT_BYTES if request.url.path.endswith("/results") else JSON_BYTES
        self._left = self._most
        self._unzip = None
        self._is_cut = False
        self._is_over = False
        """Whether other bytes came after the last member: all that follows is ignored, however it is divided."""
        if "Content-Encoding" in response.headers:
            # httpx would unpack each chunk at once, however large the outcome.
            encoding = response.headers.pop("Content-Encoding").strip().lower()
            if encoding not in ("", "identity", ACCEPTED):
                raise httpx.DecodingError(f"expected {ACCEPTED}, got {encoding}", request=request)
            self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == ACCEPTED else None
        response.stream = self

    def __iter__(self) -> Iterator[bytes]:
        """The unpacked bytes in parts, for a thread."""
        for raw in self._stream:
            yield from self._limited(raw)
            if self._left < 0:
                return
        self._check_end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The unpacked bytes in parts, for a task."""
        async for raw in self._stream:
            for chunk in self._limited(raw):
                yield chunk
            if self._left < 0:
                return
        self._check_end()

    def close(self) -> None:
        """Return the connection to the pool, or close it."""
        self._stream.close()

    async def aclose(self) -> None:
        """As `close`, for a task."""
        await self._stream.aclose()

    def _limited(self, raw: bytes) -> Iterator[bytes]:
        if time_left() == 0:
            raise httpx.ReadTimeout("the answer began, but was not complete in time")
        for chunk in [raw] if self._unzip is None else self._unpacked(raw):
            room = self._left
            self._left -= len(chunk)
            if self._left >= 0:
                yield chunk
            elif self._is_message:
                yield chunk[:room]
                return
            else:
                raise self._too_long()

    def _unpacked(self, raw: bytes) -> Iterator[bytes]:
        assert self._unzip is not None
        self._is_cut = True
        try:
            while True:
                if self._unzip.eof:
                    self._is_cut = False
                    if self._is_over or not raw.startswith(MEMBER):
                        self._is_over = self._is_over or bool(raw)
                        self._left -= len(raw)
                        return
                    self._is_cut, self._unzip = True, zlib.decompressobj(zlib.MAX_WBITS | 16)
                chunk = self._unzip.decompress(raw, STEP)
                raw = self._unzip.unused_data if self._unzip.eof else self._unzip.unconsumed_tail
                if chunk:
                    yield chunk
                elif not self._unzip.eof:
                    return
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error

    def _check_end(self) -> None:
        """Refuse a success whose compression ends in the middle: what was unpacked may look like all of it."""
        if self._is_cut and not self._is_message:
            raise httpx.DecodingError("it ends in the middle", request=self._response.request)

    def _too_long(self) -> UnexpectedAnswer:
        request = self._response.request
        return UnexpectedAnswer(
            f"the answer is longer than {self._most >> 20} MiB: the rest was not read",
            status=self._response.status_code,
            solution="Ask for less at a time; if that is impossible, something else may answer in the service's place.",
            method=request.method,
            url=str(request.url),
        )
