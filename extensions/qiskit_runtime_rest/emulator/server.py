"""The server process: listens, says where, and ends cleanly."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from attrs import asdict, frozen

from .app import create_app
from .connections import tracking_protocol
from .instances.models import DEFAULT_INSTANCES
from .options import API_KEY
from .routing import BASE_PATH

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["Address", "Server", "serve"]

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2
# A client that submits on a connection which is just being closed cannot know whether its job was recorded.
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048


@frozen(kw_only=True)
class Address:
    """Where a server is, and what to log in with; the API key is well known and opens nothing else."""

    url: str
    base_url: str
    iam_url: str
    api_key: str
    instance: str
    pid: int

    @classmethod
    def of(cls, listener: socket.socket) -> Address:
        """The address of a socket that listens."""
        host, port = listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return cls(
            url=url,
            base_url=f"{url}{BASE_PATH}",
            iam_url=url,
            api_key=API_KEY,
            instance=DEFAULT_INSTANCES[0].crn,
            pid=os.getpid(),
        )


class Server(uvicorn.Server):
    """uvicorn on a socket that is open already; `on_started` is called as soon as requests are answered."""

    def __init__(self, app: Starlette, *, on_started: Callable[[], None]) -> None:
        """Prepare for one application of `create_app`."""
        self._on_started = on_started
        super().__init__(
            uvicorn.Config(
                app,
                http=tracking_protocol(app.state.parts.connections),
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                log_level=logging.CRITICAL,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_PATIENCE_SECONDS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
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


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready_file: Path | str | None = None,
    on_ready: Callable[[Address], None] | None = None,
    **choices: Any,
) -> None:
    """Serve until SIGTERM or SIGINT, then end the workers and return. Call it from the main thread.

    `choices` are the fields of `emulator.options.Options`: `pace`, `seed`, `state`, `workers`, ... When it
    listens, `on_ready` is called and `ready_file` appears, whole, as a JSON object (see `Address`); the file
    goes when the server ends.
    """
    app = create_app(**choices)
    listener = listen(host, port)
    if not _is_loopback(listener.getsockname()[0]):
        _log.warning(
            "The emulated service listens on %s, not on loopback only: whoever reaches it can use it, "
            "its API key is public.",
            host,
        )
    address = Address.of(listener)

    def started() -> None:
        if ready_file is not None:
            _write_atomically(Path(ready_file), json.dumps(asdict(address), indent=2))
        if on_ready is not None:
            on_ready(address)

    server = Server(app, on_started=started)
    # uvicorn handles signals only while it runs, and raises them again afterwards, when they have done their work.
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
        if ready_file is not None:
            Path(ready_file).unlink(missing_ok=True)


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback


def _write_atomically(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
