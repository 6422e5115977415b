"""The server's open connections, so that one can be reset in the middle of a request."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Connections", "tracking_protocol"]


class Connections:
    """Transports by the client's address."""

    def __init__(self) -> None:
        """Start without connections."""
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._transports[self._key(transport.get_extra_info("peername"))] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._transports.pop(self._key(transport.get_extra_info("peername")), None)

    def reset(self, client: Sequence[Any] | None) -> bool:
        """Reset the connection of this client; `False` when it is not known (no real network in between)."""
        transport = self._transports.get(self._key(client)) if client else None
        if transport is None:
            return False
        connection = transport.get_extra_info("socket")
        # Lingering for no time at all makes the kernel send RST in place of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return True

    @staticmethod
    def _key(address: Sequence[Any] | None) -> tuple[str, int]:
        return (str(address[0]), int(address[1])) if address else ("", 0)


def tracking_protocol(connections: Connections) -> type[H11Protocol]:
    """Make the protocol class that keeps `connections` up to date."""

    class TrackingProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections.opened(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self.transport)
            super().connection_lost(exc)

    return TrackingProtocol
