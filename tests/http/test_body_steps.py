"""The limits of a body, on canned streams: size, deadline, compression."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from qiskit_runtime_rest.errors import UnexpectedAnswer
from qiskit_runtime_rest.http import bodies
from qiskit_runtime_rest.http.auth.iam import token_request
from qiskit_runtime_rest.http.bodies import Body
from qiskit_runtime_rest.plans.deadline import Deadline, end_by

from ..fixtures.clocks import FakeClock
from ..fixtures.stepping import URL

MIB = 2**20


class Stream(httpx.SyncByteStream):
    """Chunks; two seconds of the clock before each. `taken`: how many were read."""

    def __init__(self, chunks: list[bytes], clock: FakeClock) -> None:
        self.chunks, self.clock, self.taken, self.closed = chunks, clock, 0, False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.clock.now += 2.0
            self.taken += 1
            yield chunk

    def close(self) -> None:
        self.closed = True


def limited(
    chunks: list[bytes],
    clock: FakeClock,
    *,
    status: int = 200,
    request: httpx.Request | None = None,
    encoding: str | None = None,
) -> tuple[httpx.Response, Stream]:
    stream = Stream(chunks, clock)
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    asked = request or httpx.Request("GET", URL)
    response = httpx.Response(status, headers=headers, stream=stream, request=asked)
    Body(response)
    return response, stream


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that tests reach quickly."""
    monkeypatch.setattr(bodies, "MESSAGE_BYTES", 10)
    monkeypatch.setattr(bodies, "JSON_BYTES", MIB)
    monkeypatch.setattr(bodies, "RESULT_BYTES", 2 * MIB)


@pytest.mark.parametrize("encoding", [None, "identity", "", "gzip", " GZIP "])
def test_a_body_within_the_limits_is_read_whole(clock: FakeClock, encoding: str | None) -> None:
    packed = gzip.compress(b"x" * MIB) if encoding and "g" in encoding.lower() else b"x" * MIB
    response, stream = limited([packed[:700], packed[700:]], clock, encoding=encoding)
    assert response.read() == b"x" * MIB
    assert stream.closed


@pytest.mark.parametrize(("path", "most"), [("", 1), ("/x/results", 2)])
@pytest.mark.parametrize("packed", [False, True])
def test_a_longer_success_is_refused(clock: FakeClock, path: str, most: int, packed: bool) -> None:
    body = b"x" * (most * MIB + 1)
    chunks = [gzip.compress(body)] if packed else [body[:1000], body[1000:]]
    request = httpx.Request("GET", URL + path)
    response, _ = limited(chunks, clock, request=request, encoding="gzip" if packed else None)
    with pytest.raises(UnexpectedAnswer, match=f"longer than {most} MiB: the rest was not read") as failure:
        response.read()
    assert (failure.value.status, failure.value.method, failure.value.url) == (200, "GET", URL + path)


def test_of_an_error_only_the_start_is_read(clock: FakeClock) -> None:
    response, stream = limited([b"12345", b"67890", b"abc", b"def"], clock, status=503)
    assert response.read() == b"1234567890"
    assert stream.taken == 3


def test_of_a_token_response_only_the_start_is_read(clock: FakeClock) -> None:
    request = token_request("https://iam", api_key="k" * 20, like=httpx.Request("GET", URL))
    assert limited([b"x" * 11], clock, request=request)[0].read() == b"x" * 10


@pytest.mark.parametrize(("until", "complete"), [(1004.1, True), (1004.0, False), (None, True)])
def test_a_body_must_be_complete_by_the_deadline(clock: FakeClock, until: float | None, complete: bool) -> None:
    response, _ = limited([b"a", b"b"], clock)
    with end_by(None if until is None else Deadline(until, clock)):
        if complete:
            assert response.read() == b"ab"
            return
        with pytest.raises(httpx.ReadTimeout, match="not complete in time"):
            response.read()


def test_another_compression_is_refused_before_it_is_read(clock: FakeClock) -> None:
    with pytest.raises(httpx.DecodingError, match="expected gzip, got br"):
        limited([b"x"], clock, encoding="br")


def test_a_broken_compression_is_an_error(clock: FakeClock) -> None:
    with pytest.raises(httpx.DecodingError):
        limited([b"not gzip"], clock, encoding="gzip")[0].read()


def test_bytes_after_the_end_of_the_compression_count_but_are_ignored(clock: FakeClock) -> None:
    packed = gzip.compress(b"x")
    response, stream = limited([packed, b"trash", b"y" * MIB, b"more"], clock, encoding="gzip")
    assert response.read() == b"x"
    assert stream.taken == 3


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_all_members_of_a_compression_are_read(clock: FakeClock, size: int) -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert limited(chunks, clock, encoding="gzip")[0].read() == b"one two"


@pytest.mark.parametrize("cut", [1, 8, 9, 15])
def test_a_compression_that_ends_in_the_middle_is_an_error(clock: FakeClock, cut: int) -> None:
    """The last eight bytes are its check: without them, what was unpacked may be all, or not."""
    packed = gzip.compress(b'{"jobs": []}') + gzip.compress(b"more")
    for whole in (packed, packed[: -len(gzip.compress(b"more"))]):
        with pytest.raises(httpx.DecodingError, match="ends in the middle"):
            limited([whole[:-cut]], clock, encoding="gzip")[0].read()


def test_an_error_whose_compression_is_cut_is_still_that_error(clock: FakeClock) -> None:
    packed = gzip.compress(b"busy")
    assert limited([packed[:-4]], clock, status=503, encoding="gzip")[0].read() == b"busy"


class AsyncStream(httpx.AsyncByteStream):
    """Chunks for a task."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks, self.taken = chunks, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            yield chunk


def test_a_task_reads_up_to_the_same_limits() -> None:
    stream = AsyncStream([b"12345", b"67890", b"abc", b"def"])
    response = httpx.Response(503, stream=stream, request=httpx.Request("GET", URL))
    Body(response)
    assert asyncio.run(response.aread()) == b"1234567890"
    assert stream.taken == 3
