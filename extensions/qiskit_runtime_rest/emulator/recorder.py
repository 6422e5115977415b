"""What arrived: the last requests, with everything secret blanked."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, field, frozen

from .clock import Clock, isoformat

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .faults.models import FaultRule

__all__ = ["RecordedRequest", "Recorder", "RecordingLayer"]

_NUMBER = "qiskit_runtime_rest.request_number"
_LONGEST_BODY = 16 * 1024
_BLANK = "***"
_SECRET_HEADERS = frozenset({"cookie", "proxy-authorization", "x-access-token"})
_SECRETS_NAMED = "api_?key|api_?token|access_token|refresh_token|token|password|passcode"
_SECRET_IN_JSON = re.compile(rf'("(?:{_SECRETS_NAMED})"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE)
_SECRET_IN_FORM = re.compile(rf"((?:^|&)(?:{_SECRETS_NAMED})=)[^&]*", re.IGNORECASE)


@frozen(kw_only=True)
class RecordedRequest:
    """One request. `status` is `None` while it is being answered, or when the connection was reset."""

    number: int
    at: str
    method: str
    path: str
    query: str
    operation: str | None
    headers: Mapping[str, str] = field(factory=dict)
    body: str = ""
    status: int | None = None
    seconds: float | None = None
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


class Recorder:
    """Keeps the last requests."""

    def __init__(self, *, clock: Clock, limit: int) -> None:
        """Keep so many requests."""
        self._clock = clock
        self._limit = limit
        self._count = 0
        self._requests: OrderedDict[int, RecordedRequest] = OrderedDict()

    def all(self) -> list[RecordedRequest]:
        """The requests, oldest first."""
        return list(self._requests.values())

    def clear(self) -> None:
        """Forget the requests."""
        self._requests.clear()

    def arrived(self, scope: Scope, *, operation: str | None) -> int:
        """Record a request and give its number."""
        self._count += 1
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._requests[self._count] = RecordedRequest(
            number=self._count,
            at=isoformat(self._clock.now()),
            method=scope["method"],
            path=scope["path"],
            query=_SECRET_IN_FORM.sub(rf"\1{_BLANK}", scope["query_string"].decode("latin-1")),
            operation=operation,
            headers={name: _blanked(name, value) for name, value in headers.items()},
        )
        if len(self._requests) > self._limit:
            self._requests.popitem(last=False)
        return self._count

    def note(self, number: int, **changes: Any) -> None:
        """Complete what is known about a request."""
        if number in self._requests:
            self._requests[number] = evolve(self._requests[number], **changes)

    def fault_fired(self, scope: Scope, rule: FaultRule) -> None:
        """Note that a request was spoilt."""
        self.note(scope.get(_NUMBER, 0), fault=rule.kind)


@frozen
class RecordingLayer:
    """The ASGI layer that feeds the recorder with requests to known operations, and other API paths."""

    app: ASGIApp
    recorder: Recorder
    plain_name: Callable[[str, str], str | None]
    base_path: str
    """Paths below it are recorded even if they are no operation's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and record it."""
        http = scope["type"] == "http"
        operation = self.plain_name(scope["method"], scope["path"]) if http else None
        if not http or (operation is None and not scope["path"].startswith(self.base_path)):
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        number = self.recorder.arrived(scope, operation=operation)
        scope[_NUMBER] = number
        body = bytearray()

        async def recording_receive() -> Message:
            message = await receive()
            body.extend(message.get("body", b"")[: _LONGEST_BODY - len(body)])
            return message

        async def recording_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.recorder.note(number, status=message["status"], body=_text(body))
            await send(message)

        try:
            await self.app(scope, recording_receive, recording_send)
        finally:
            self.recorder.note(number, body=_text(body), seconds=time.monotonic() - began)


def _text(body: bytearray) -> str:
    text = body.decode("utf-8", "replace")
    return _SECRET_IN_FORM.sub(rf"\1{_BLANK}", _SECRET_IN_JSON.sub(rf"\1{_BLANK}", text))


def _blanked(name: str, value: str) -> str:
    if name in _SECRET_HEADERS:
        return _BLANK
    if name == "authorization":
        scheme, _, rest = value.partition(" ")
        return f"{scheme} {_BLANK}" if rest else _BLANK
    return value
