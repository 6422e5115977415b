"""When an HTTP client serves no more: it is closed, or it is another process's, or another event loop's."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Protocol

import httpx

from ..errors import ClientClosed, TransportError
from .loops import kept_in_loop

__all__ = ["is_in_its_loop", "is_of_parent", "served_by"]

CLOSED = "the client is closed. Make a new one, and take up jobs by their ids: client.jobs.get(id)"
FORKED = "this HTTP client is that of the process that this one was forked from: take the one of `client.api` anew"
OTHER_LOOP = (
    "an asynchronous client serves the event loop that it was first used in, and this is another one. Make a client "
    "in each: `async with AsyncRuntimeClient() as client`, inside of what asyncio.run is given"
)


class Serving(Protocol):
    """An HTTP client of ours. `process`: the id of the process that opened it."""

    process: int

    @property
    def is_closed(self) -> bool:
        """As of httpx's clients."""


def is_of_parent(client: Any) -> bool:
    """Whether `client` was opened before this process was forked; one that is not of ours was not, for all we know."""
    return getattr(client, "process", os.getpid()) != os.getpid()


def is_in_its_loop(kept: dict[Any, Any] | None) -> bool:
    """Whether `kept` is kept in the event loop that runs now, or was in none (None)."""
    return kept is None or kept is kept_in_loop()


@contextlib.contextmanager
def served_by(client: Serving, request: httpx.Request, *, loop: dict[Any, Any] | None = None) -> Iterator[None]:
    """Around the sending of `request`: what comes of it when `client` serves no more, before or meanwhile.

    `loop`: what was kept in the event loop that the client was first used in (None: it was not, or is for threads).

    Raises:
        ClientClosed: it does not.
    """
    if is_of_parent(client):
        raise _closed(request, FORKED, sent=False)
    if not is_in_its_loop(loop):
        raise _closed(request, OTHER_LOOP, sent=False)
    try:
        yield
    except TransportError as failure:
        if not client.is_closed:
            raise
        raise _closed(request, CLOSED, sent=failure.sent) from failure
    except RuntimeError as error:
        if not client.is_closed:
            raise
        raise _closed(request, CLOSED, sent=False) from error


def _closed(request: httpx.Request, why: str, *, sent: bool) -> ClientClosed:
    method, url = request.method, str(request.url)
    return ClientClosed(f"{method} {url}: {why}.", method=method, url=url, sent=sent)
