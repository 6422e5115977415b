"""Run servers: uvicorn on a listening socket, in the foreground or in a thread."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import signal
import socket
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .bounds import HEAD_SECONDS, BodyBound, bounded, quiet_without_descriptors
from .files import write_atomically

__all__ = [
    "HostCheck",
    "Server",
    "ThreadedServer",
    "ending_signals",
    "host_name",
    "is_loopback",
    "listen",
    "serve_on",
    "url_of",
]

_SHUTDOWN_SECONDS = 2
# Long, because a client cannot know whether a request on a connection that is being closed was processed.
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048
# What most requests name; all other loopback addresses are found, too.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_SITES = {"same-origin", "none"}
"""Values of `Sec-Fetch-Site` for requests of the server's own pages, and of the user."""
_LENGTHS = {b"content-length", b"transfer-encoding"}
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")


class OriginForm:
    """An ASGI layer for requests whose target is a whole URL, as to a proxy: its host counts as `Host` (RFC 9112, 3.2).

    It refuses targets that are neither a path nor such a URL, and requests with two kinds of length: another server in
    front of this one may count by the other kind, and take the end of the body for a request.
    """

    def __init__(self, app: Any) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on with a path as target, or respond with 400."""
        target = scope.get("raw_path", b"/")
        if scope["type"] in ("http", "websocket") and {name for name, _ in scope["headers"]} >= _LENGTHS:
            message = "Refused: the request has both Content-Length and Transfer-Encoding."
            await _refuse(scope, send, 400, message, "Send one of these headers.")
            return
        if scope["type"] not in ("http", "websocket") or target.startswith(b"/"):
            await self._app(scope, receive, send)
            return
        scheme, _, rest = target.partition(b"://")
        authority, slash, path = rest.partition(b"/")
        if scheme.lower() not in (b"http", b"https") or not host_name(authority.decode("latin-1")):
            message = f"Refused: {target[:100].decode('latin-1')!r} is not a path or URL."
            await _refuse(scope, send, 400, message, "Send the path, and the header Host.")
            return
        raw_path = (slash + path) or b"/"
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
        changes = {"raw_path": raw_path, "path": unquote(raw_path), "headers": [*headers, (b"host", authority)]}
        await self._app({**scope, **changes}, receive, send)


class HostCheck:
    """An ASGI layer that refuses what a browser sends for a page of another site, before anything happens.

    The header `Host` must name the server: a loopback name or address, the address of the connection, or one of
    `allowed`. So no name of another site can be made to stand for this server (DNS rebinding). `Origin`, which
    browsers add, must be the site of `Host`, or be one of `allowed`. Requests without it, as for images, must not be
    for a page of another site, but links from there may be followed.
    """

    def __init__(
        self, app: Any, *, allowed: Collection[str] = (), on_foreign_host: Callable[[str], object] | None = None
    ) -> None:
        """`allowed`: further names of the server, without port; `on_foreign_host`: gets each `Host` that is refused."""
        self._app = app
        self._on_foreign_host = on_foreign_host
        self._allowed = {name.lower() for name in allowed}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, or respond with 403."""
        problem = self._problem(scope) if scope["type"] in ("http", "websocket") else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        await _refuse(scope, send, 403, f"Refused: {problem}.", _SOLUTION)

    def _problem(self, scope: Any) -> str | None:
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        host = hosts[0] if len(hosts) == 1 else ""
        name = host_name(host)
        if not self._is_ours(name, scope):
            host = host[:100]
            if self._on_foreign_host is not None:
                self._on_foreign_host(host)
            return f"the header Host ({host!r}) does not name this server"
        for origin in origins:
            site = _site(origin)
            if site != host and host_name(site) not in self._allowed:
                return f"the request comes from a page of another site ({origin[:100]!r})"
        is_link = _values(scope, b"sec-fetch-mode") == ["navigate"]
        if not origins and not is_link and not _OWN_SITES.issuperset(_values(scope, b"sec-fetch-site")):
            return "the request comes from a page of another site"
        return None

    def _is_ours(self, name: str, scope: Any) -> bool:
        if name in _LOOPBACK or name in self._allowed:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or str(address) == (scope.get("server") or ("",))[0]


def _values(scope: Any, wanted: bytes) -> list[str]:
    """The values of a header, whose name ASGI gives in lower case."""
    return [value.decode("latin-1").lower() for name, value in scope["headers"] if name == wanted]


async def _refuse(scope: Any, send: Any, status: int, message: str, solution: str) -> None:
    # A websocket is refused by the response to its handshake.
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    body = json.dumps({"errors": [{"code": status, "message": message, "solution": solution}]}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": status, "headers": raw_headers})
    await send({"type": f"{kind}.body", "body": body})


_SOLUTION = "Use the address that the server printed. `--allow-host NAME` lets a server have further names."


def host_name(host: str) -> str:
    """The name or address in a `Host` header, without port and brackets; empty if the header is not valid."""
    match = _HOST.fullmatch(host)
    return match[1].strip("[]") if match else ""


def _site(origin: str) -> str:
    """Host and port of an `Origin` header; empty for `null`, and for what is not an origin."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


class Server(uvicorn.Server):
    """uvicorn on an open socket; calls `on_started` when it accepts requests."""

    def __init__(
        self,
        app: Any,
        *,
        on_started: Callable[[], None],
        prepare: Callable[[], None] | None = None,
        allow_hosts: Collection[str] | None = (),
        on_foreign_host: Callable[[str], object] | None = None,
        max_body_bytes: int | None = None,
        head_seconds: float = HEAD_SECONDS,
        http: type[asyncio.Protocol] = AutoHTTPProtocol,
        **options: Any,
    ) -> None:
        """Prepare for one ASGI application.

        Args:
            app: the application.
            on_started: called when it accepts requests.
            prepare: called before, in the event loop. What it raises is raised where the server was started.
            allow_hosts: further names of the server, see `HostCheck`; None: no check, if the application has its own.
            on_foreign_host: called with each header `Host` that names another server, which is refused.
            max_body_bytes: larger bodies are refused; None: the application has its own limit.
            head_seconds: connections on which the head of a request takes longer are closed.
            http: the protocol class of uvicorn.
            options: of uvicorn.
        """
        if max_body_bytes is not None:
            app = BodyBound(app, max_body_bytes)
        self._on_started, self._prepare = on_started, prepare
        if allow_hosts is not None:
            app = HostCheck(app, allowed=allow_hosts, on_foreign_host=on_foreign_host)
        super().__init__(
            uvicorn.Config(
                OriginForm(app),
                http=bounded(http, seconds=head_seconds),
                loop="asyncio",
                lifespan="on",
                log_config=None,
                log_level=logging.CRITICAL,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                **options,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_started`. Raises `RuntimeError` if the application fails to start."""
        quiet_without_descriptors(asyncio.get_running_loop())
        if self._prepare is not None:
            self._prepare()
        await super().startup(sockets)
        if not self.started:
            raise RuntimeError("The server did not start.")
        self._on_started()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0: any free port. Raises an `OSError` that names the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only if the protocol is given; without it each response takes 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"Cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


def url_of(listener: socket.socket) -> str:
    """The root URL of a server on this socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def serve_on(
    listener: socket.socket,
    make_server: Callable[[Callable[[], None]], Server],
    *,
    address: Mapping[str, Any],
    ready_file: Path | str | None,
    on_ready: Callable[[], None] | None,
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, then return. Call it from the main thread.

    Args:
        listener: the open socket; closed at the end.
        make_server: makes the server from its `on_started`.
        address: the content of `ready_file`, as JSON. The file is written atomically, and removed at the end.
        on_ready: called when the server accepts requests.
    """

    def started() -> None:
        if ready_file is not None:
            write_atomically(Path(ready_file), json.dumps(dict(address), indent=2))
        if on_ready is not None:
            on_ready()

    server = make_server(started)
    # uvicorn raises a signal again after it has stopped; with its own handler, that has no effect.
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, *ending_signals())}
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
        if ready_file is not None:
            Path(ready_file).unlink(missing_ok=True)


def ending_signals() -> list[signal.Signals]:
    """The signals that end a process, except SIGINT; SIGHUP only if it exists and is not ignored (`nohup`)."""
    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


class ThreadedServer:
    """A server in a thread, from the return of the constructor until `close`."""

    def __init__(
        self, listener: socket.socket, make_server: Callable[[Callable[[], None]], Server], *, name: str
    ) -> None:
        """Start, and return when the server accepts requests. `name`: name of the thread.

        Raises:
            Exception: why the server did not start.
        """
        started = threading.Event()
        problems: list[Exception] = []
        self._server = make_server(started.set)
        self.loop: asyncio.AbstractEventLoop | None = None

        async def run() -> None:
            self.loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[listener])

        def in_thread() -> None:
            try:
                asyncio.run(run())
            except Exception as error:
                problems.append(error)
            finally:
                listener.close()
                started.set()

        self._thread = threading.Thread(target=in_thread, name=name, daemon=True)
        self._thread.start()
        started.wait()
        if not self._server.started:
            raise problems[0] if problems else RuntimeError("The server did not start.")

    def close(self) -> None:
        """Stop. Further calls have no effect."""
        self._server.should_exit = True
        self._thread.join()
        self.loop = None
