"""Bytes that are not quite HTTP, or more of it than there should be, to all servers and to the proxy."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import Root

SECONDS = 20
"""How long a server may take to answer, or to close the connection."""

POST = "POST {iam}/identity/token HTTP/1.1\r\nHost: {host}\r\n"
GET = "GET {api}/v1/versions HTTP/1.1\r\nHost: {host}\r\n"
SMUGGLED = "GET {api}/v1/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n"
CLOSE = "Connection: close\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"

REFUSED: Mapping[str, str] = {
    "two lengths": POST + "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}" + SMUGGLED,
    "two lengths in one": POST + "Content-Length: 2, 40\r\n\r\n{{}}" + SMUGGLED,
    "a negative length": POST + "Content-Length: -1\r\n\r\n" + SMUGGLED,
    "a length with a sign": POST + "Content-Length: +2\r\n\r\n{{}}" + SMUGGLED,
    "a hexadecimal length": POST + "Content-Length: 0x2\r\n\r\n{{}}" + SMUGGLED,
    "a length with an exponent": POST + "Content-Length: 1e1\r\n\r\n{{}}" + SMUGGLED,
    "an empty length": POST + "Content-Length:\r\n\r\n" + SMUGGLED,
    "a length beyond all numbers": POST + f"Content-Length: {'9' * 40}\r\n\r\n" + SMUGGLED,
    "length and chunks": POST + "Content-Length: 4\r\n" + CHUNKED + "\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and length": POST + CHUNKED + "Content-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks that are not last": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "an unknown coding": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks twice": POST + CHUNKED + CHUNKED + "\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the colon": POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a control character in the coding": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a negative chunk": POST + CHUNKED + "\r\n-1\r\n{{}}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk with a prefix": POST + CHUNKED + "\r\n0x2\r\n{{}}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk beyond all numbers": POST + CHUNKED + "\r\n" + "F" * 40 + "\r\n{{}}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk without a size": POST + CHUNKED + "\r\n\r\n{{}}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk that is too long": POST + CHUNKED + "\r\n1\r\n{{}}\r\n0\r\n\r\n" + SMUGGLED,
    "a null byte in a name": GET + "X\x00Y: z\r\n" + CLOSE,
    "a null byte in a value": GET + "X: y\x00z\r\n" + CLOSE,
    "a null byte in the target": "GET {api}/v1/versions\x00 HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "a bare CR in a value": GET + "X: y\rContent-Length: 40\r\n" + CLOSE,
    "a header without a colon": GET + "broken\r\n" + CLOSE,
    "a header without a name": GET + ": y\r\n" + CLOSE,
    "two hosts": GET + "Host: evil.example\r\n" + CLOSE,
    "another host": "GET {api}/v1/versions HTTP/1.1\r\nHost: evil.example\r\n" + CLOSE,
    "another host in the target": "GET http://evil.example{api}/v1/versions HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "no host": "GET {api}/v1/versions HTTP/1.1\r\n" + CLOSE,
    "no host in HTTP/1.0": "GET {api}/v1/versions HTTP/1.0\r\n" + CLOSE,
    "a space in the target": "GET {api}/v1/versions x HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "no target": "GET HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "an unknown version": "GET {api}/v1/versions HTTP/9.9\r\nHost: {host}\r\n" + CLOSE,
    "no version": "GET {api}/v1/versions\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\xff" * 600 + "\r\n\r\n",
    "another protocol": "EHLO evil.example\r\n\r\n",
    "binary": bytes(range(256)).decode("latin-1").replace("{", "").replace("}", "") + "\r\n\r\n",
    "a huge header": GET + f"X: {'y' * 500_000}\r\n" + CLOSE,
    "a huge name": GET + f"{'X' * 500_000}: y\r\n" + CLOSE,
    "many headers": GET + "X: y\r\n" * 100_000 + CLOSE,
    "a huge target": "GET /" + "x" * 500_000 + " HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "a huge method": "X" * 500_000 + " / HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
}
"""Each is refused, or ends the connection; at most one answer comes, and no answer of a request that was accepted."""

ACCEPTED: Mapping[str, str] = {
    "the form of a proxy": "GET http://{host}{api}/v1/versions HTTP/1.1\r\nHost: evil.example\r\n" + CLOSE,
    "the same host in capitals": "GET {api}/v1/versions HTTP/1.1\r\nHOST: {HOST}\r\n" + CLOSE,
    "an upgrade to HTTP/2": GET + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, close\r\n\r\n",
    "an expectation": POST + "Expect: 100-continue\r\nContent-Length: 2\r\n" + CLOSE + "{{}}",
    "extensions of chunks": POST + CHUNKED + CLOSE + '2;a="b\\"c"\r\n{{}}\r\n0;x\r\nHost: evil.example\r\n\r\n',
    "empty lines before": "\r\n\r\n" + GET + CLOSE,
    "percent signs": "GET /%00%0d%0aX-Evil:%20y%ff%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "steps up": "GET /api/../../../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "bytes that are no text": "GET /\xff\xfe HTTP/1.1\r\nHost: {host}\r\nX: \xff\xfe\r\n" + CLOSE,
    "an unknown method": "BREW {api}/v1/versions HTTP/1.1\r\nHost: {host}\r\n" + CLOSE,
    "a body where there is none": GET + "Content-Length: 2\r\n" + CLOSE + "{{}}",
}
"""Each has one answer, whatever it is, but not an error of the server. Some parsers refuse some of them."""

CUT: Mapping[str, str] = {
    "in the line": "GET /api",
    "in the head": GET + "X: ",
    "in the body": POST + "Content-Length: 1000\r\n\r\n{{",
    "in a chunk": POST + CHUNKED + "\r\nff\r\n{{",
    "before the last chunk": POST + CHUNKED + "\r\n2\r\n{{}}\r\n",
    "in a trailer": POST + CHUNKED + "\r\n2\r\n{{}}\r\n0\r\nX: ",
    "after nothing": "",
}


def said(root: Root, sent: str, *, ends: bool = False) -> bytes:
    """All that the server says to these bytes; `ends`: the client closes its half of the connection after them."""
    parts = urlsplit(root.url)
    names = {"host": root.host, "HOST": root.host.upper(), "api": root.api, "iam": root.iam}
    received = b""
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS) as connection:
        try:
            connection.sendall(sent.format_map(names).encode("latin-1"))
            if ends:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except (ConnectionResetError, BrokenPipeError):  # the server had enough before it had all
            pass
    return received


def statuses(answer: bytes) -> list[int]:
    return [int(part.split(b" ")[0]) for part in answer.split(b"HTTP/1.1 ")[1:] if not part.startswith(b"100")]


def check_alive(root: Root) -> None:
    (status,) = statuses(said(root, GET + CLOSE))
    assert status in (200, 401, 404, 421)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_one_request_is_refused(root: Root, service: Emulator, kind: str) -> None:
    service.clear_requests()
    found = statuses(said(root, REFUSED[kind]))
    assert len(found) <= 1
    assert all(400 <= status < 500 for status in found), found
    assert [request.path for request in service.requests if "smuggled" in request.path] == []
    check_alive(root)


@pytest.mark.parametrize("kind", ACCEPTED)
def test_what_is_odd_has_one_answer(root: Root, kind: str) -> None:
    (status,) = statuses(said(root, ACCEPTED[kind]))
    assert status < 500
    check_alive(root)


@pytest.mark.parametrize("where", CUT)
def test_a_request_that_is_cut_harms_nobody(root: Root, where: str) -> None:
    found = statuses(said(root, CUT[where], ends=True))
    assert all(status < 500 for status in found)
    check_alive(root)


def test_no_answer_repeats_what_was_sent_as_its_own_header(root: Root) -> None:
    for target in ("/%0d%0aX-Evil:%20y", "/a?b=%0d%0aX-Evil:%20y", "/\u0000"):
        head = said(root, f"GET {target} HTTP/1.1\r\nHost: {{host}}\r\n" + CLOSE).partition(b"\r\n\r\n")[0]
        assert b"x-evil" not in head.lower()


def test_requests_in_one_stream_are_answered_in_order(servers: Mapping[str, Root]) -> None:
    for kind, root in servers.items():
        answer = said(root, (GET + "\r\n") * 50 + GET + CLOSE)
        # The proxy passes on only one request of a connection.
        assert len(statuses(answer)) == (1 if kind == "proxy" else 51)
