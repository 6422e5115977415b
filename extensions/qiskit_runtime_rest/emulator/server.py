"""The server process: it listens, publishes its address, and ends cleanly."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from ..base.serving import Server, is_loopback, listen, serve_on, url_of
from .app import create_app
from .connections import tracking_protocol
from .routing import BASE_PATH
from .state.identity import API_KEY
from .state.instances import DEFAULT_INSTANCES

if TYPE_CHECKING:
    import socket

    from starlette.applications import Starlette

__all__ = ["Address", "serve", "service_server"]

_log = logging.getLogger("qiskit_runtime_rest.emulator.server")


@frozen(kw_only=True)
class Address:
    """The URLs and credentials of a server. The API key is well known and valid for emulators only."""

    url: str
    base_url: str
    iam_url: str
    api_key: str
    instance: str
    pid: int

    @classmethod
    def of(cls, listener: socket.socket) -> Address:
        """The address of a socket that listens."""
        url = url_of(listener)
        return cls(
            url=url,
            base_url=f"{url}{BASE_PATH}",
            iam_url=url,
            api_key=API_KEY,
            instance=DEFAULT_INSTANCES[0].crn,
            pid=os.getpid(),
        )


def service_server(app: Starlette, on_started: Callable[[], None], *, host: str | None = None) -> Server:
    """A server for an application of `create_app`; clients may address it by `host`, too."""
    parts = app.state.parts
    return Server(
        app,
        on_started=on_started,
        prepare=parts.service.start,
        allow_hosts=[*parts.service.options.allow_hosts, *([host] if host else [])],
        on_foreign_host=parts.service.options.on_foreign_host,
        http=tracking_protocol(parts.connections),
        ws="none",
    )


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready_file: Path | str | None = None,
    on_ready: Callable[[Address], None] | None = None,
    beside: Callable[[Address], AbstractContextManager[Mapping[str, Any]]] | None = None,
    **choices: Any,
) -> None:
    """Serve until SIGTERM or SIGINT, then end the workers and return. Call it from the main thread.

    `choices` are the fields of `emulator.options.Options`: `pace`, `seed`, `state`, `workers`, ... Once
    the server listens, it calls `on_ready` and writes `ready_file`, a JSON object (see `Address`), in one step. It
    removes the file when it ends. `beside` is entered before, and left at the end; what it returns is added to the
    object.
    """
    app = create_app(**choices)
    listener = listen(host, port)
    if not is_loopback(listener):
        _log.warning(
            "The emulated service listens on %s, not on loopback only: every machine that can reach it can use it, "
            "because its API key is public.",
            host,
        )
    address = Address.of(listener)
    with beside(address) if beside else nullcontext({}) as more:
        serve_on(
            listener,
            functools.partial(service_server, app, host=host),
            address={**asdict(address), **more},
            ready_file=ready_file,
            on_ready=None if on_ready is None else functools.partial(on_ready, address),
        )
