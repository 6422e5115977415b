"""An application on loopback: in the foreground, or in a thread."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.serving import Server, ThreadedServer, listen, serve_on, url_of
from .services import environment

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["serve", "served"]

HOST = "127.0.0.1"


@contextlib.contextmanager
def served(app: ASGIApp, *, port: int, name: str) -> Iterator[str]:
    """Serve in a thread until the end of the block; gives the root. `name`: of the thread. Raises: OSError."""
    listener = listen(HOST, port)
    url = url_of(listener)
    server = ThreadedServer(listener, functools.partial(_server, app), name=name)
    try:
        yield url
    finally:
        server.close()


def serve(app: ASGIApp, *, port: int, ready_file: Path | None, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, then return. `on_ready` is called with the root. Raises: OSError."""
    listener = listen(HOST, port)
    url = url_of(listener)
    serve_on(
        listener,
        functools.partial(_server, app),
        address={"url": url, "environment": dict(environment(url))},
        ready_file=ready_file,
        on_ready=functools.partial(on_ready, url),
    )


def _server(app: ASGIApp, on_started: Callable[[], Any]) -> Server:
    return Server(app, on_started=on_started, ws="none", date_header=False)
