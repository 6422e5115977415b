"""The ASGI layer that spoils answers as the fault rules say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ..connections import Connections
    from .models import FaultRule, FaultRules

__all__ = ["FaultLayer"]

Names = Callable[[str, str], frozenset[str]]


@frozen
class _Buffered:
    """An answer that the service gave and nobody has seen yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@frozen
class FaultLayer:
    """Wraps an application; `names` tells the names of the operation that a method and path stand for."""

    app: ASGIApp
    rules: FaultRules
    names: Names
    connections: Connections
    fired: Callable[[Scope, FaultRule], None] = field(kw_only=True)
    """Told about each request that is spoilt."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or spoil it."""
        names = self.names(scope["method"], scope["path"]) if scope["type"] == "http" else None
        rule = self.rules.take(names) if names else None
        if rule is None:
            await self.app(scope, receive, send)
            return
        self.fired(scope, rule)
        await asyncio.sleep(rule.delay)
        untouched = rule.when == "before" and (rule.reset or rule.answers)
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
    """Let the client finish its request: what it sees must not depend on how far it has come."""
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
    if rule.answers:
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
    """Put values into a JSON answer, each at its dotted path; a path that the answer has not is passed over."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    for path, value in values.items():
        *parents, last = path.split(".")
        part: Any = answer
        for step in parents:
            part = _step(part, step)
        if isinstance(part, dict) and last in part:
            part[last] = value
        elif isinstance(part, list) and last.isdigit() and int(last) < len(part):
            part[int(last)] = value
    return json.dumps(answer).encode()


def _step(part: Any, step: str) -> Any:
    if isinstance(part, dict):
        return part.get(step)
    if isinstance(part, list) and step.isdigit() and int(step) < len(part):
        return part[int(step)]
    return None


async def _send(answer: _Buffered, rule: FaultRule, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if rule.keep is not None:
        kept = int(len(answer.body) * rule.keep) if rule.keep < 1 else int(rule.keep)
        # Returning before the announced length was sent makes the server end the connection.
        await send({"type": "http.response.body", "body": answer.body[:kept], "more_body": True})
        return
    size = max(1, -(-len(answer.body) // rule.chunks))
    pieces = [answer.body[at : at + size] for at in range(0, len(answer.body), size)]
    for piece in pieces[:-1]:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(rule.pause)
    await send({"type": "http.response.body", "body": pieces[-1] if pieces else b""})
