"""The classic API as a server: the translation behind sockets."""

from __future__ import annotations

import contextlib
import functools
import hmac
import json
import logging
import os
import secrets
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import anyio
import websockets  # noqa: F401 - uvicorn imports it only when it serves; fail early without it
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from uvicorn.protocols.http.h11_impl import H11Protocol

from ...base.serving import Server, ThreadedServer, is_loopback, listen, serve_on, url_of
from ..messages import (
    BODY_TOO_LARGE,
    COMPRESSION,
    INVALID_CREDENTIALS,
    NO_SUCH_CALL,
    NOT_AUTHORIZED,
    UNEXPECTED,
    ClassicError,
    ClassicRequest,
    ClassicResponse,
)
from ..translation.callers import presented
from ..translation.translator import Translator
from .documentation import routes as documentation_routes

__all__ = [
    "HOST_HEADER",
    "SECRET_HEADER",
    "WHERE_HEADER",
    "LoopbackGateway",
    "gateway_app",
    "gateway_server",
    "serve_gateway",
]

SECRET_HEADER = "X-Qrr-Secret"  # noqa: S105 - the name of the header
HOST_HEADER = "X-Qrr-Host"
WHERE_HEADER = "X-Qrr-Where"
"""Headers that patched libraries add to a request. They count only with the secret."""

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
MOST_BODY_BYTES = 64 * 2**20
NORMAL_CLOSURE = 1000
REFUSED_CLOSURE = 1008
COMPRESSIONS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Of request bodies, with the argument of zlib for each."""

LONGEST_LOGIN_SECONDS = 10.0
"""How long a WebSocket may wait before its first message, which authenticates it."""

log = logging.getLogger("qiskit_runtime_rest.legacy")


def gateway_app(translator: Translator, *, secret: str | None = None) -> Starlette:
    """The gateway as an ASGI application, which closes the translator when it ends.

    Args:
        translator: makes the responses.
        secret: if given, refuse requests without it in `X-Qrr-Secret`.
    """

    async def respond(request: Request) -> Response:
        try:
            classic = _classic(request, secret, body=await _body(request))
            return _response(await translator.respond(classic))
        except ClassicError as error:
            return _response(error.response)
        except ClientDisconnect:  # nobody reads this answer
            return Response(status_code=400)
        except Exception as error:  # caught here, so that the connection stays open for other requests
            return await failed(request, error)

    async def stream(websocket: WebSocket) -> None:
        try:
            request = _classic(websocket, secret, method="GET")
            if presented(request.headers) is None:
                request = await _authenticated(websocket, request)
            messages = translator.stream(request)
            async with contextlib.aclosing(messages):  # type: ignore[type-var]  # an async generator
                await _relay(websocket, messages)
        except ClassicError as error:
            if websocket.application_state is WebSocketState.CONNECTING:
                await websocket.send_denial_response(_response(error.response))
            else:
                await websocket.send_text(error.response.body.decode())
                await websocket.close(REFUSED_CLOSURE)
        except WebSocketDisconnect:
            pass

    async def notes(_: Request) -> Response:
        return JSONResponse({"notes": [note.to_dict() for note in translator.notes]})

    async def unknown(_: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette passes it
        return _response(ClassicError(NO_SUCH_CALL).response)

    async def failed(_: Request, error: Exception) -> Response:
        log.error("a classic call failed: %s", type(error).__name__, exc_info=error)
        return _response(ClassicError(UNEXPECTED, status=500).response)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await translator.aclose()

    return Starlette(
        routes=[
            *documentation_routes(),
            Route("/_gateway/notes", notes),
            Route("/{path:path}", respond, methods=METHODS),
            WebSocketRoute("/{path:path}", stream),
        ],
        # Which pages may call at all is the server's decision (`HostCheck`).
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=METHODS,
                allow_headers=["*"],
                expose_headers=["Retry-After"],
            )
        ],
        exception_handlers={HTTPException: unknown, Exception: failed},
        lifespan=lifespan,
    )


async def _authenticated(websocket: WebSocket, request: ClassicRequest) -> ClassicRequest:
    """The request with the credential in the first message: pages cannot send headers, and the API of 2019 took none.

    The message is `{"type": "authentication", "data": <token>}`, or the token itself.

    Raises:
        ClassicError: 401: there was no such message in time.
    """
    await websocket.accept()
    try:
        with anyio.fail_after(LONGEST_LOGIN_SECONDS):
            text = await websocket.receive_text()
    except (TimeoutError, KeyError):
        raise ClassicError(INVALID_CREDENTIALS) from None
    try:
        message = json.loads(text)
    except ValueError:
        message = text
    token = message.get("data") if isinstance(message, dict) else message
    if not isinstance(token, str):
        raise ClassicError(INVALID_CREDENTIALS)
    if isinstance(message, dict):
        await websocket.send_json({"type": "authenticated"})
    return replace(request, headers=request.headers | {"x-access-token": token})


async def _relay(websocket: WebSocket, messages: AsyncIterator[str]) -> None:
    """Accept, send the messages, close; end early when the client disconnects."""
    first = await anext(messages)
    if websocket.application_state is WebSocketState.CONNECTING:
        await websocket.accept()
    async with anyio.create_task_group() as group:

        async def until_disconnected() -> None:
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass  # messages of the client have no meaning
            group.cancel_scope.cancel()

        group.start_soon(until_disconnected)
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.send_text(first)
            try:
                async for message in messages:
                    await websocket.send_text(message)
            except ClassicError as error:
                await websocket.send_text(error.response.body.decode())
            await websocket.close(NORMAL_CLOSURE)
        group.cancel_scope.cancel()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            raise _too_large()
    return _decompressed(bytes(body), request.headers.get("content-encoding", "").strip().lower())


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding not in COMPRESSIONS:
        raise ClassicError(COMPRESSION, f"It is {encoding[:50]}.")
    decoder = zlib.decompressobj(wbits=COMPRESSIONS[encoding])
    try:
        whole = decoder.decompress(body, MOST_BODY_BYTES + 1)
    except zlib.error as error:
        raise ClassicError(COMPRESSION, str(error), status=400) from None
    if len(whole) > MOST_BODY_BYTES:
        raise _too_large()
    if not decoder.eof:
        raise ClassicError(COMPRESSION, "It is cut off.", status=400)
    return whole


def _too_large() -> ClassicError:
    return ClassicError(BODY_TOO_LARGE, f"The limit is {MOST_BODY_BYTES} bytes.", headers={"Connection": "close"})


def _classic(
    connection: HTTPConnection, secret: str | None, *, method: str | None = None, body: bytes = b""
) -> ClassicRequest:
    headers = {name.lower(): value for name, value in connection.headers.items()}
    ours = {name: headers.pop(name.lower(), "") for name in (SECRET_HEADER, HOST_HEADER, WHERE_HEADER)}
    if secret is not None and not hmac.compare_digest(ours[SECRET_HEADER].encode(), secret.encode()):
        raise ClassicError(NOT_AUTHORIZED, solution="Only the process that started this gateway may use it.")
    query: dict[str, list[str]] = {}
    for name, value in connection.query_params.multi_items():
        query.setdefault(name, []).append(value)
    raw_path = connection.scope.get("raw_path") or connection.scope["path"].encode()
    return ClassicRequest(
        method=(method or connection.scope["method"]).replace("HEAD", "GET"),
        path=raw_path.decode("ascii", errors="replace"),
        query=query,
        headers=headers,
        body=body,
        host=(ours[HOST_HEADER] or None) if secret is not None else None,
        where=(unquote(ours[WHERE_HEADER]) or None) if secret is not None else None,
        gateway=_own_url(connection, headers),
    )


def _own_url(connection: HTTPConnection, headers: Mapping[str, str]) -> str:
    """The URL by which the client found this server, or a proxy with TLS in front of it."""
    is_secure = "https" in (connection.scope["scheme"], headers.get("x-forwarded-proto")) or (
        connection.scope["scheme"] == "wss"
    )
    return f"{'https' if is_secure else 'http'}://{headers.get('host', '')}"


def _response(classic: ClassicResponse) -> Response:
    return Response(classic.body or None, classic.status, headers=classic.headers, media_type=classic.media_type)


def gateway_server(
    app: Starlette,
    on_started: Callable[[], None],
    *,
    allow_hosts: Collection[str] | None = (),
    on_foreign_host: Callable[[str], object] | None = None,
    certificate: Path | str | None = None,
    key: Path | str | None = None,
) -> Server:
    """The server of an application from `gateway_app`.

    Args:
        app: the application.
        on_started, allow_hosts, on_foreign_host: as for `Server`.
        certificate, key: PEM files for TLS; None: no encryption.
    """
    return Server(
        app,
        on_started=on_started,
        allow_hosts=allow_hosts,
        on_foreign_host=on_foreign_host,
        http=H11Protocol,  # httptools loses the body of a request that offers HTTP/2, as those of Java do
        ws="websockets-sansio",
        ws_max_size=MOST_BODY_BYTES,
        proxy_headers=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


class LoopbackGateway:
    """The gateway in a thread of this process, on 127.0.0.1. Requests need a random secret."""

    def __init__(self, **choices: Any) -> None:
        """`choices`: arguments of `Translator`. Raises: ConfigurationError."""
        self.translator = Translator(**choices)
        self.secret = secrets.token_urlsafe(32)
        self.port = 0
        self._server: ThreadedServer | None = None

    def start(self) -> Self:
        """Listen on a free port, and return when the gateway is ready."""
        listener = listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        app = gateway_app(self.translator, secret=self.secret)
        self._server = ThreadedServer(
            listener,
            # The secret decides; scripts may set the headers Host and Origin as they like.
            functools.partial(gateway_server, app, allow_hosts=None),
            name="qiskit-runtime-legacy-gateway",
        )
        return self

    def close(self) -> None:
        """Stop. Calling it again does nothing."""
        if self._server is not None:
            self._server.close()
        self._server = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def serve_gateway(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    allow_hosts: Collection[str] = (),
    certificate: Path | str | None = None,
    key: Path | str | None = None,
    ready_file: Path | str | None = None,
    on_ready: Callable[[str], None] | None = None,
    **choices: Any,
) -> None:
    """Serve until SIGTERM or SIGINT. Call it from the main thread.

    Args:
        host, port: the address; port 0 takes a free port.
        allow_hosts: further names by which clients may address the gateway (header `Host`).
        certificate, key: PEM files for TLS; None: no encryption.
        ready_file: written when the gateway is ready: JSON with `url` and `pid`.
        on_ready: called with the URL when the gateway is ready.
        choices: arguments of `Translator`.

    Raises: ConfigurationError, OSError.
    """
    app = gateway_app(Translator(**choices))
    listener = listen(host, port)
    url = url_of(listener)
    if certificate is not None:
        url = url.replace("http:", "https:", 1)
    elif not is_loopback(listener):
        log.warning("the gateway listens on %s without encryption: API keys can be read on the network.", host)
    serve_on(
        listener,
        functools.partial(gateway_server, app, allow_hosts=[host, *allow_hosts], certificate=certificate, key=key),
        address={"url": url, "pid": os.getpid()},
        ready_file=ready_file,
        on_ready=None if on_ready is None else functools.partial(on_ready, url),
    )
