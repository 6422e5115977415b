"""Servers of this package: a socket that listens, uvicorn on it, in the foreground or in a thread."""

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

_PATIENCE_SECONDS = 2
# A client that submits on a connection which is just being closed cannot know whether its job was recorded.
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn on a socket that is open already; `on_started` is called as soon as requests are answered."""

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
                timeout_graceful_shutdown=_PATIENCE_SECONDS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                **options,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_started()


def listen(host: str, port: int) -> socket.socket:
    """Open the socket; port 0 takes a free one. Raises `OSError` that names the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY; without it each answer takes 40 ms longer.
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
    """The root of what is served on a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
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
        address: what is written, as JSON, to `ready_file`, which appears whole and goes when the server ends.
        on_ready: called when requests are answered.
    """

    def started() -> None:
        if ready_file is not None:
            write_atomically(Path(ready_file), json.dumps(dict(address), indent=2))
        if on_ready is not None:
            on_ready()

    server = make_server(started)
    # uvicorn handles signals only while it runs, and raises them again afterwards, when they have done their work.
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
    """What ends a process from outside, but for Ctrl-C; SIGHUP only where it exists, and is not ignored (`nohup`)."""
    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


class ThreadedServer:
    """A server in a thread of this process, from the constructor's return to `close`."""

    def __init__(
        self, listener: socket.socket, make_server: Callable[[Callable[[], None]], Server], *, name: str
    ) -> None:
        """Start; returns when requests are answered. `name`: of the thread.

        Raises:
            RuntimeError: it did not start.
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
        """Stop. Can be called again."""
        self._server.should_exit = True
        self._thread.join()
        self.loop = None
