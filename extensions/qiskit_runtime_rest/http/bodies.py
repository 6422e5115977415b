"""Bodies of answers while they come: unpacked in small steps, and held to a size and to a moment."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from ..errors import UnexpectedAnswer
from ..plans.clock import Clock
from .auth.iam import is_iam_request

__all__ = ["ACCEPTED", "SHORTEST_SECONDS", "UNTIL", "Body"]

ACCEPTED = "gzip"
"""How answers may be packed."""

UNTIL = "qiskit_runtime_rest.until"
"""The extension of a request that holds the moment, on the clock, by which its answer shall be whole."""

SHORTEST_SECONDS = 5.0
"""Seconds that one request may always take, even when less of its budget is left: it could not succeed in none."""

MESSAGE_BYTES = 2**20
"""So much is read of an error, and of a token: the rest of a longer one is left unread."""

JSON_BYTES = 2**27
"""Longest answer, 128 MiB: two hundred jobs with half a megabyte of params each fit."""

RESULT_BYTES = 2**32
"""Longest result, 4 GiB: twice what its largest array may be."""

STEP = 2**20
"""Bytes that are unpacked at a time."""


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Takes the place of the body of `response`, before any of it is read.

    Raises:
        httpx.ReadTimeout: it has not come whole by the moment in the request's extension `UNTIL`.
        httpx.DecodingError: it is not packed as it says.
        UnexpectedAnswer: a success is longer than any should be.
    """

    def __init__(self, response: httpx.Response, clock: Clock) -> None:
        """Nothing is read yet.

        Raises:
            httpx.DecodingError: it is packed in a way that was not asked for.
        """
        self._response = response
        self._stream: Any = response.stream
        self._clock = clock
        self._until: float | None = response.request.extensions.get(UNTIL)
        self._is_message = not response.is_success or is_iam_request(response.request)
        self._left = self._most = MESSAGE_BYTES if self._is_message else _most(response.request)
        # httpx would unpack what it reads in one, however much comes of it.
        packed = response.headers.pop("Content-Encoding", "").strip().lower()
        if packed not in ("", "identity", ACCEPTED):
            raise httpx.DecodingError(f"only {ACCEPTED} was asked for, and it is {packed}", request=response.request)
        self._packed = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed == ACCEPTED else None
        response.stream = self

    def __iter__(self) -> Iterator[bytes]:
        """The unpacked bytes as they come, for a thread."""
        for raw in self._stream:
            yield from self._taken(raw)
            if self._left < 0:
                return

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The unpacked bytes as they come, for a task."""
        async for raw in self._stream:
            for chunk in self._taken(raw):
                yield chunk
            if self._left < 0:
                return

    def close(self) -> None:
        """Give the connection back, or up."""
        self._stream.close()

    async def aclose(self) -> None:
        """As `close`, for a task."""
        await self._stream.aclose()

    def _taken(self, raw: bytes) -> Iterator[bytes]:
        if self._until is not None and self._clock.monotonic() > self._until:
            raise httpx.ReadTimeout("it began to come, and was not whole by then")
        for chunk in [raw] if self._packed is None else self._unpacked(raw):
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
        assert self._packed is not None
        if self._packed.eof:
            self._left -= len(raw)
            return
        try:
            while chunk := self._packed.decompress(raw, STEP):
                yield chunk
                raw = self._packed.unconsumed_tail
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error

    def _too_long(self) -> UnexpectedAnswer:
        request = self._response.request
        return UnexpectedAnswer(
            f"the answer is longer than {self._most >> 20} MiB: the rest was not read",
            status=self._response.status_code,
            solution="Ask for less at a time; if that is impossible, something else may answer in the service's place.",
            method=request.method,
            url=str(request.url),
        )


def _most(request: httpx.Request) -> int:
    return RESULT_BYTES if request.url.path.endswith("/results") else JSON_BYTES
