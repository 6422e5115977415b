"""Connections that httpcore forgets.

If a task is cancelled while httpcore cleans up after its request, the connection counts as used for ever. If a client
is closed while it connects, the connection stays open after the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qiskit_runtime_api.http_library import httpx

if TYPE_CHECKING:
    from qiskit_runtime_api.http_library import httpcore

__all__ = ["SENDER", "close_orphans", "left_stream"]

SENDER = "qiskit_runtime_rest.sender"
"""Request extension: identifies the requests of one call, its token request included."""


async def close_orphans(client: httpx.AsyncClient, sender: object) -> None:
    """Close the connections of requests with the extension `sender`, and those of no request that are not idle."""
    for pool in _pools(client):
        # httpcore has no public way to look at these.
        for request in [each for each in pool._requests if each.request.extensions.get(SENDER) is sender]:
            pool._requests.remove(request)
        used = [each.connection for each in pool._requests]
        orphans = [each for each in pool._connections if each not in used and not (each.is_idle() or each.is_closed())]
        for orphan in orphans:
            pool._connections.remove(orphan)
        await pool._close_connections([*orphans, *pool._assign_requests_to_connections()])


def left_stream(response: httpx.Response) -> Any:
    """The network stream of a response, to close it because its client was closed meanwhile; None: it is still read."""
    return response.extensions.get("network_stream") if response.is_closed else None


def _pools(client: httpx.AsyncClient) -> Iterator[httpcore.AsyncConnectionPool]:
    from qiskit_runtime_api.http_library import httpcore

    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if isinstance(pool, httpcore.AsyncConnectionPool):
            yield pool
