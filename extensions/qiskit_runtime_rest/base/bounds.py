"""What clients may use up of a server: bytes of a body, seconds for the head of a request, file descriptors."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

__all__ = ["HEAD_SECONDS", "BodyBound", "quiet_without_descriptors", "with_head_bound"]

HEAD_SECONDS = 30.0
_REMARK_SECONDS = 60.0
_OUT_OF_DESCRIPTORS = "socket.accept() out of system resource"
_log = logging.getLogger("qiskit_runtime_rest.serving")


class BodyBound:
    """An ASGI layer that responds with 413 to a body above `limit` bytes, with or without an announced length."""

    def __init__(self, app: Any, limit: int) -> None:
        """Wrap an application."""
        self._app, self._limit = app, limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on and count its body. The application sees a larger one as a client that went away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        received, refused = 0, False

        async def refuse() -> None:
            nonlocal refused
            refused = True
            message = f"The request body is too large: the limit is {self._limit} bytes."
            body = json.dumps({"errors": [{"code": 413, "message": message}]}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            start = {"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]}
            await send(start)
            await send({"type": "http.response.body", "body": body})

        async def counting_receive() -> Any:
            nonlocal received
            if not refused:
                message = await receive()
                received += len(message.get("body", b""))
                if received <= self._limit:
                    return message
                await refuse()
            return {"type": "http.disconnect"}

        async def counting_send(message: Any) -> None:
            if not refused:
                await send(message)

        if announced.isdigit() and int(announced) > self._limit:
            await refuse()
            return
        try:
            await self._app(scope, counting_receive, counting_send)
        except Exception:
            if not refused:
                raise


def with_head_bound(protocol: type[Any], *, seconds: float) -> type[Any]:
    """A protocol class of uvicorn that closes connections on which the head of a request takes longer."""

    class HeadBound(protocol):  # type: ignore[misc]
        _head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._await_head()
            else:
                self._head_arrived()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_arrived()
            super().connection_lost(exc)

        def _await_head(self) -> None:
            # More bytes of the same head do not prolong it.
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(seconds, self._close_idle)

        def _head_arrived(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _close_idle(self) -> None:
            self._head_timer = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

    return HeadBound


def quiet_without_descriptors(loop: asyncio.AbstractEventLoop) -> None:
    """Say once a minute that the process has no file descriptors left; asyncio says it thousands of times a second."""
    last = -_REMARK_SECONDS

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal last
        if context.get("message") != _OUT_OF_DESCRIPTORS:
            loop.default_exception_handler(context)
        elif loop.time() >= last + _REMARK_SECONDS:
            last = loop.time()
            _log.warning("No connection can be accepted, because the process has no file descriptors left.")

    loop.set_exception_handler(handle)
