"""Which requests are redirected, and how: decided without a server."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from qiskit_runtime_rest.legacy.interception.detour import Detour, removed
from qiskit_runtime_rest.legacy.interception.libraries import websockets_patches
from qiskit_runtime_rest.legacy.messages import INVALID_INPUT, REMOVED, ClassicError

HOST = "runtime-us-east.quantum-computing.ibm.com"
STREAM = f"wss://{HOST}/stream/jobs/j"
BEARER = {"Authorization": "Bearer key"}


@pytest.fixture
def detour() -> Detour:
    return Detour(port=1234, secret="secret")


@pytest.mark.parametrize(
    "url",
    [
        f"https://{HOST}/jobs",
        f"https://{HOST.upper()}:443/jobs",
        f"http://{HOST}:80",
        f"http://user:password@{HOST}/jobs",
        STREAM,
    ],
)
def test_requests_to_a_classic_host_are_redirected(detour: Detour, url: str) -> None:
    assert detour.host(url) == HOST
    detour.is_open = False
    assert detour.host(url) is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://{HOST}:9/jobs",
        f"http://{HOST}:443/jobs",
        f"http://{HOST}:123456/jobs",
        f"ftp://{HOST}/jobs",
        f"https://x{HOST}/jobs",
        "https://quantum.cloud.ibm.com/api/v1/jobs",
        "http://[",
        "",
        None,
    ],
)
def test_other_hosts_ports_and_schemes_are_not_redirected(detour: Detour, url: str | None) -> None:
    assert detour.host(url) is None


def test_a_redirected_url_keeps_all_but_scheme_and_host(detour: Detour) -> None:
    assert detour.url(f"https://{HOST}/a%2Fb?c=d#e") == "http://127.0.0.1:1234/a%2Fb?c=d#e"
    assert detour.url(STREAM) == "ws://127.0.0.1:1234/stream/jobs/j"


def test_the_additional_headers_are_printable_ascii(detour: Detour) -> None:
    headers = detour.headers(HOST, where="gr\u00f6\u00dfe 100%.py:1")
    assert headers == {
        "Host": "127.0.0.1:1234",
        "X-Qrr-Secret": "secret",
        "X-Qrr-Host": HOST,
        "X-Qrr-Where": "gr%C3%B6%C3%9Fe 100%25.py:1",
    }
    assert "secret" not in repr(detour)


def test_the_response_to_a_removed_call_becomes_an_error() -> None:
    error = removed(ClassicError(REMOVED, "GET /health", solution="Use instead: x.").response.body)
    assert error is not None
    assert (str(error.replacement), "GET /health" in str(error)) == ("Use instead: x.", True)


@pytest.mark.parametrize(
    "body", [ClassicError(INVALID_INPUT).response.body, b"", b"[]", b"{}", json.dumps({"errors": []}).encode()]
)
def test_other_responses_with_status_410_stay(body: bytes) -> None:
    assert removed(body) is None


# WebSockets


class NewConnect:
    def __init__(self, uri: str, *, additional_headers: Any = None, proxy: Any = True, **given: Any) -> None:
        self.uri, self.headers, self.given = uri, additional_headers, {"proxy": proxy, **given}


def old_connect(uri: str, *, extra_headers: Any = None, **given: Any) -> Any:
    return SimpleNamespace(uri=uri, headers=extra_headers, given=given)


def connect_new(detour: Detour, uri: str, **given: Any) -> Any:
    (patch,) = websockets_patches(cast(ModuleType, SimpleNamespace(connect=NewConnect)), detour)
    connection = NewConnect.__new__(NewConnect)
    patch.make(NewConnect.__init__)(connection, uri, **given)
    return connection


def connect_old(detour: Detour, uri: str, **given: Any) -> Any:
    client = ModuleType("client_of_old_websockets")
    client.connect = old_connect  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, client.__name__, client)
        patches = [patch for patch in websockets_patches(client, detour) if patch.owner is client]
    return patches[0].make(old_connect)(uri, **given)


@pytest.mark.parametrize("connect", [connect_new, connect_old])
@pytest.mark.parametrize("argument", ["extra_headers", "additional_headers"])
@pytest.mark.parametrize("headers", [BEARER, list(BEARER.items())], ids=["dict", "list"])
def test_websockets_connect_to_the_gateway_with_the_headers_of_either_argument(
    detour: Detour, connect: Any, argument: str, headers: Any
) -> None:
    elsewhere = {"ssl": True, "ssl_context": 1, "server_hostname": HOST, "host": HOST, "port": 443}
    connection = connect(detour, STREAM, ping_interval=None, **elsewhere, **{argument: headers})
    assert connection.uri == "ws://127.0.0.1:1234/stream/jobs/j"
    assert connection.headers["Authorization"] == "Bearer key"
    assert connection.headers["X-Qrr-Secret"] == "secret"
    assert "Host" not in connection.headers
    assert connection.given.pop("proxy", None) is None
    assert connection.given == {"ping_interval": None}


@pytest.mark.parametrize("connect", [connect_new, connect_old])
def test_websockets_to_other_hosts_keep_their_arguments(detour: Detour, connect: Any) -> None:
    connection = connect(detour, "ws://127.0.0.1:1/x", ssl=None, ping_interval=3)
    assert (connection.uri, connection.headers) == ("ws://127.0.0.1:1/x", None)
    assert connection.given | {"proxy": True} == {"ssl": None, "ping_interval": 3, "proxy": True}
