"""`httpx`: the transports that send, whatever client or proxy they belong to."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

from .detour import GONE, Detour, removed
from .patching import Patch

__all__ = ["patches"]


def patches(httpx: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of `httpx`."""
    # Each call has a connection of its own, which ends with its response: nothing is left to close afterwards, and
    # no event loop meets the connections of another one. The gateway has no TLS; loading certificates takes long.
    choices: dict[str, Any] = {
        "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        "trust_env": False,
        "limits": httpx.Limits(max_keepalive_connections=0),
    }

    def led(request: Any, host: str) -> Any:
        headers = httpx.Headers(request.headers)
        headers.update(detour.headers(host))
        return httpx.Request(
            request.method,
            detour.url(str(request.url)),
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    def make_sync(original: Callable[..., Any]) -> Callable[..., Any]:
        def handle_request(self: Any, request: Any) -> Any:
            host = detour.host(str(request.url))
            if host is None:
                return original(self, request)
            response = httpx.HTTPTransport(**choices).handle_request(led(request, host))
            if response.status_code == GONE and (error := removed(response.read())):
                raise error
            return response

        return handle_request

    def make_async(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def handle_async_request(self: Any, request: Any) -> Any:
            host = detour.host(str(request.url))
            if host is None:
                return await original(self, request)
            response = await httpx.AsyncHTTPTransport(**choices).handle_async_request(led(request, host))
            if response.status_code == GONE and (error := removed(await response.aread())):
                raise error
            return response

        return handle_async_request

    yield Patch(httpx.HTTPTransport, "handle_request", make_sync)
    yield Patch(httpx.AsyncHTTPTransport, "handle_async_request", make_async)
