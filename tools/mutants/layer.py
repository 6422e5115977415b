"""A layer around the embedded service that spoils requests or responses of one operation."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from attrs import evolve, field, frozen

from qiskit_runtime_rest.contract.sources import vendored

__all__ = ["Layer", "Mutant", "Request", "Response"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

BASE_PATH = "/api"


@frozen
class Request:
    """A request on its way to the service."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@frozen
class Response:
    """A response on its way to the client."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body; `None` if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def with_json(self, value: Any) -> Response:
        """The same response with another JSON body."""
        return evolve(self, body=json.dumps(value).encode())


@frozen(kw_only=True)
class Mutant:
    """A fault: an operation, and the changes of its requests or its responses."""

    name: str
    operation: str
    on_request: Callable[[Request], Request | Response] = field(default=lambda request: request)
    """Changes a request, or returns a response instead of the service."""
    on_response: Callable[[Request, Response], Response] = field(default=lambda request, response: response)  # noqa: ARG005
    """Changes a response."""
    methods: str = ""
    """Spoil these methods of the operation's path instead of the operation's method."""
    beside: tuple[str, ...] = ()
    """Operations to check as well, for faults that only the contract's links show."""


class Layer:
    """The service with a fault in it."""

    def __init__(self, app: Application, mutant: Mutant) -> None:
        """Put a fault around an ASGI application."""
        self._app = app
        self._mutant = mutant
        method, path = next(
            (method.upper(), path)
            for path, item in vendored()["paths"].items()
            for method, operation in item.items()
            if operation["operationId"] == mutant.operation
        )
        self._methods = mutant.methods.split() or [method]
        self._path = re.compile(BASE_PATH + re.escape(path).replace(r"\{id\}", "[^/]*"))

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] not in self._methods or not self._path.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            await _body(receive),
        )
        changed = self._mutant.on_request(request)
        response = changed if isinstance(changed, Response) else await self._send(scope, changed)
        response = self._mutant.on_response(request, response)
        headers = {**response.headers, "content-length": str(len(response.body))}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        await send({"type": "http.response.body", "body": response.body})

    async def _send(self, scope: Any, request: Request) -> Response:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
        changed = {**scope, "query_string": request.query.encode("latin-1"), "headers": headers, "path": request.path}
        changed |= {"raw_path": request.path.encode(), "method": request.method}
        messages: list[Message] = []
        received = False

        async def receive() -> Message:
            nonlocal received
            if received:
                return {"type": "http.disconnect"}
            received = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app(changed, receive, send)
        start = messages[0]
        return Response(
            start["status"],
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in messages[1:]),
        )


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
