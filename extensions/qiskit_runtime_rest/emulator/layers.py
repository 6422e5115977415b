"""The ASGI layers around the routes: they spoil responses, record requests, and limit bodies."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..base.bounds import announces_more
from .errors import BODY_TOO_LARGE, ServiceError, error_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .connections import Connections
    from .faults import FaultRule, FaultRules
    from .recorder import Recorder

__all__ = ["BodyLimitLayer", "FaultLayer", "RecordingLayer"]

_LONGEST_RECORDED_BODY = 16 * 1024


@frozen
class _Buffered:
    """A response that has not been sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@frozen
class FaultLayer:
    """Spoils responses as the fault rules say. `names` returns the names of the operation for a method and path."""

    app: ASGIApp
    rules: FaultRules
    names: Callable[[str, str], frozenset[str]]
    connections: Connections
    fired: Callable[[Scope, FaultRule], None] = field(kw_only=True)
    """Called for each spoilt request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or spoil it."""
        names = self.names(scope["method"], scope["path"]) if scope["type"] == "http" else None
        rule = self.rules.take(names) if names else None
        if rule is None:
            await self.app(scope, receive, send)
            return
        self.fired(scope, rule)
        await asyncio.sleep(rule.delay)
        untouched = rule.when == "before" and (rule.reset or rule.replaces_response)
        if untouched:
            await _drain(receive)
            given = _Buffered(200, [], b"")
        else:
            given = await _buffered(self.app, scope, receive)
        if rule.reset:
            await self._reset(scope, receive)
            return
        await _send(_spoilt(given, rule), rule, send)

    async def _reset(self, scope: Scope, receive: Receive) -> None:
        if not self.connections.reset(scope.get("client")):
            raise ConnectionResetError("The connection was reset, as a fault rule asked for.")
        while (await receive())["type"] != "http.disconnect":
            pass


async def _drain(receive: Receive) -> None:
    """Read the whole request, so that what the client sees does not depend on how much it has sent."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _buffered(app: ASGIApp, scope: Scope, receive: Receive) -> _Buffered:
    start: Message = {}
    chunks: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            chunks.append(message.get("body", b""))

    await app(scope, receive, keep)
    return _Buffered(start["status"], list(start["headers"]), b"".join(chunks))


def _spoilt(given: _Buffered, rule: FaultRule) -> _Buffered:
    headers = [(name, value) for name, value in given.headers if name.lower() != b"content-length"]
    status, body = given.status, given.body
    if rule.replaces_response:
        html = rule.html is not None
        body = (rule.html or "").encode() if html else json.dumps(rule.body).encode()
        if rule.body is None and not html:
            body = b""
        media = b"text/html; charset=utf-8" if html else b"application/json"
        status, headers = rule.status or status, [(b"content-type", media)]
    elif rule.replace:
        body = _replaced(body, rule.replace)
    own = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in rule.headers.items()}
    headers = [(name, value) for name, value in headers if name.lower() not in own] + list(own.items())
    if rule.retry_after is not None:
        headers.append((b"retry-after", str(rule.retry_after).encode("latin-1")))
    if status not in {204, 304}:
        headers.append((b"content-length", str(len(body)).encode()))
    return _Buffered(status, headers, body)


def _replaced(body: bytes, values: Mapping[str, Any]) -> bytes:
    """Replace values in a JSON body, each at its dotted path; unknown paths are ignored."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    for path, value in values.items():
        *parents, last = path.split(".")
        part: Any = document
        for step in parents:
            part = _step(part, step)
        if isinstance(part, dict) and last in part:
            part[last] = value
        elif isinstance(part, list) and _is_place(last, part):
            part[int(last)] = value
    return json.dumps(document).encode()


def _step(part: Any, step: str) -> Any:
    if isinstance(part, dict):
        return part.get(step)
    if isinstance(part, list) and _is_place(step, part):
        return part[int(step)]
    return None


def _is_place(step: str, part: list[Any]) -> bool:
    # Python takes "²" for a digit, and refuses to read numbers of thousands of digits.
    return step.isdecimal() and len(step) <= len(str(len(part))) and int(step) < len(part)


async def _send(response: _Buffered, rule: FaultRule, send: Send) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    if rule.keep is not None:
        kept = int(len(response.body) * rule.keep) if rule.keep < 1 else int(rule.keep)
        # The server ends the connection because less than the announced length was sent.
        await send({"type": "http.response.body", "body": response.body[:kept], "more_body": True})
        return
    size = max(1, -(-len(response.body) // rule.chunks))
    pieces = [response.body[at : at + size] for at in range(0, len(response.body), size)]
    for piece in pieces[:-1]:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(rule.pause)
    await send({"type": "http.response.body", "body": pieces[-1] if pieces else b""})


@frozen
class RecordingLayer:
    """Records requests to operations, and to other paths of the API."""

    app: ASGIApp
    recorder: Recorder
    plain_name: Callable[[str, str], str | None]
    base_path: str
    """Paths below it are recorded even without an operation."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and record it."""
        http = scope["type"] == "http"
        operation = self.plain_name(scope["method"], scope["path"]) if http else None
        if not http or (operation is None and not scope["path"].startswith(self.base_path)):
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        seen = self.recorder.arrived(scope, operation=operation)

        async def recording_receive() -> Message:
            message = await receive()
            seen.body.extend(message.get("body", b"")[: _LONGEST_RECORDED_BODY - len(seen.body)])
            return message

        async def recording_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status, seen.response_headers = message["status"], message.get("headers", ())
            else:
                rest = _LONGEST_RECORDED_BODY - len(seen.response_body)
                seen.response_body.extend(message.get("body", b"")[:rest])
            await send(message)

        try:
            await self.app(scope, recording_receive, recording_send)
        finally:
            seen.seconds = time.monotonic() - began


@frozen
class BodyLimitLayer:
    """Refuses a body above the limit with 413, with or without an announced length."""

    app: ASGIApp
    limit: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if announces_more(scope, self.limit):
            await self._refuse(send)
            return
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise ServiceError(BODY_TOO_LARGE, self._rule)
            return message

        await self.app(scope, counting_receive, send)

    @property
    def _rule(self) -> str:
        return f"The limit is {self.limit} bytes."

    async def _refuse(self, send: Send) -> None:
        message = ServiceError(BODY_TOO_LARGE, self._rule).message
        content = json.dumps(error_body(BODY_TOO_LARGE, message=message)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": content})
