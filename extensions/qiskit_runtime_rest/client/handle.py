"""What a handle is connected by: its client's connection, or, once unpickled, one of the process that it is in."""

from __future__ import annotations

import atexit
from typing import Any, Self

import httpx

from ..base.forks import Lock
from ..http.clients import AsyncHttpClient
from ..http.closing import kept_in_loop
from ..http.connection import Connection, Origin
from ..plans.faces import AsyncFace

__all__ = ["Handle"]


class Handle:
    """Base of handles. They pickle without their connection, and without any credentials.

    Unpickled, a handle is connected when it is first used, with the credentials of the process it is in, those of its
    environment or account file; without any, use raises a `ConfigurationError`, and unpickling does not. All unpickled
    handles of one origin share a connection. A copy of a handle is the handle itself.
    """

    def __init__(self, connection: Connection | Origin) -> None:
        """`connection`: an `Origin` for a handle that has come from elsewhere."""
        self._where = connection

    @property
    def _connection(self) -> Connection:
        if isinstance(self._where, Connection):
            return self._where
        return _connection_of_tasks(self._where) if isinstance(self, AsyncFace) else _connection_here(self._where)

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


class _OfTasks(Connection):
    """Keeps no connection open: nobody closes it before its event loop ends."""

    def open_async(self, **changes: Any) -> AsyncHttpClient:
        return super().open_async(**{"limits": httpx.Limits(max_keepalive_connections=0), **changes})


_lock = Lock()
_connections: dict[Origin, Connection] = {}


def _connection_here(origin: Origin) -> Connection:
    """The connection to `origin` of this process.

    Raises:
        ConfigurationError: this process has no credentials.
    """
    with _lock:
        if origin not in _connections:
            _connections[origin] = Connection(origin.settings())
        return _connections[origin]


def _connection_of_tasks(origin: Origin) -> Connection:
    """The connection to `origin` of the event loop that runs. Raises: ConfigurationError, as above."""
    connections = kept_in_loop()
    if origin not in connections:
        connections[origin] = _OfTasks(origin.settings())
    connection: Connection = connections[origin]
    return connection


def _close() -> None:
    with _lock:
        for connection in _connections.values():
            connection.close()
        _connections.clear()


atexit.register(_close)
