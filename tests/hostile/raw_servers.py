"""Servers made of plain sockets: what they send is not HTTP unless an attack says so."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

__all__ = ["ATTACKS", "FLOODS", "TLS_ATTACKS", "Act", "RawServer", "answer", "drip", "fine", "read_request"]

PAUSE_SECONDS = 0.05
"""Between two drips: far less than any time-out for one read."""

OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
MUCH = JSON + b"Content-Length: 999999999999\r\n\r\n"
EMPTY_BLOCK = b"\0\0\0\xff\xff"
"""A part of a gzip stream that unpacks to nothing."""

Act = Callable[[socket.socket, threading.Event], None]
"""What a server does with a connection, until the event is set."""


class RawServer:
    """Listens on 127.0.0.1, and does `act` with each connection, in a thread of its own."""

    def __init__(self, act: Act, *, accepts: bool = True, scheme: str = "http") -> None:
        self._act = act
        self._accepts = accepts
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200 if accepts else 0)
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self.accepted = 0
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        if self._accepts:
            self._start(self._accept)
        else:
            # These fill the queue of the listener, so that the system does not answer others.
            for _ in range(3):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(self._listener.getsockname())
                self._connections.append(waiting)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                connection.settimeout(60)
                self.accepted += 1
                # A duplicate, since TLS takes the socket over.
                self._connections.append(connection.dup())
                self._start(self._serve, connection, self._connections[-1])

    def _serve(self, connection: socket.socket, duplicate: socket.socket) -> None:
        with contextlib.suppress(OSError), duplicate, connection:
            self._act(connection, self._stop)


def read_request(connection: Any, received: bytes = b"") -> tuple[bytes, bytes]:
    """The head and the body of a request. Raises: ConnectionError: there is none."""
    while b"\r\n\r\n" not in received:
        some = connection.recv(2**16)
        if not some:
            raise ConnectionError
        received += some
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields.get(b"content-length", b"0")):
        some = connection.recv(2**16)
        if not some:
            raise ConnectionError
        body += some
    return head, body


def answer(body: Any, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole answer with `body` as JSON."""
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return head.encode() + content


def fine(body: Any, *, after: float = 0.0, **options: Any) -> Act:
    """Answer each request with `body`, `after` seconds later."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        while True:
            read_request(connection)
            if after and stop.wait(after):
                return
            connection.sendall(answer(body, **options))

    return act


def drip(first: bytes, again: bytes | Iterable[bytes] = b"", *, pause: float = PAUSE_SECONDS) -> Act:
    """Answer with `first` at once, and with `again` (an item of it) each time after a pause. Nothing: it is silent."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        read_request(connection)
        connection.sendall(first)
        pieces = itertools.repeat(again) if isinstance(again, bytes) else iter(again)
        for piece in pieces:
            if not piece:
                break
            if stop.wait(pause):
                return
            connection.sendall(piece)
        connection.recv(1)

    return act


def each_byte(text: bytes) -> list[bytes]:
    return [text[at : at + 1] for at in range(len(text))]


def _close(_connection: socket.socket, _stop: threading.Event) -> None:
    """End the connection before a request is read."""


def _reset(connection: socket.socket, _stop: threading.Event) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _packed() -> bytes:
    pack = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return pack.compress(b'{"id": "x"') + pack.flush(zlib.Z_SYNC_FLUSH)


GZIP = OK + JSON + b"Content-Encoding: gzip\r\nContent-Length: 999999999999\r\n\r\n" + _packed()
MEMBER = zlib.compress(b"", wbits=zlib.MAX_WBITS | 16)
A_WHOLE = answer({"id": "x", "status": "Queued", "access_token": "t", "expires_in": 3600}) + b" " * 1000

ATTACKS: Mapping[str, Act] = {
    # Drips: no read of them is ever late.
    "100 answers": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 answers": drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103 answers": drip(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "bytes of a 103 answer": drip(b"HTTP/1.1 103 Early Hints\r\nX: ", b"x"),
    "empty lines": drip(b"", b"\r\n"),
    "status line": drip(b"HTTP/1.1 200 ", b"O"),
    "header": drip(OK + b"X: ", b"x"),
    "name of a header": drip(OK, b"x"),
    "headers": drip(OK, b"X: y\r\n"),
    "folded header": drip(OK + b"X: y\r\n", b" y\r\n"),
    "body": drip(OK + MUCH, b" "),
    "body until the end of the connection": drip(OK + JSON + b"\r\n", b" "),
    "body of an error": drip(b"HTTP/1.1 503 Busy\r\n" + MUCH, b" "),
    "body of a refusal": drip(b"HTTP/1.1 401 No\r\n" + MUCH, b" "),
    "body of a 429": drip(b"HTTP/1.1 429 Slow down\r\n" + MUCH, b" "),
    "web page": drip(OK + b"Content-Type: text/html\r\nContent-Length: 999999999999\r\n\r\n", b"<p>"),
    "chunks": drip(CHUNKED, b"1\r\n \r\n"),
    "chunk size": drip(CHUNKED, b"0"),
    "chunk extension": drip(CHUNKED + b"1;", b"x"),
    "chunk": drip(CHUNKED + b"ffff\r\n", b" "),
    "trailer": drip(CHUNKED + b"2\r\n{}\r\n0\r\nX: ", b"x"),
    "trailers": drip(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
    "gzip": drip(GZIP, b" "),
    "gzip of nothing": drip(GZIP, EMPTY_BLOCK),
    "empty members of gzip": drip(GZIP[: -len(_packed())], MEMBER),
    "a whole answer, byte by byte": drip(b"", each_byte(A_WHOLE)),
    # Silence.
    "no answer": drip(b""),
    "silent in the status line": drip(b"HTTP/1.1 2"),
    "silent in the headers": drip(OK + b"X: y\r\n"),
    "silent in the body": drip(OK + MUCH + b"{"),
    "silent in a chunk": drip(CHUNKED + b"5\r\n{"),
    "silent in the trailers": drip(CHUNKED + b"2\r\n{}\r\n0\r\nX"),
    "silent in gzip": drip(GZIP),
    # Ends.
    "closed at once": _close,
    "reset": _reset,
    "closed after each 503": fine({}, status="503 Busy", headers="Retry-After: 0\r\nConnection: close\r\n"),
    "429 for an hour": fine({}, status="429 Slow down", headers="Retry-After: 3600\r\n"),
}
"""What is sent after a request."""

FLOODS: Mapping[str, Act] = {
    "a flood of 103 answers": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 500, pause=0.001),
    "a flood of trailers": drip(CHUNKED + b"0\r\n", b"X: y\r\n" * 500, pause=0.001),
    "a flood of chunks": drip(CHUNKED, b"1\r\n \r\n" * 500, pause=0.001),
    "a flood of gzip of nothing": drip(GZIP, EMPTY_BLOCK * 500, pause=0.001),
    "a flood of empty members of gzip": drip(GZIP[: -len(_packed())], MEMBER * 500, pause=0.001),
}
"""The same, as fast as the client takes it."""


def _in_tls(context: ssl.SSLContext, act: Act) -> Act:
    """Do `act` after the handshake."""

    def served(connection: socket.socket, stop: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            act(wrapped, stop)

    return served


def _record(context: ssl.SSLContext) -> Act:
    """Send a record that does not end, byte by byte, after the handshake and the request."""

    def served(connection: socket.socket, stop: threading.Event) -> None:
        with socket.socket(fileno=connection.detach()) as raw:
            secure = context.wrap_socket(raw.dup(), server_side=True)
            with secure:
                read_request(secure)
                raw.sendall(b"\x17\x03\x03\x40\x00")
                while not stop.wait(PAUSE_SECONDS):
                    raw.sendall(b"x")

    return served


def _handshake(first: bytes, again: bytes) -> Act:
    def served(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(2**16)
        connection.sendall(first)
        while again and not stop.wait(PAUSE_SECONDS):
            connection.sendall(again)
        connection.recv(1)

    return served


TLS_ATTACKS: Mapping[str, Callable[[ssl.SSLContext], Act]] = {
    "TLS: no handshake": lambda _: _handshake(b"", b""),
    "TLS: a record of the handshake": lambda _: _handshake(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"x"),
    "TLS: records of the handshake": lambda _: _handshake(
        b"\x16\x03\x03\x00\x04\x02\x00\x3f\xfc", b"\x16\x03\x03\x00\x01x"
    ),
    "TLS: a record after the handshake": _record,
    "TLS: headers": lambda context: _in_tls(context, ATTACKS["headers"]),
    "TLS: body": lambda context: _in_tls(context, ATTACKS["body"]),
    "TLS: 103 answers": lambda context: _in_tls(context, ATTACKS["103 answers"]),
    "TLS: no answer": lambda context: _in_tls(context, ATTACKS["no answer"]),
}
"""What is done with a connection that should become one with TLS, by the server's context."""
