"""The one way to the live service in a check: lets through what was listed before, slowly, and nothing else ever."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import httpx

from ..errors import RuntimeRestError, TransportError
from ..http.retrying import NOTHING_SENT, what_happened
from ..plans.clock import Clock

__all__ = ["Gate", "Stopped", "Unforeseen", "as_application"]

TOO_MUCH = (423, 429)
"""Statuses by which the service, or what stands before it, asks for fewer requests."""

Message = MutableMapping[str, Any]


class Stopped(RuntimeRestError):
    """The check ended early, and nothing more was sent; the message says why."""


class Unforeseen(Stopped):
    """Something was about to be sent that was not listed before; it was not sent."""


class Gate:
    """Sends requests as the user, one at a time, `interval` seconds apart, `most` in all.

    Reads pass when their path was listed with `let_read`; everything else needs a ticket each time. What is not listed
    is not sent, and closes the gate: a check that errs about what it asks must not go on asking. Through a closed gate
    only that passes which takes back what was made before.
    """

    def __init__(self, http: httpx.Client, *, base_url: str, clock: Clock, interval: float, most: int) -> None:
        """`http` authenticates. `interval`: seconds between the beginnings of two requests."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._interval = interval
        self._most = most
        self._readable: set[str] = set()
        self._tickets: Counter[tuple[str, str]] = Counter()
        self._tickets_back: Counter[tuple[str, str]] = Counter()
        self._next = clock.monotonic()
        self.sent: Counter[str] = Counter()
        """How many requests went out, by method."""
        self.closed: Stopped | None = None
        self.on_close: Callable[[], None] = lambda: None
        """Called when the gate closes."""

    def let_read(self, *paths: str) -> None:
        """List paths below the base URL that may be read from now on."""
        self._readable.update(paths)

    def let(self, method: str, path: str, *, times: int = 1) -> None:
        """Give tickets for so many requests that make something."""
        self._tickets[method, path] += times

    def let_back(self, method: str, path: str, *, times: int) -> None:
        """Give tickets for so many requests that find, or take back, what was made; a closed gate lets them through."""
        self._tickets_back[method, path] += times

    def close(self, why: str) -> None:
        """Let nothing more through than what takes back; `why`: for the report."""
        self._close(Stopped(why))

    def send(self, method: str, path: str, *, query: str = "", body: Any = None) -> httpx.Response:
        """Send one request; the answer, whatever its status.

        Raises:
            Unforeseen: it was not listed.
            Stopped: the gate is closed, the check has sent as much as it may, or the service asks for less.
            TransportError: no answer came.
            ApiError: there is no token to be had; nothing was sent.
        """
        self._pass(method, path)
        self._clock.sleep(max(0.0, self._next - self._clock.monotonic()))
        self._next = self._clock.monotonic() + self._interval
        self.sent[method] += 1
        url = f"{self._base_url}{path}{f'?{query}' if query else ''}"
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        request = self._http.build_request(method, url, content=content, headers=headers)
        # Once: neither retries nor typed errors are wanted of what is being checked.
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

    def _pass(self, method: str, path: str) -> None:
        wanted = method, path
        if self._tickets_back[wanted] > 0:
            self._tickets_back[wanted] -= 1
            return
        if self.closed is not None:
            raise self.closed
        if self._tickets[wanted] == 0 and (method != "GET" or path not in self._readable):
            raise self._close(Unforeseen(f"a check was about to send {method} {path}, which it may not: not sent."))
        if self.sent.total() >= self._most:
            raise self._close(Stopped(f"{self._most} requests were sent, and a check sends no more."))
        if self._tickets[wanted] > 0:
            self._tickets[wanted] -= 1

    def _close(self, why: Stopped) -> Stopped:
        self.closed = self.closed or why
        self.on_close()
        return why


def as_application(gate: Gate) -> Callable[..., Awaitable[None]]:
    """The service behind a gate as an ASGI application, for schemathesis, which so never holds a credential.

    Of a request only the method, the path and the query pass.
    """

    async def application(scope: Mapping[str, Any], receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        if scope["type"] != "http":
            return
        await receive()
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii").partition("?")[0]
        try:
            response = gate.send(scope["method"], path, query=scope["query_string"].decode("ascii"))
        except Stopped:
            response = httpx.Response(503)  # The check is over; this is for nobody.
        headers = [(name.lower(), value) for name, value in response.headers.raw if name.lower() not in _HOP]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    return application


# httpx has decoded the body, whose length is another then.
_HOP = frozenset({b"content-encoding", b"content-length", b"transfer-encoding", b"connection", b"set-cookie"})
