"""`aiohttp`: requests after they were made, so that sessions keep cookies, timeouts and tracing; WebSockets, too."""

from __future__ import annotations

import contextvars
from collections.abc import Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

from .caller import caller
from .detour import GONE, TOLD, Detour, removed
from .patching import Patch

__all__ = ["request_patches", "session_patches"]

Method = Callable[..., Any]

WHERE: contextvars.ContextVar[str | None] = contextvars.ContextVar("where", default=None)
"""Where the request was made, which is not on the stack of a task of its own."""


def session_patches(client: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `aiohttp.client`: remembers where a request was made."""

    def make(original: Method) -> Method:
        def request(self: Any, *args: Any, **kwargs: Any) -> Awaitable[Any]:
            sent = original(self, *args, **kwargs)
            return _remembering(caller(), sent) if detour.is_open else sent

        return request

    yield Patch(client.ClientSession, "_request", make)


async def _remembering(where: str | None, request: Awaitable[Any]) -> Any:
    token = WHERE.set(where)
    try:
        return await request
    finally:
        WHERE.reset(token)


def request_patches(client_reqrep: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of `aiohttp.client_reqrep`: lead a request away, and make its response look as if it had not been."""

    def make_request(original: Method) -> Method:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            host = detour.host(str(self.url))
            if host is not None:
                self.headers.update(detour.headers(host, where=WHERE.get()))
                self.url = type(self.url)(detour.url(str(self.url)), encoded=True)
                self.proxy = self.proxy_auth = self.proxy_headers = self.server_hostname = None

        return init

    def make_response(original: Method) -> Method:
        async def start(self: Any, *args: Any, **kwargs: Any) -> Any:
            host = detour.host(str(self.real_url))
            if host is None:
                return await original(self, *args, **kwargs)
            about = self._request_info
            headers = about.headers.copy()
            for name in TOLD:
                headers.popall(name, None)
            headers["Host"] = host
            self._request_info = type(about)(self.url, about.method, type(about.headers)(headers), self.real_url)
            response = await original(self, *args, **kwargs)
            if self.status == GONE and (error := removed(await self.read())):
                raise error
            return response

        return start

    yield Patch(client_reqrep.ClientRequest, "__init__", make_request)
    yield Patch(client_reqrep.ClientResponse, "start", make_response)
