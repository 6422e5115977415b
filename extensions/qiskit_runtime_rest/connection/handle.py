"""What a handle is connected by: its client's connection, or, once unpickled, one of the process that it is in."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any, Self

import httpx

from ..effects import AsyncFace
from .http import AsyncHttpClient
from .link import Connection
from .origin import Origin

if TYPE_CHECKING:
    import asyncio

__all__ = ["Handle"]


class Handle:
    """Base of handles. They pickle without their connection, and without any credentials.

    Unpickled, a handle is connected when it is first used, with the credentials of the process it is in, those of its
    environment or account file; without any, use raises a `ConfigurationError`, and unpickling does not. All unpickled
    handles of one origin share a connection. A copy of a handle is the handle itself.
    """

    def __init__(self, io: Connection | Origin) -> None:
        """`io`: an `Origin` for a handle that has come from elsewhere."""
        self._where = io

    @property
    def _io(self) -> Connection:
        if isinstance(self._where, Connection):
            return self._where
        return _connection_here(self._where, _running_loop() if isinstance(self, AsyncFace) else None)

    @_io.setter
    def _io(self, io: Connection) -> None:
        self._where = io

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


def _running_loop() -> asyncio.AbstractEventLoop:
    import asyncio

    return asyncio.get_running_loop()


_lock = threading.Lock()
_connections: dict[tuple[Origin, asyncio.AbstractEventLoop | None], Connection] = {}


def _connection_here(origin: Origin, loop: asyncio.AbstractEventLoop | None) -> Connection:
    """The connection to `origin` of this process; of tasks, that of their event loop.

    Raises:
        ConfigurationError: this process has no credentials.
    """
    with _lock:
        for past in [key for key in _connections if key[1] is not None and key[1].is_closed()]:
            del _connections[past]
        if (origin, loop) not in _connections:
            made = Connection if loop is None else _OfTasks
            _connections[origin, loop] = made(origin.settings())
        return _connections[origin, loop]


def _close() -> None:
    with _lock:
        for connection in _connections.values():
            connection.close()
        _connections.clear()


atexit.register(_close)
if hasattr(os, "register_at_fork"):
    # A connection that parent and child both write to would mix up their requests.
    os.register_at_fork(after_in_child=_connections.clear)
