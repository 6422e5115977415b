"""The only way from a check to the live service: sends listed requests, slowly, and no others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from qiskit_runtime_api.http_library import httpx

from ..errors import RuntimeRestError, TransportError
from ..http.retrying import NOTHING_SENT, what_happened
from ..plans.clock import Clock

__all__ = ["RequestGuard", "Stopped", "Unforeseen", "as_application"]

TOO_MUCH = (423, 429)
"""Statuses by which the service, or the content network in front of it, asks for fewer requests."""

Message = MutableMapping[str, Any]


class Stopped(RuntimeRestError):
    """The check ended early, and no more requests were sent; the message says why."""


class Unforeseen(Stopped):
    """A check was about to send a request that was not listed before; it was not sent."""


class RequestGuard:
    """Sends requests as the user, one at a time, `interval` seconds apart, at most `most` in all.

    A read is sent if `allow_reads` listed its path; any other request needs `allow` each time. A request that was not
    listed is not sent, and closes the guard: the check has an error and must not go on. A closed guard only sends the
    requests of `allow_cleanup`.
    """

    def __init__(self, http: httpx.Client, *, base_url: str, clock: Clock, interval: float, most: int) -> None:
        """`http` authenticates. `interval`: seconds between the beginnings of two requests."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._interval = interval
        self._most = most
        self._readable: set[str] = set()
        self._allowed: Counter[tuple[str, str]] = Counter()
        self._cleanup: Counter[tuple[str, str]] = Counter()
        self._next = clock.monotonic()
        self.sent: Counter[str] = Counter()
        """How many requests were sent, by method."""
        self.closed: Stopped | None = None
        self.on_close: Callable[[], None] = lambda: None
        """Called when the guard closes."""

    def allow_reads(self, *paths: str) -> None:
        """Allow any number of reads of these paths, which are below the base URL."""
        self._readable.update(paths)

    def allow(self, method: str, path: str, *, times: int = 1) -> None:
        """Allow this many requests that create something."""
        self._allowed[method, path] += times

    def allow_cleanup(self, method: str, path: str, *, times: int) -> None:
        """Allow this many requests that find or delete what was created, even after the guard was closed."""
        self._cleanup[method, path] += times

    def close(self, reason: str) -> None:
        """Send nothing more than cleanup; the reason is for the report."""
        self._close(Stopped(reason))

    def send(self, method: str, path: str, *, query: str = "", body: Any = None) -> httpx.Response:
        """Send one request; gives the response, whatever its status.

        Raises:
            Unforeseen: the request was not listed.
            Stopped: the guard is closed, the limit is reached, or the service asks for fewer requests.
            TransportError: no response came.
            ApiError: IAM gives no token; nothing was sent.
        """
        self._admit(method, path)
        self._clock.sleep(max(0.0, self._next - self._clock.monotonic()))
        self._next = self._clock.monotonic() + self._interval
        self.sent[method] += 1
        url = f"{self._base_url}{path}{f'?{query}' if query else ''}"
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        request = self._http.build_request(method, url, content=content, headers=headers)
        # Without retries and typed errors, which would hide what is being checked.
        send: Callable[..., httpx.Response] = getattr(self._http, "send_once", self._http.send)
        try:
            response = send(request, follow_redirects=False)
        except httpx.RequestError as error:
            sent = not isinstance(error, NOTHING_SENT)
            message = f"{method} {path}: {what_happened(error)}."
            # httpx's error holds the request, with its credentials.
            raise TransportError(message, method=method, url=url, sent=sent) from None
        if response.status_code in TOO_MUCH:
            raise self._close(Stopped(f"the service answered {response.status_code}: try again later."))
        return response

    def _admit(self, method: str, path: str) -> None:
        request = method, path
        if self._cleanup[request] > 0:
            self._cleanup[request] -= 1
            return
        if self.closed is not None:
            raise self.closed
        if self._allowed[request] == 0 and (method != "GET" or path not in self._readable):
            raise self._close(Unforeseen(f"{method} {path} is not a request of this check: not sent."))
        if self.sent.total() >= self._most:
            raise self._close(Stopped(f"{self._most} requests were sent, the most that one check may send."))
        if self._allowed[request] > 0:
            self._allowed[request] -= 1

    def _close(self, reason: Stopped) -> Stopped:
        self.closed = self.closed or reason
        self.on_close()
        return reason


def as_application(guard: RequestGuard) -> Callable[..., Awaitable[None]]:
    """The service behind a guard as an ASGI application, so that schemathesis never has a credential.

    Only the method, the path and the query of a request are passed on.
    """

    async def application(scope: Mapping[str, Any], receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        if scope["type"] != "http":
            return
        await receive()
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii").partition("?")[0]
        try:
            response = guard.send(scope["method"], path, query=scope["query_string"].decode("ascii"))
        except Stopped:
            response = httpx.Response(503)  # The check is over, and its findings will be discarded.
        headers = [(name.lower(), value) for name, value in response.headers.raw if name.lower() not in _NOT_PASSED_ON]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    return application


# httpx has decoded the body, which changes its length.
_NOT_PASSED_ON = frozenset({b"content-encoding", b"content-length", b"transfer-encoding", b"connection", b"set-cookie"})
