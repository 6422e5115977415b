"""The ASGI layer that refuses request bodies above a limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import frozen

from .errors import BODY_TOO_LARGE, ServiceError, error_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimitLayer"]


@frozen
class BodyLimitLayer:
    """Wraps an application; a larger body is answered 413, whether its length was announced or not."""

    app: ASGIApp
    limit: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.limit:
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
        return f"It may have {self.limit} bytes at most."

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
