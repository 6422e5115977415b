"""Run servers: uvicorn on a listening socket, in the foreground or in a thread."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn

from .files import write_atomically

__all__ = [
    "Server",
    "ThreadedServer",
    "ending_signals",
    "is_loopback",
    "listen",
    "serve_on",
    "url_of",
]

_SHUTDOWN_SECONDS = 2
# Long, because a client cannot know whether a request on a connection that is being closed was processed.
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn on an open socket; calls `on_started` when it accepts requests."""

    def __init__(self, app: Any, *, on_started: Callable[[], None], **options: Any) -> None:
        """Prepare for one ASGI application; `options` are uvicorn's."""
        self._on_started = on_started
        super().__init__(
            uvicorn.Config(
                app,
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
        """Start, then call `on_started`."""
        await super().startup(sockets)
        if self.started:
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
            RuntimeError: the server did not start.
        """
        started = threading.Event()
        self._server = make_server(started.set)
        self.loop: asyncio.AbstractEventLoop | None = None

        async def run() -> None:
            self.loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[listener])

        def in_thread() -> None:
            try:
                asyncio.run(run())
            finally:
                listener.close()
                started.set()

        self._thread = threading.Thread(target=in_thread, name=name, daemon=True)
        self._thread.start()
        started.wait()
        if not self._server.started:
            raise RuntimeError("The server did not start.")

    def close(self) -> None:
        """Stop. Further calls have no effect."""
        self._server.should_exit = True
        self._thread.join()
        self.loop = None
