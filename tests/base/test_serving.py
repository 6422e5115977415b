"""All servers refuse what a browser sends for a page of another site."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.servers import SERVERS, server

WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==",
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(pace="hold", allow_hosts=["lab.example"]) as emulator:
        yield emulator


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, emulator: Emulator, tmp_path: Path) -> Iterator[str]:
    """The root of each kind of server."""
    with server(request.param, emulator, tmp_path) as root:
        yield root


def status(url: str, *headers: str, target: str = "GET /") -> int:
    """Send a request with these headers and no others, and return the status of its answer."""
    return answer(url, *headers, target=target)[0]


def answer(url: str, *headers: str, target: str = "GET /") -> tuple[int, str]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        lines = [f"{target} HTTP/1.1", *headers, "Content-Length: 0", "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        received = b""
        while b"\r\n\r\n" not in received and (part := connection.recv(65536)):
            received += part
        head = received.decode("latin-1")
        if head.split(" ")[1] == "403":
            while part := connection.recv(65536):
                received += part
    return int(head.split(" ")[1]), received.decode("latin-1").partition("\r\n\r\n")[2]


def test_ordinary_clients_go_on(url: str) -> None:
    parts = urlsplit(url)
    hosts = (f"127.0.0.1:{parts.port}", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:80", "127.0.0.2")
    assert {host: status(url, f"Host: {host}") for host in hosts if status(url, f"Host: {host}") == 403} == {}
    assert status(url, f"Host: {parts.netloc}", f"Origin: http://{parts.netloc}") != 403


FOREIGN = (
    ("Host: evil.example",),
    ("Host: evil.example:{port}", "Origin: http://evil.example:{port}"),
    ("Host: localhost.evil.example",),
    ("Host: 10.9.8.7:{port}",),
    ("Host: 127.0.0.1@evil.example",),
    ("Host: ",),
    ("Host: 127.0.0.1:{port}", "Origin: http://evil.example"),
    ("Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1:1"),
    ("Host: 127.0.0.1:{port}", "Origin: null"),
    ("Host: 127.0.0.1:{port}", "Origin: http://[evil"),
)


def test_what_a_page_of_another_site_loads_is_refused_and_its_links_are_followed(url: str) -> None:
    host = f"Host: {urlsplit(url).netloc}"
    for site in ("cross-site", "same-site"):
        assert status(url, host, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: no-cors") == 403
        assert status(url, host, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: navigate") != 403
    for site in ("same-origin", "none"):
        assert status(url, host, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: no-cors") != 403


def test_two_kinds_of_length_are_refused(url: str) -> None:
    headers = (f"Host: {urlsplit(url).netloc}", "Transfer-Encoding: chunked")
    assert status(url, *headers, target="POST /identity/token") == 400


@pytest.mark.parametrize("target", ["GET /", "POST /identity/token", "POST /_emulator/reset", "OPTIONS /api/v1/jobs"])
def test_another_host_or_origin_is_refused(url: str, target: str) -> None:
    for headers in FOREIGN:
        got, body = answer(url, *[line.format(port=urlsplit(url).port) for line in headers], target=target)
        assert got == 403, headers
        error = json.loads(body)["errors"][0]
        assert ("another site" if len(headers) > 1 and "evil" not in headers[0] else "Host") in error["message"]
        assert "--allow-host" in error["solution"]


def test_nothing_happens_before_the_refusal(emulator: Emulator) -> None:
    emulator.clear_requests()
    assert status(emulator.url, "Host: evil.example", target="POST /api/v1/jobs") == 403
    assert emulator.requests == []


@pytest.mark.parametrize("url", ["emulator", "gateway"], indirect=True)
def test_a_name_that_the_user_allows_is_served(url: str) -> None:
    assert status(url, "Host: LAB.example:8000") != 403
    # A proxy with TLS in front of the server may keep its own name, or not.
    assert status(url, "Host: lab.example", "Origin: https://lab.example") != 403
    assert status(url, f"Host: {urlsplit(url).netloc}", "Origin: https://lab.example") != 403
    assert status(url, "Host: lab.example", "Origin: https://evil.example") == 403


@pytest.mark.parametrize("url", ["gateway"], indirect=True)
def test_a_websocket_of_another_site_is_refused(url: str) -> None:
    host = f"Host: {urlsplit(url).netloc}"
    assert status(url, host, *WEBSOCKET, target="GET /stream/jobs/x") == 101
    for line in ("Origin: http://evil.example", "Origin: null"):
        assert status(url, host, line, *WEBSOCKET, target="GET /stream/jobs/x") == 403


def test_a_name_to_allow_must_be_one() -> None:
    with pytest.raises(ValueError, match="not the name or address of a host"):
        Emulator(allow_hosts=["http://lab.example"])
