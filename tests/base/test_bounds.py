from __future__ import annotations

import asyncio
import functools
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.sync.client import connect

from qiskit_runtime_rest.base.bounds import MOST_HEAD_BYTES, announces_more, quiet_without_descriptors
from qiskit_runtime_rest.base.serving import Server, ThreadedServer, listen, url_of

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            break
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def _server(options: dict[str, Any], on_started: Callable[[], None]) -> Server:
    return Server(echo, on_started=on_started, **options)


def served(**options: Any) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    make = functools.partial(_server, options)
    server = ThreadedServer(listener, make, name="test")
    yield url_of(listener)
    server.close()


@pytest.fixture
def url() -> Iterator[str]:
    yield from served(max_body_bytes=1000)


@pytest.fixture(params=[H11Protocol, AutoHTTPProtocol])
def hasty(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from served(http=request.param, head_seconds=0.2)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_the_limit_is_refused(url: str, chunked: bool) -> None:
    def sent(size: int) -> httpx.Response:
        return httpx.post(url, content=iter([b"x" * size]) if chunked else b"x" * size, verify=False)

    assert sent(1000).text == "1000"
    assert sent(1001).status_code == 413
    assert "1000 bytes" in sent(1001).json()["errors"][0]["message"]


@pytest.fixture(params=[H11Protocol, AutoHTTPProtocol])
def patient(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from served(http=request.param)


def connection(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=60)


@pytest.mark.parametrize("begin", [b"", HEAD], ids=["nothing", "a part"])
def test_a_connection_without_a_whole_head_is_closed(hasty: str, begin: bytes) -> None:
    with connection(hasty) as opened:
        opened.sendall(begin)
        assert opened.recv(1000) == b""


def test_a_second_head_that_does_not_end_is_closed_too(hasty: str) -> None:
    with connection(hasty) as opened:
        opened.sendall(HEAD + b"\r\n")
        assert opened.recv(1000).startswith(b"HTTP/1.1 200")
        opened.sendall(HEAD)
        while opened.recv(1000):
            pass


def test_a_websocket_may_be_silent_for_longer(hasty: str) -> None:
    with connect(hasty.replace("http", "ws"), proxy=None) as stream:
        stream.send("first")
        assert stream.recv() == "first"
        with connection(
            hasty
        ) as silent:  # younger: when the server closes this one, the time of the other is over, too
            assert silent.recv(1000) == b""
        stream.send("second")
        assert stream.recv() == "second"


@pytest.mark.parametrize("begin", [HEAD + b"X: ", HEAD, b"GET /"], ids=["a header", "headers", "the target"])
def test_a_head_that_is_too_long_is_refused(patient: str, begin: bytes) -> None:
    more = b"X: y\r\n" if begin == HEAD else b"x"
    with connection(patient) as opened, pytest.raises((ConnectionResetError, BrokenPipeError)):
        opened.sendall(begin + more * (1000 * MOST_HEAD_BYTES // len(more)))


def test_running_out_of_descriptors_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def many() -> None:
        loop = asyncio.get_running_loop()
        quiet_without_descriptors(loop)
        for _ in range(100):
            loop.call_exception_handler({"message": "socket.accept() out of system resource"})

    with caplog.at_level(logging.WARNING):
        asyncio.run(many())
    (record,) = caplog.records
    assert "file descriptors" in record.message


@pytest.mark.parametrize(
    ("announced", "more"), [("10", False), ("11", True), ("9" * 5000, True), ("x", False), ("-1", False), ("", False)]
)
def test_an_announced_length_of_any_form_is_compared(announced: str, more: bool) -> None:
    assert announces_more({"headers": [(b"content-length", announced.encode())]}, 10) is more
    assert not announces_more({"headers": []}, 10)
