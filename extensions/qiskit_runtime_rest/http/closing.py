"""HTTP clients that cannot be used any more: closed, or of another process or event loop."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from qiskit_runtime_api.http_library import httpx

from ..errors import ClientClosed, TransportError

if TYPE_CHECKING:
    from anyio.lowlevel import RunVar

__all__ = ["closed_error", "forked_error", "is_of_parent", "kept_in_loop", "other_loop_error"]

CLOSED = "the client is closed. Make a new one, and get jobs by their ids: client.jobs.get(id)"
FORKED = "this HTTP client was opened before this process was forked: get a new one from `client.api`"
OTHER_LOOP = (
    "an asynchronous client works only in the event loop that it was first used in, and this is another one. Make a "
    "client in each: `async with AsyncRuntimeClient() as client`, inside the function that asyncio.run runs"
)


def is_of_parent(client: Any) -> bool:
    """Whether `client` was opened before this process was forked; False for a client of another class."""
    return getattr(client, "process", None) not in (None, os.getpid())


def closed_error(request: httpx.Request, failure: TransportError | RuntimeError) -> ClientClosed:
    """The error for `failure` of a request whose client is closed; httpx raises a `RuntimeError` then."""
    return _client_closed(request, CLOSED, sent=isinstance(failure, TransportError) and failure.sent)


def forked_error(request: httpx.Request) -> ClientClosed:
    """The error for a client that `is_of_parent`."""
    return _client_closed(request, FORKED, sent=False)


def other_loop_error(request: httpx.Request) -> ClientClosed:
    """The error for a client of another event loop."""
    return _client_closed(request, OTHER_LOOP, sent=False)


def _client_closed(request: httpx.Request, why: str, *, sent: bool) -> ClientClosed:
    method, url = request.method, str(request.url)
    return ClientClosed(f"{method} {url}: {why}.", method=method, url=url, sent=sent)


def kept_in_loop() -> dict[Any, Any]:
    """A dictionary of the running event loop (of asyncio or trio): the same one until the loop ends."""
    kept = _kept().get(None)
    if kept is None:
        kept = {}
        _kept().set(kept)
    return kept


@functools.cache
def _kept() -> RunVar[dict[Any, Any]]:
    from anyio.lowlevel import RunVar

    return RunVar("qiskit_runtime_rest")
