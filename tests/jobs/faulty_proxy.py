"""A proxy that loses requests and spoils answers by chance, so that a client cannot know what happened."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from typing import Self
from urllib.parse import urlsplit

BROKEN_ANSWER = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 11\r\n\r\n<h1>502</h1>"
FAULTS = ("reset before", "reset after", "cut short", "error after", "late")
LATE_SECONDS = 0.01


class FaultyProxy:
    """Listens on 127.0.0.1 in a thread; passes requests on to `target` and spoils a share of them, by `seed`."""

    def __init__(self, target: str, *, rate: float, seed: int) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._path = parts.path
        self._rate = rate
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.done: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._path}"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await self._read(reader)) is not None:
                fault = self._random.choice(FAULTS) if self._random.random() < self._rate else "none"
                self.done[fault] += 1
                if fault == "reset before":
                    return
                answer = await self._ask(request)
                if fault == "reset after":
                    return
                if fault == "late":
                    await asyncio.sleep(LATE_SECONDS)
                if fault == "cut short":
                    writer.write(answer[: len(answer) // 2])
                    await writer.drain()
                    return
                writer.write(BROKEN_ANSWER if fault == "error after" else answer)
                await writer.drain()
                if fault == "error after":
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._target)
        writer.write(request)
        answer = await self._read(reader)
        writer.close()
        return answer or b""

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> bytes | None:
        """One message: head, and as much body as it says."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        return head + await reader.readexactly(int(fields.get(b"content-length", b"0")))
