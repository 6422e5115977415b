"""A proxy in front of a scripted server, raw connections to it, and the whole of `qrr offline` in this process."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from qiskit_runtime_rest.base.serving import listen
from qiskit_runtime_rest.offline.authority import Authority
from qiskit_runtime_rest.offline.proxy import Proxy
from qiskit_runtime_rest.offline.traffic import Report, Traffic

from ..fixtures.loopback import Loopback
from ..fixtures.offline_programs import program, services

HOST = "quantum.cloud.ibm.com"
OTHER = "iam.cloud.ibm.com"
SECONDS = 120
"""How long a client waits before a test fails."""


@frozen(kw_only=True)
class Stage:
    """A running proxy with all that tests look at."""

    proxy: Proxy
    server: Loopback
    authority: Authority
    traffic: Traffic

    @property
    def report(self) -> Report:
        return self.traffic.report(live=False)

    @property
    def front(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.proxy.url.rpartition(":")[2])

    def connect(self) -> socket.socket:
        """A raw connection to the proxy."""
        return socket.create_connection(self.front, timeout=SECONDS)

    def say(self, sent: bytes) -> bytes:
        """All that the proxy says to these bytes, until it closes the connection."""
        with self.connect() as connection:
            connection.sendall(sent)
            return rest(connection)

    @contextlib.contextmanager
    def tunnel(
        self, host: str = HOST, *, name: str | None = HOST, alpn: list[str] | None = None
    ) -> Iterator[ssl.SSLSocket]:
        """A TLS connection through a tunnel to `host`; `name`: the one that the handshake asks for."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        if alpn:
            context.set_alpn_protocols(alpn)
        if name is None:
            context.check_hostname = False
        with self.connect() as connection:
            connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            with context.wrap_socket(connection, server_hostname=name) as secure:
                yield secure


StageOf = Callable[..., contextlib.AbstractContextManager[Stage]]


def rest(connection: socket.socket) -> bytes:
    """All bytes until the other side ends the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture
def stage_of(tmp_path: Path) -> StageOf:
    @contextlib.contextmanager
    def start(*, head_seconds: float = SECONDS, listener: socket.socket | None = None) -> Iterator[Stage]:
        with Loopback() as server:
            where = listener.getsockname() if listener else ("127.0.0.1", int(server.url.rpartition(":")[2]))
            destinations = {HOST: where, OTHER: where}
            authority = Authority.create(tmp_path, hosts=destinations)
            traffic = Traffic()
            proxy = Proxy(
                destinations,
                front=listen("127.0.0.1", 0),
                tls=listen("127.0.0.1", 0),
                context=authority.context,
                traffic=traffic,
                head_seconds=head_seconds,
            )
            try:
                yield Stage(proxy=proxy, server=server, authority=authority, traffic=traffic)
            finally:
                proxy.close()

    return start


@pytest.fixture
def stage(stage_of: StageOf) -> Iterator[Stage]:
    with stage_of() as started:
        yield started
