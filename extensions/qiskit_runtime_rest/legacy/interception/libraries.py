"""The patched libraries, from `requests` to `websocket-client`, and what is patched in each."""

from __future__ import annotations

import contextvars
import copy
import http.client
import inspect
import io
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from .calling_line import calling_line
from .detour import DETOUR_HEADERS, LOOPBACK, PORTS, REMOVED_STATUS, Detour, removed
from .patching import Patch, Patches

__all__ = ["patches_for"]

Function = Callable[..., Any]

WHERE: contextvars.ContextVar[str | None] = contextvars.ContextVar("where", default=None)
"""Where the request was made. The stack of a separate task does not show it."""

HEADERS = ("additional_headers", "extra_headers")
"""The argument with the headers, since version 14 and before it."""

ELSEWHERE = ("address", "host", "port", "server_hostname")
TLS_OR_PROXY = ("ssl", "proxy")
"""Arguments that choose another way to the host, by name and by the beginning of the name."""


def requests_patches(adapters: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `requests`: the adapters, so that sessions keep their retries, cookies and hooks."""

    def make(original: Function) -> Function:
        def send(self: Any, request: Any, stream: bool = False, timeout: Any = None, **kwargs: Any) -> Any:
            host = detour.host(request.url)
            if host is None:
                return original(self, request, stream, timeout, **kwargs)
            led = request.copy()
            led.url = detour.url(request.url)
            led.headers.update(detour.headers(host))
            try:
                response = original(self, led, stream=stream, timeout=timeout)
            except OSError as failed:  # the base class of all errors of `requests`
                failed.request = request  # type: ignore[attr-defined]
                raise
            response.url, response.request = request.url, request
            if response.status_code == REMOVED_STATUS and (error := removed(response.content)):
                raise error
            return response

        return send

    yield Patch(adapters.HTTPAdapter, "send", make)


def httpx_patches(httpx: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of `httpx`: the transports, whatever client or proxy they belong to."""
    # Each request has its own connection, which ends with its response: nothing must be closed later, and no event
    # loop uses the connections of another. The gateway has no TLS; loading certificates takes long.
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

    def make_sync(original: Function) -> Function:
        def handle_request(self: Any, request: Any) -> Any:
            host = detour.host(str(request.url))
            if host is None:
                return original(self, request)
            response = httpx.HTTPTransport(**choices).handle_request(led(request, host))
            if response.status_code == REMOVED_STATUS and (error := removed(response.read())):
                raise error
            return response

        return handle_request

    def make_async(original: Function) -> Function:
        async def handle_async_request(self: Any, request: Any) -> Any:
            host = detour.host(str(request.url))
            if host is None:
                return await original(self, request)
            response = await httpx.AsyncHTTPTransport(**choices).handle_async_request(led(request, host))
            if response.status_code == REMOVED_STATUS and (error := removed(await response.aread())):
                raise error
            return response

        return handle_async_request

    yield Patch(httpx.HTTPTransport, "handle_request", make_sync)
    yield Patch(httpx.AsyncHTTPTransport, "handle_async_request", make_async)


def urllib_patches(request: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `urllib`: the handlers that connect, below cookies, proxies and the handling of errors."""

    def make(original: Function) -> Function:
        def do_open(self: Any, http_class: Any, req: Any, **choices: Any) -> Any:
            host = detour.host(req.full_url)
            if host is None:
                return original(self, http_class, req, **choices)
            response = original(self, http.client.HTTPConnection, led(req, host))
            if response.status == REMOVED_STATUS and (error := _removed(response)):
                raise error
            return response

        return do_open

    def led(req: Any, host: str) -> Any:
        changed = copy.copy(req)
        # A proxy, if there is one, has replaced these already.
        changed.host, changed.type, changed._tunnel_host = detour.authority, "http", None
        parts = urlsplit(req.full_url)
        changed.selector = parts._replace(scheme="", netloc="", path=parts.path or "/", fragment="").geturl()
        changed.headers = {name: value for name, value in req.headers.items() if name != "Proxy-authorization"}
        changed.unredirected_hdrs = dict(req.unredirected_hdrs)
        for name, value in detour.headers(host).items():
            changed.headers.pop(name.capitalize(), None)
            changed.unredirected_hdrs[name.capitalize()] = value
        return changed

    yield Patch(request.AbstractHTTPHandler, "do_open", make)


def _removed(response: http.client.HTTPResponse) -> Exception | None:
    body = response.read()
    # The caller reads the body again.
    response.fp, response.length, response.chunked = io.BufferedReader(io.BytesIO(body)), len(body), False
    return removed(body)


def http_client_patches(client: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of `http.client`: the connections, the headers of their requests, and their responses."""

    def make_endheaders(original: Function) -> Function:
        def endheaders(self: Any, *args: Any, **kwargs: Any) -> Any:
            if host := _host_of(self, detour):
                # The header Host is written already, and the gateway does not check it.
                for name, value in detour.headers(host).items():
                    if name != "Host":
                        self.putheader(name, value)
            return original(self, *args, **kwargs)

        return endheaders

    def make_getresponse(original: Function) -> Function:
        def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
            response = original(self, *args, **kwargs)
            if response.status == REMOVED_STATUS and _host_of(self, detour) and (error := _removed(response)):
                raise error
            return response

        return getresponse

    yield from _connections(client, detour)
    yield Patch(client.HTTPConnection, "endheaders", make_endheaders)
    yield Patch(client.HTTPConnection, "getresponse", make_getresponse)


def urllib3_patches(connection: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of `urllib3`, whose connections are those of `http.client` with another way to connect."""
    yield from _connections(connection, detour)


def _connections(module: ModuleType, detour: Detour) -> Iterator[Patch]:
    def make(original: Function) -> Function:
        def connect(self: Any) -> None:
            if _host_of(self, detour) is None:
                original(self)
                return
            timeout = self.timeout if isinstance(self.timeout, int | float) else None
            self.sock = socket.create_connection((LOOPBACK, detour.port), timeout)
            self.is_verified = True  # urllib3 warns of https without it

        return connect

    for kind in (module.HTTPConnection, module.HTTPSConnection):
        yield Patch(kind, "connect", make)


def _host_of(connection: Any, detour: Detour) -> str | None:
    """The classic host to which a connection of `http.client` would go."""
    scheme = "https" if connection.default_port == PORTS["https"] else "http"
    return detour.host(f"{scheme}://{connection.host}:{connection.port}")


def websocket_client_patches(core: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `websocket-client`, through which the official SDKs read streams."""

    def make(original: Function) -> Function:
        def connect(self: Any, url: str, **options: Any) -> Any:
            host = detour.host(url)
            if host is None:
                return original(self, url, **options)
            given = options.pop("header", None) or []
            headers = [f"{name}: {value}" for name, value in given.items()] if isinstance(given, dict) else list(given)
            # The library writes the header Host itself, from the URL.
            headers += [f"{name}: {value}" for name, value in detour.headers(host).items() if name != "Host"]
            kept = {name: value for name, value in options.items() if not name.startswith(("http_proxy", "host"))}
            return original(self, detour.url(url), header=headers, **kept, http_no_proxy=["*"])

        return connect

    yield Patch(core.WebSocket, "connect", make)


def aiohttp_session_patches(client: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patch of `aiohttp.client`: remember where a request was made."""

    def make(original: Function) -> Function:
        def request(self: Any, *args: Any, **kwargs: Any) -> Awaitable[Any]:
            sent = original(self, *args, **kwargs)
            return _remembering(calling_line(), sent) if detour.is_open else sent

        return request

    yield Patch(client.ClientSession, "_request", make)


async def _remembering(where: str | None, request: Awaitable[Any]) -> Any:
    token = WHERE.set(where)
    try:
        return await request
    finally:
        WHERE.reset(token)


def aiohttp_request_patches(client_reqrep: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of `aiohttp.client_reqrep`: redirect a request after it was made, and hide that in its response.

    Sessions keep their cookies, timeouts and tracing; WebSockets are included.
    """

    def make_request(original: Function) -> Function:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            host = detour.host(str(self.url))
            if host is not None:
                self.headers.update(detour.headers(host, where=WHERE.get()))
                self.url = type(self.url)(detour.url(str(self.url)), encoded=True)
                self.proxy = self.proxy_auth = self.proxy_headers = self.server_hostname = None

        return init

    def make_response(original: Function) -> Function:
        async def start(self: Any, *args: Any, **kwargs: Any) -> Any:
            host = detour.host(str(self.real_url))
            if host is None:
                return await original(self, *args, **kwargs)
            about = self._request_info
            headers = about.headers.copy()
            for name in DETOUR_HEADERS:
                headers.popall(name, None)
            headers["Host"] = host
            self._request_info = type(about)(self.url, about.method, type(about.headers)(headers), self.real_url)
            response = await original(self, *args, **kwargs)
            if self.status == REMOVED_STATUS and (error := removed(await self.read())):
                raise error
            return response

        return start

    yield Patch(client_reqrep.ClientRequest, "__init__", make_request)
    yield Patch(client_reqrep.ClientResponse, "start", make_response)


def websockets_patches(client: ModuleType, detour: Detour) -> Iterator[Patch]:
    """The patches of a client module of `websockets`: a class in place, a function under all names it has."""
    connect = getattr(client, "reconnect", client.connect)
    if inspect.isclass(connect):
        yield Patch(connect, "__init__", lambda original: _initialised(original, detour))
        return
    for module in list(sys.modules.values()):
        for name in [name for name, value in dict(getattr(module, "__dict__", {})).items() if value is connect]:
            yield Patch(module, name, lambda original: _called(original, detour))


def _initialised(original: Function, detour: Detour) -> Function:
    def init(self: Any, uri: Any, *args: Any, **given: Any) -> None:
        uri, given = _led(uri, given, original, detour)
        original(self, uri, *args, **given)

    return init


def _called(original: Function, detour: Detour) -> Function:
    def connect(uri: Any, *args: Any, **given: Any) -> Any:
        uri, given = _led(uri, given, original, detour)
        return original(uri, *args, **given)

    return connect


def _led(uri: str, given: dict[str, Any], original: Function, detour: Detour) -> tuple[str, dict[str, Any]]:
    """The arguments that redirect the connection."""
    host = detour.host(uri)
    if host is None:
        return uri, given
    from websockets.datastructures import Headers

    headers = Headers()
    for name in HEADERS:
        headers.update(given.get(name) or {})
    # The library writes the header Host itself, from the URI.
    headers.update({name: value for name, value in detour.headers(host).items() if name != "Host"})

    left_out = (*HEADERS, *ELSEWHERE)
    kept = {name: value for name, value in given.items() if not (name in left_out or name.startswith(TLS_OR_PROXY))}
    accepted = inspect.signature(original).parameters
    kept[next(name for name in HEADERS if name in accepted)] = headers
    if "proxy" in accepted:
        kept["proxy"] = None
    return detour.url(uri), kept


LIBRARIES: dict[str, Callable[[ModuleType, Detour], Iterable[Patch]]] = {
    "aiohttp.client": aiohttp_session_patches,
    "aiohttp.client_reqrep": aiohttp_request_patches,
    "http.client": http_client_patches,
    "httpx": httpx_patches,
    "requests.adapters": requests_patches,
    "urllib.request": urllib_patches,
    "urllib3.connection": urllib3_patches,
    "websocket._core": websocket_client_patches,
    "websockets.asyncio.client": websockets_patches,
    "websockets.legacy.client": websockets_patches,
    "websockets.sync.client": websockets_patches,
}
"""The patches of each module, by module name."""


def patches_for(detour: Detour) -> Patches:
    """The patches that redirect all requests for classic hosts to `detour`. They are not applied yet."""

    def bound(patching: Callable[[ModuleType, Detour], Iterable[Patch]]) -> Callable[[ModuleType], Iterable[Patch]]:
        return lambda module: patching(module, detour)

    return Patches({name: bound(patching) for name, patching in LIBRARIES.items()})
