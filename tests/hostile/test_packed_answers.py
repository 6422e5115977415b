"""Compressed answers of raw sockets, cut at each byte or of several members: each is read whole, or its end is told."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    RetryPolicy,
    RuntimeClient,
    RuntimeRestError,
    TransportError,
    UnexpectedAnswer,
)

from ..fixtures.faces import Face, closing_faces
from ..fixtures.loopback import CRN
from .raw_servers import RawServer, read_request

JOB = {"id": "x", "status": "Queued", "tags": ["größer" * 3]}
TEXT = json.dumps(JOB).encode()
MIB = 2**20


def _with_fields(text: bytes) -> bytes:
    """A member with all optional fields: extra bytes, a name, a comment, and a checksum of the head."""
    head = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\x00abc" + b"name\0" + b"comment\0"
    plain = gzip.compress(text, mtime=0)
    return head + (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little") + plain[10:]


def _members(*parts: bytes) -> tuple[bytes, ...]:
    return tuple(gzip.compress(part, mtime=0) for part in parts)


PACKED: Mapping[str, tuple[bytes, ...]] = {
    "one member": _members(TEXT),
    "two members": _members(TEXT[:30], TEXT[30:]),
    "many members": _members(*(TEXT[at : at + 16] for at in range(0, len(TEXT), 16))),
    "empty members": _members(b"", TEXT[:5], b"", b"", TEXT[5:], b""),
    "stored": (gzip.compress(TEXT, 0, mtime=0),),
    "all fields": (_with_fields(TEXT),),
}
"""The members of whole answers."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
Framed = Callable[[bytes, int], bytes]

FRAMES: Mapping[str, Framed] = {
    "its own length": lambda cut, _: HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(cut), cut),
    "the whole length": lambda cut, whole: HEAD + b"Content-Length: %d\r\n\r\n%b" % (whole, cut),
    "chunks": lambda cut, _: (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % byte for byte in cut) + b"0\r\n\r\n"
    ),
    "until the end": lambda cut, _: HEAD + b"\r\n" + cut,
}
"""How an answer says where it ends: that of the cut answer, and the length of the whole one."""


@pytest.fixture(params=[RuntimeClient, AsyncRuntimeClient], ids=["threads", "tasks"])
def ask(request: pytest.FixtureRequest, home: Path) -> Iterator[Callable[[list[bytes]], list[Any]]]:
    """Asks for the job once for each of the answers."""
    del home
    with closing_faces(request.param) as make:

        def asked(answers: list[bytes]) -> list[Any]:
            left = iter(answers)

            def act(connection: socket.socket, _stop: threading.Event) -> None:
                while True:
                    read_request(connection)
                    connection.sendall(answer := next(left))
                    head, _, body = answer.partition(b"\r\n\r\n")
                    if b"chunked" not in head and not head.endswith(b"Length: %d" % len(body)):
                        return

            with RawServer(act) as server:
                options = {"token": "t", "instance": CRN, "verify": False, "retries": RetryPolicy(attempts=1)}
                return outcomes(make(base_url=f"{server.url}/api", **options), len(answers))

        yield asked


def outcomes(face: Face, number: int) -> list[Any]:
    """What `number` calls, one after the other, come to."""

    async def in_task(client: Any) -> list[Any]:
        return [await outcome_of(client.jobs.get("x", timeout=60)) for _ in range(number)]

    async def outcome_of(call: Any) -> Any:
        try:
            return (await call).raw
        except RuntimeRestError as error:
            return error

    def in_thread(client: Any) -> Any:
        try:
            return client.jobs.get("x", timeout=60).raw
        except RuntimeRestError as error:
            return error

    return face.do(in_task) if face.is_async else [face.do(in_thread) for _ in range(number)]


Ask = Callable[[list[bytes]], list[Any]]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", PACKED)
def test_an_answer_is_read_whole_or_its_cut_is_told(ask: Ask, kind: str, frame: str) -> None:
    members = PACKED[kind]
    whole = b"".join(members)
    cuts = range(len(whole) + 1)
    found = ask([FRAMES[frame](whole[:cut], len(whole)) for cut in cuts])
    ends = {0, *accumulate(map(len, members))}
    texts = {end: gzip.decompress(whole[:end]) for end in ends}
    for cut, outcome in zip(cuts, found, strict=True):
        if cut in ends and texts[cut] == TEXT and (frame != "the whole length" or cut == len(whole)):
            assert outcome == JOB, cut
        elif cut in ends and frame != "the whole length":
            # It is a whole gzip file, but not whole JSON.
            assert isinstance(outcome, UnexpectedAnswer), cut
        else:
            assert isinstance(outcome, TransportError), cut


@pytest.mark.parametrize("frame", ["its own length", "chunks", "until the end"])
def test_a_changed_byte_is_told_or_changes_nothing(ask: Ask, frame: str) -> None:
    """Each byte of the member in turn; some of its head, such as the time, mean nothing."""
    whole = PACKED["one member"][0]
    changed = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(len(whole))]
    found = ask([FRAMES[frame](each, len(each)) for each in changed])
    for at, outcome in enumerate(found):
        assert isinstance(outcome, RuntimeRestError) or (outcome == JOB and at < 10), at


@pytest.mark.parametrize("junk", [b"\0" * 600, b"junk", b"junk\x1f\x8b\x08", b"\r\n", b"{}"], ids=repr)
@pytest.mark.parametrize("frame", ["its own length", "chunks", "until the end"])
def test_what_follows_the_last_member_is_ignored(ask: Ask, frame: str, junk: bytes) -> None:
    sent = b"".join(PACKED["two members"]) + junk
    assert ask([FRAMES[frame](sent, len(sent))]) == [JOB]


@pytest.mark.parametrize("junk", [b"\x1f", b"\x1f\x8b", b"\x1fjunk", b"\x1f\x8b\x08junk" * 9], ids=repr)
@pytest.mark.parametrize("frame", ["its own length", "chunks", "until the end"])
def test_what_begins_as_a_member_must_be_one(ask: Ask, frame: str, junk: bytes) -> None:
    sent = b"".join(PACKED["two members"]) + junk
    (outcome,) = ask([FRAMES[frame](sent, len(sent))])
    assert isinstance(outcome, TransportError)


def _bomb(members: int) -> bytes:
    """256 MiB of spaces, in so many members, in a quarter of a MiB."""
    return gzip.compress(b" " * (256 * MIB // members), mtime=0) * members


@pytest.mark.parametrize("members", [1, 256])
def test_a_bomb_does_not_go_off(ask: Ask, members: int) -> None:
    """The answer may be 128 MiB, which are counted while they are unpacked."""
    sent = FRAMES["its own length"](_bomb(members), 0)
    tracemalloc.start()
    try:
        (outcome,) = ask([sent])
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, UnexpectedAnswer)
    assert "longer than 128 MiB" in str(outcome)
    assert most < 2 * 128 * MIB
