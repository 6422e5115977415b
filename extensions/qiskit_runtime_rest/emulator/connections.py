"""The server's open connections, so that a fault rule can reset one in the middle of a request."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Connections", "tracking_protocol"]


class Connections:
    """The open connections, by the client's address."""

    def __init__(self) -> None:
        """Start empty."""
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._transports[self._key(transport.get_extra_info("peername"))] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._transports.pop(self._key(transport.get_extra_info("peername")), None)

    def reset(self, client: Sequence[Any] | None) -> bool:
        """Reset the connection of a client; `False` if it is unknown, as without a real network."""
        transport = self._transports.get(self._key(client)) if client else None
        if transport is None:
            return False
        connection = transport.get_extra_info("socket")
        # With a linger time of 0, the kernel sends RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return True

    @staticmethod
    def _key(address: Sequence[Any] | None) -> tuple[str, int]:
        return (str(address[0]), int(address[1])) if address else ("", 0)


def tracking_protocol(connections: Connections) -> type[HttpToolsProtocol]:
    """A protocol class that keeps `connections` up to date."""

    class TrackingProtocol(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections.opened(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self.transport)
            super().connection_lost(exc)

    return TrackingProtocol
