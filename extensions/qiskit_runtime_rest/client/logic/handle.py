"""Handles of jobs and sessions: they pickle without their connection and without credentials."""

from __future__ import annotations

import atexit
from typing import Any, Self

from qiskit_runtime_api.http_library import httpx

from ...base.forks import Lock
from ...http.clients import AsyncHttpClient
from ...http.closing import kept_in_loop
from ...http.connection import Connection, Origin
from .public import Awaited

__all__ = ["Handle"]


class Handle:
    """Base of the handles of jobs and sessions.

    An unpickled handle connects when it is first used, with the credentials of its process (environment or account
    file). Without credentials, its use raises a `ConfigurationError`; unpickling does not. All unpickled handles of
    one origin share a connection. A copy of a handle is the handle itself.
    """

    def __init__(self, connection: Connection | Origin) -> None:
        """`connection`: an `Origin` for a handle that was unpickled."""
        self._where = connection

    @property
    def _connection(self) -> Connection:
        if isinstance(self._where, Connection):
            return self._where
        return _connection_of_tasks(self._where) if isinstance(self, Awaited) else _connection_of_process(self._where)

    @_connection.setter
    def _connection(self, connection: Connection) -> None:
        self._where = connection

    @property
    def _origin(self) -> Origin:
        return self._where if isinstance(self._where, Origin) else self._where.origin

    def __copy__(self) -> Self:
        """The handle itself."""
        return self

    def __deepcopy__(self, _memo: Any) -> Self:
        """The handle itself."""
        return self


class _LoopConnection(Connection):
    """Keeps no idle HTTP connection: it is not closed before its event loop ends."""

    def open_async(self, **changes: Any) -> AsyncHttpClient:
        return super().open_async(**{"limits": httpx.Limits(max_keepalive_connections=0), **changes})


_lock = Lock()
_connections: dict[Origin, Connection] = {}


def _connection_of_process(origin: Origin) -> Connection:
    """The connection of this process to `origin`.

    Raises:
        ConfigurationError: this process has no credentials.
    """
    with _lock:
        if origin not in _connections:
            _connections[origin] = Connection(origin.settings())
        return _connections[origin]


def _connection_of_tasks(origin: Origin) -> Connection:
    """The connection of the running event loop to `origin`. Raises: ConfigurationError, as above."""
    connections = kept_in_loop()
    if origin not in connections:
        connections[origin] = _LoopConnection(origin.settings())
    connection: Connection = connections[origin]
    return connection


def _close() -> None:
    with _lock:
        for connection in _connections.values():
            connection.close()
        _connections.clear()


atexit.register(_close)
