"""The loopback server that stands for the live service: serve it, and connect clients of any kind to it."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..base.serving import Server, ThreadedServer, listen, serve_on, url_of
from .services import IAM, RUNTIME, environment

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from ..client.client import AsyncRuntimeClient, RuntimeClient

__all__ = ["Loopback", "serve", "served"]

HOST = "127.0.0.1"
MOST_BODY_BYTES = 128 * 2**20
NO_PROXY = ("NO_PROXY", "no_proxy")
"""Variables that list hosts which are reached without a proxy; clients differ in which one they read."""


@frozen(kw_only=True)
class Loopback:
    """A running recorder or replay: its address, and credentials for it."""

    url: str
    """The server's root."""
    api_key: str | None = field(repr=False)
    """A replay accepts any key; this one is not a secret."""
    instance: str | None = field(repr=False)
    """A CRN. A replay accepts any; this is the first one in the cassette."""
    missed: Sequence[str] = ()
    """Requests that a replay had no response for, each with the nearest one that was recorded."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables that lead clients of any kind here, past the proxies of this environment."""
        own = {"QISKIT_IBM_TOKEN": self.api_key, "QISKIT_IBM_INSTANCE": self.instance}
        given = {name: value for name, value in own.items() if value is not None}
        return {**environment(self.url), **given, **dict.fromkeys(NO_PROXY, _hosts_without_proxy())}

    @property
    def base_url(self) -> str:
        """The runtime service's address, without `/v1`."""
        return f"{self.url}{RUNTIME.prefix}"

    @property
    def iam_url(self) -> str:
        """IAM's address, without `/identity/token`."""
        return f"{self.url}{IAM.prefix}"

    def connect(self, **choices: Any) -> RuntimeClient:
        """A client of this server, whatever the environment says; `choices` are those of `RuntimeClient`."""
        from ..client.client import RuntimeClient

        return RuntimeClient(**{**self._settings, **choices})

    def connect_async(self, **choices: Any) -> AsyncRuntimeClient:
        """A client of this server, whatever the environment says; `choices` are those of `AsyncRuntimeClient`."""
        from ..client.client import AsyncRuntimeClient

        return AsyncRuntimeClient(**{**self._settings, **choices})

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "api_key": self.api_key,
            "instance": self.instance,
            "base_url": self.base_url,
            "iam_url": self.iam_url,
            "verify": False,  # It speaks http; loading certificates would take longer than most tests.
        }


def _hosts_without_proxy() -> str:
    given = ",".join(os.environ.get(name, "") for name in NO_PROXY).split(",")
    hosts = dict.fromkeys([host.strip() for host in given if host.strip()] + [HOST])
    return "*" if "*" in hosts else ",".join(hosts)


@contextlib.contextmanager
def served(app: ASGIApp, *, port: int, name: str) -> Iterator[str]:
    """Serve an application in a thread of that `name` until the end of the block; gives the root. Raises: OSError."""
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
    return Server(app, on_started=on_started, max_body_bytes=MOST_BODY_BYTES, ws="none", date_header=False)
