"""What clients may use up of a server: bytes of a body, bytes and seconds of the head of a request, file
descriptors."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

__all__ = ["HEAD_SECONDS", "MOST_HEAD_BYTES", "BodyBound", "announces_more", "bounded", "quiet_without_descriptors"]

HEAD_SECONDS = 30.0
MOST_HEAD_BYTES = 64 * 1024
_LONGEST_NUMBER = 20
_REMARK_SECONDS = 60.0
_OUT_OF_DESCRIPTORS = "socket.accept() out of system resource"
_log = logging.getLogger("qiskit_runtime_rest.serving")


def announces_more(scope: Any, limit: int) -> bool:
    """Whether the header Content-Length of a request is above `limit`."""
    announced = dict(scope["headers"]).get(b"content-length", b"")
    # Python refuses to read numbers of thousands of digits.
    return announced.isdigit() and (len(announced) > _LONGEST_NUMBER or int(announced) > limit)


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

        if announces_more(scope, self._limit):
            await refuse()
            return
        try:
            await self._app(scope, counting_receive, counting_send)
        except Exception:
            if not refused:
                raise


def bounded(protocol: type[Any], *, seconds: float) -> type[Any]:
    """A protocol class of uvicorn that ends connections on which the head of a request is too long, or takes too long.

    It also gives the application the whole target of a request, of which uvicorn may keep only the path.
    """

    class Bounded(protocol):  # type: ignore[misc]
        _head_timer: asyncio.TimerHandle | None = None
        _head_bytes: int | None = None
        """Of a head that has begun; h11 has a limit itself, and calls no `on_...`."""
        url: bytes

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._head_bytes is not None:
                self._head_bytes += len(data)
                if self._head_bytes > MOST_HEAD_BYTES:
                    self._refuse_head()
                    return
            is_websocket = self.transport.get_protocol() is not self
            if not is_websocket and (self.cycle is None or self.cycle.response_complete):
                self._await_head()
            else:
                self._head_arrived()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_arrived()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            self._head_bytes = 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._head_bytes = None
            target: bytes = self.url
            self.url = target if target.startswith(b"/") else b"/"
            super().on_headers_complete()
            if not target.startswith(b"/"):
                path, _, query = target.partition(b"?")
                self.scope |= {"raw_path": path, "query_string": query}

        def _refuse_head(self) -> None:
            self._head_bytes = None
            if self.cycle is None or self.cycle.response_complete:
                self.send_400_response(f"The head of the request has more than {MOST_HEAD_BYTES} bytes.")
            else:  # an earlier request has no answer yet
                self.transport.close()

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

    return Bounded


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
