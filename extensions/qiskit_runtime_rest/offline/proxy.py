"""An HTTP proxy that passes connections for known hosts on to servers of this machine, and refuses all others.

It has two sockets. The front speaks HTTP: `CONNECT`, requests with an absolute URL, and requests with the header
`Host`. What follows a `CONNECT` to port 443 goes to the second one, which ends TLS: there the name that the client's
handshake asks for decides where the bytes go. Programs that cannot use a proxy can connect to the second one directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import h11
from attrs import frozen

from ..base.serving import url_of
from .traffic import Traffic

__all__ = ["Destination", "Proxy"]

Destination: TypeAlias = tuple[str, int]
"""Host and port of the server that a name stands for."""

PORTS = (80, 443)
HTTPS = 443
SCHEMES = {"http": 80, "ws": 80, "https": 443, "wss": 443}
MOST_HEAD_BYTES = 64 * 1024
PART_BYTES = 256 * 1024
HEAD_SECONDS = 20.0
LINGER_SECONDS = 2.0
ROUNDS_TO_A_TASK = 5
"""Rounds of the event loop until a connection that was accepted has its task, which closes it; a few to spare."""
HEAD_END = b"\r\n\r\n"
FIRST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.[01]\r\n")
USER = "qrr"
PASSWORD = re.compile(rb"(?i)\r\nproxy-authorization:[ \t]*basic[ \t]+([^\s]+)")
FOR_ONE_HOP = frozenset(
    {b"connection", b"host", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"upgrade"}
)

_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@frozen
class _Refusal(Exception):
    """A request that is answered by the proxy itself."""

    status: int
    message: str

    def response(self) -> bytes:
        """Status line, headers and body. Some clients show only the status line, so the message is there, too."""
        body = json.dumps({"errors": [{"code": self.status, "message": self.message}]}).encode() + b"\n"
        head = [
            f"HTTP/1.1 {self.status} {self.message}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        return "\r\n".join(head).encode("ascii", "replace") + HEAD_END + body


class Proxy:
    """A proxy in a thread of this process, from the constructor until `close`."""

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        *,
        front: socket.socket,
        tls: socket.socket,
        context: ssl.SSLContext,
        traffic: Traffic,
        head_seconds: float = HEAD_SECONDS,
        secret: str | None = None,
        passes_others: bool = False,
        own: set[Destination] | None = None,
    ) -> None:
        """Serve.

        Args:
            destinations: where each known host goes.
            front: the listening socket of the proxy; closed at the end.
            tls: the listening socket that ends TLS; closed at the end.
            context: of the server, with certificates for all known hosts.
            traffic: counts the connections.
            head_seconds: how long a client may take for the head of a request, or for its part of the TLS handshake.
            secret: if given, the password that clients must send, and connections past the front are refused.
            passes_others: whether connections to all other hosts are passed on to them, instead of refused.
            own: takes the local ends of this proxy's connections, by which a server behind it knows it.
        """
        self.url = url_of(front)
        self.tls_port: int = tls.getsockname()[1]
        self._own: set[Destination] = set() if own is None else own
        self._password = None if secret is None else b64encode(f"{USER}:{secret}".encode())
        self._passes_others = passes_others
        self._destinations = destinations
        self._traffic = traffic
        self._head_seconds = head_seconds
        self._names: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()
        context.sni_callback = self._named  # asyncio's connections are `SSLObject`
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._handling: set[asyncio.Task[None]] = set()
        """asyncio itself holds a task only weakly: one whose client has gone would be lost while its server works."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._serve(front, tls, ready.set)),
            name="qiskit-runtime-proxy",
            daemon=True,
        )
        self._thread.start()
        ready.wait()

    def close(self) -> None:
        """Stop, and end all connections. Calling it again does nothing."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._loop.close()

    async def _serve(self, front: socket.socket, tls: socket.socket, on_started: Callable[[], None]) -> None:
        servers = [
            await asyncio.start_server(self._guarded(self._front), sock=front, limit=MOST_HEAD_BYTES),
            await asyncio.start_server(
                self._guarded(self._decrypted), sock=tls, ssl=self._context, ssl_handshake_timeout=self._head_seconds
            ),
        ]
        on_started()
        await self._stop.wait()
        # asyncio loses a connection that it accepts in the round before its server is closed.
        for listener in (front, tls):
            self._loop.remove_reader(listener)
        for _ in range(ROUNDS_TO_A_TASK):
            await asyncio.sleep(0)
        for server in servers:
            server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0)  # in which asyncio closes the sockets of aborted connections

    def _guarded(self, handle: _Handler) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        """End the connection after `handle`, however it ends, and also if the proxy ends before it has started."""

        async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):  # a connection has broken
                try:
                    await handle(reader, writer)
                except _Refusal as refusal:
                    await _refuse(refusal, reader, writer)
                writer.close()
                await writer.wait_closed()

        def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            def ended(task: asyncio.Task[None]) -> None:
                self._handling.discard(task)
                writer.transport.abort()

            task = self._loop.create_task(handled(reader, writer))
            self._handling.add(task)
            task.add_done_callback(ended)

        return opened

    async def _front(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await self._head(reader)
        match = FIRST_LINE.match(head)
        if match is None:
            raise _Refusal(400, "This is not a request of HTTP/1.1")
        method, target = match.groups()
        if self._password is not None and self._password not in PASSWORD.findall(head):
            raise _Refusal(407, "This proxy is for the processes of one program")
        if method == b"CONNECT":
            destination = self._tunnel(*_authority(target.decode(), default=HTTPS))
            async with _connected(destination, self._own) as server:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _exchange((reader, writer), server)
        else:
            destination, request = self._plain(head)
            async with _connected(destination, self._own) as server:
                server[1].write(request)
                await _exchange((reader, writer), server)

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._head_seconds):
                return await reader.readuntil(HEAD_END)
        except TimeoutError:
            raise _Refusal(408, "The head of the request did not arrive in time") from None
        except asyncio.LimitOverrunError:
            raise _Refusal(431, f"The head of the request has more than {MOST_HEAD_BYTES} bytes") from None
        except asyncio.IncompleteReadError:
            raise _Refusal(400, "The head of the request is not complete") from None

    def _tunnel(self, host: str, port: int) -> Destination:
        """Where the bytes of a tunnel go."""
        if self._passes(host):
            return host, port
        self._check(host, port)
        if port == HTTPS:
            return "127.0.0.1", self.tls_port
        self._traffic.answered(host)
        return self._destinations[host]

    def _plain(self, head: bytes) -> tuple[Destination, bytes]:
        """Where a request goes, and its head there: without what is meant for a proxy, and as the only one."""
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD_BYTES)
        try:
            connection.receive_data(head)
            given = connection.next_event()
        except h11.RemoteProtocolError:  # its text may show headers
            raise _Refusal(400, "This is not a request of HTTP/1.1") from None
        assert isinstance(given, h11.Request)
        host, port, target = _url(given)
        destination = (host, port)
        if not self._passes(host):
            self._check(host, port)
            self._traffic.answered(host)
            destination = self._destinations[host]
        headers = [(name, value) for name, value in given.headers if name not in FOR_ONE_HOP]
        sent = h11.Request(
            method=given.method,
            target=target,
            headers=[(b"host", host.encode()), *headers, (b"connection", b"close")],
        )
        return destination, h11.Connection(h11.CLIENT).send(sent) or b""

    def _passes(self, host: str) -> bool:
        return self._passes_others and host not in self._destinations

    def _check(self, host: str, port: int) -> None:
        if host not in self._destinations or port not in PORTS:
            address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            self._traffic.refused(address)
            raise _Refusal(403, f"qrr offline refuses {address}: it is not a host of the Qiskit Runtime services")

    def _named(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Keep the name that a client asks for in the TLS handshake; refuse one that is not known."""
        name = (name or "").lower()
        if name not in self._destinations:
            self._traffic.refused(f"{name or '(no name)'}:{HTTPS}")
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        self._names[connection] = name
        return None

    async def _decrypted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._password is not None and writer.get_extra_info("peername")[:2] not in self._own:
            raise ConnectionAbortedError
        host = self._names[writer.get_extra_info("ssl_object")]
        self._traffic.answered(host)
        async with _connected(self._destinations[host], self._own) as server:
            await _exchange((reader, writer), server)


async def _refuse(refusal: _Refusal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer, then read what is still coming: a connection that is closed before is reset, and the answer is lost."""
    writer.write(refusal.response())
    await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while await reader.read(PART_BYTES):
                pass


def _authority(text: str, *, default: int) -> tuple[str, int]:
    """Host and port of `host:port`, of a header `Host`, or of that part of a URL."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise _Refusal(400, "The request names no host")
    return host.rstrip("."), default if port is None else port


def _url(request: h11.Request) -> tuple[str, int, bytes]:
    """Host and port that a request is for, and its target there."""
    target = request.target.decode("ascii")
    if target.startswith("/"):
        given = next((value for name, value in request.headers if name == b"host"), b"")
        return *_authority(given.decode("latin-1"), default=80), request.target
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in SCHEMES:
        raise _Refusal(400, "The request names no host")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    below = rest.removeprefix(authority).partition("#")[0]
    host, port = _authority(authority, default=SCHEMES[scheme.lower()])
    return host, port, (below if below.startswith("/") else f"/{below}").encode()


_Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def _connected(destination: Destination, own: set[Destination]) -> AsyncIterator[_Streams]:
    """A connection to a server. `own`: has its local end meanwhile."""
    try:
        reader, writer = await asyncio.open_connection(*destination)
    except OSError:
        raise _Refusal(502, "The server on this machine cannot be reached") from None
    end = writer.get_extra_info("sockname")[:2]
    own.add(end)
    try:
        yield reader, writer
    except BaseException:
        writer.transport.abort()
        raise
    finally:
        own.discard(end)
    writer.close()


async def _exchange(client: _Streams, server: _Streams) -> None:
    """Pass bytes on in both directions until both have ended. Raises `OSError` if a connection breaks."""
    ways = [asyncio.ensure_future(_copy(client[0], server[1])), asyncio.ensure_future(_copy(server[0], client[1]))]
    try:
        await asyncio.gather(*ways)
    finally:
        for way in ways:
            way.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(PART_BYTES):
        writer.write(part)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:  # TLS knows no half of a connection
        writer.close()
