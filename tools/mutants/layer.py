"""A layer around the embedded service that spoils requests or answers of one operation."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from attrs import evolve, field, frozen

from qiskit_runtime_rest.contract.sources import vendored

__all__ = ["Answer", "Asked", "Layer", "Mutant"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

BASE_PATH = "/api"


@frozen
class Asked:
    """A request on its way to the service."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@frozen
class Answer:
    """An answer on its way to the client."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed; `None` if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def saying(self, value: Any) -> Answer:
        """The same with another JSON body."""
        return evolve(self, body=json.dumps(value).encode())


@frozen(kw_only=True)
class Mutant:
    """A fault: which operation, and what happens to its requests or its answers."""

    name: str
    operation: str
    asked: Callable[[Asked], Asked | Answer] = field(default=lambda request: request)
    """Changes a request, or answers in the service's place."""
    answered: Callable[[Asked, Answer], Answer] = field(default=lambda request, answer: answer)  # noqa: ARG005
    """Changes an answer."""
    methods: str = ""
    """Spoil these methods of the operation's path instead of its own."""
    beside: tuple[str, ...] = ()
    """Operations to be asked as well, for what shows along the contract's links only."""


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
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in self._methods or not self._path.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        asked = Asked(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            await _body(receive),
        )
        meant = self._mutant.asked(asked)
        answer = meant if isinstance(meant, Answer) else await self._ask(scope, meant)
        answer = self._mutant.answered(asked, answer)
        headers = {**answer.headers, "content-length": str(len(answer.body))}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    async def _ask(self, scope: Any, asked: Asked) -> Answer:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in asked.headers.items()]
        changed = {**scope, "query_string": asked.query.encode("latin-1"), "headers": headers, "path": asked.path}
        changed |= {"raw_path": asked.path.encode(), "method": asked.method}
        messages: list[Message] = []
        told = False

        async def receive() -> Message:
            nonlocal told
            if told:
                return {"type": "http.disconnect"}
            told = True
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app(changed, receive, send)
        start = messages[0]
        return Answer(
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
