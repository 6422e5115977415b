"""Requests of every patched library to the classic hosts are answered; other requests stay unchanged."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import inspect
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import aiohttp.client_reqrep
import httpx
import pytest
import requests
import requests.adapters
import urllib3
import urllib3.connection
import websocket
import websockets
import websockets.asyncio.client
import websockets.sync.client

from qiskit_runtime_rest import ConfigurationError, RemovedInV1, RuntimeRestError, legacy
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

RUNTIME = "https://runtime-us-east.quantum-computing.ibm.com"
STREAM = "wss://runtime-us-east.quantum-computing.ibm.com/stream/jobs"
AUTH = "https://auth.quantum-computing.ibm.com/api"
TOKEN = "MY_API_TOKEN"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOWHERE = "http://127.0.0.1:9"

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0; rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1; rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0; c[1] = measure $1;"""
JOB: dict[str, Any] = {
    "program_id": "sampler",
    "backend": "ibm_fez",
    "hub": "ibm-q",
    "group": "open",
    "project": "main",
    "params": {"circuits": [BELL], "run_options": {"shots": 100}},
}

PATCHED = [
    (requests.adapters.HTTPAdapter, "send"),
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (urllib.request.AbstractHTTPHandler, "do_open"),
    (aiohttp.ClientSession, "_request"),
    (aiohttp.ClientRequest, "__init__"),
    (aiohttp.ClientResponse, "start"),
    (websockets.asyncio.client.connect, "__init__"),
    (http.client.HTTPConnection, "endheaders"),
    (http.client.HTTPConnection, "getresponse"),
    (http.client.HTTPConnection, "connect"),
    (http.client.HTTPSConnection, "connect"),
    (urllib3.connection.HTTPConnection, "connect"),
    (urllib3.connection.HTTPSConnection, "connect"),
    (websocket.WebSocket, "connect"),
]
BEFORE = [inspect.getattr_static(owner, name) for owner, name in PATCHED]

Install = Callable[..., legacy.Installed]


@pytest.fixture
def settings(emulator: Emulator, tmp_path: Path) -> dict[str, Any]:
    return {
        "api_key": emulator.api_key,
        "instance": emulator.instance,
        "base_url": emulator.base_url,
        "iam_url": emulator.iam_url,
        "store": tmp_path / "store.sqlite",
    }


@pytest.fixture
def install(settings: dict[str, Any]) -> Install:
    return lambda **more: legacy.install(**{**settings, **more})


@pytest.fixture
def installed(install: Install) -> Iterator[legacy.Installed]:
    with install() as installation:
        yield installation


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Returns the request as JSON, for any method, also as a proxy."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        seen = {"path": self.path, "headers": dict(self.headers.items()), "body": self.rfile.read(length).decode()}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the base class calls

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """An unrelated server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# One request with each library: status, JSON (None without a body), and the URL of the response.

Reply = tuple[int, Any, str]


def by_requests(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    response = requests.request(method, url, headers=headers, json=body, timeout=60, verify=False)
    assert response.request.url == response.url
    return response.status_code, _parsed(response.content), response.url


def by_httpx(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    response = httpx.request(method, url, headers=headers, json=body, timeout=60, verify=False)
    assert response.request.url == response.url
    return response.status_code, _parsed(response.content), str(response.url)


def by_httpx_async(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    async def call() -> Reply:
        async with httpx.AsyncClient(timeout=60, verify=False) as client:
            response = await client.request(method, url, headers=headers, json=body)
            return response.status_code, _parsed(response.content), str(response.url)

    return asyncio.run(call())


def by_urllib(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    data = None if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url, data=data, headers={**(headers or {}), **kind}, method=method)
    try:
        with urllib.request.build_opener().open(request, timeout=60) as response:
            return response.status, _parsed(response.read()), response.geturl()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _parsed(error.read()), str(error.url)


def by_aiohttp(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    async def call() -> Reply:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            session.request(method, url, headers=headers, json=body) as response,
        ):
            assert response.request_info.url == response.url
            assert not [name for name in response.request_info.headers if name.lower().startswith("x-qrr")]
            return response.status, _parsed(await response.read()), str(response.url)

    return asyncio.run(call())


def by_http_client(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    parts = urlsplit(url)
    kind = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}.get(parts.scheme)
    if kind is None:
        raise ValueError(f"unknown scheme {parts.scheme}")
    sent = None if body is None else json.dumps(body)
    with contextlib.closing(kind(parts.netloc, timeout=60)) as connection:
        connection.request(method, url.removeprefix(f"{parts.scheme}://{parts.netloc}"), sent, headers or {})
        response = connection.getresponse()
        return response.status, _parsed(response.read()), url


def by_urllib3(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Reply:
    with urllib3.PoolManager() as pool:
        response = pool.request(method, url, headers=headers, json=body, timeout=60, retries=False)
        return response.status, _parsed(response.data), url


def _parsed(body: bytes) -> Any:
    return json.loads(body) if body else None


WITH_PROXIES = [by_requests, by_httpx, by_httpx_async, by_urllib, by_aiohttp]
"""Libraries that use the proxies of the environment."""

LIBRARIES = [*WITH_PROXIES, by_http_client, by_urllib3]
each_library = pytest.mark.parametrize("call", LIBRARIES, ids=lambda call: call.__name__)


@each_library
def test_each_library_gets_responses_that_seem_to_come_from_the_classic_host(
    installed: legacy.Installed, call: Callable[..., Reply]
) -> None:
    status, found, url = call(f"{RUNTIME}/backends?provider=ibm-q/open/main", headers=BEARER)
    assert status == 200
    assert "ibm_fez" in found["devices"]
    assert url == f"{RUNTIME}/backends?provider=ibm-q/open/main"

    status, job, _ = call(f"{RUNTIME}/jobs", "POST", BEARER, JOB)
    assert status == 200
    assert job["backend"] == "ibm_fez"
    assert [(one.method, one.host, one.status) for one in installed.calls] == [
        ("GET", "runtime-us-east.quantum-computing.ibm.com", 200),
        ("POST", "runtime-us-east.quantum-computing.ibm.com", 200),
    ]


@each_library
def test_each_library_reports_errors_in_its_own_way(installed: legacy.Installed, call: Callable[..., Reply]) -> None:
    status, response, url = call(f"{RUNTIME}/jobs/nosuchjob", headers=BEARER)
    assert (status, url) == (404, f"{RUNTIME}/jobs/nosuchjob")
    assert response["errors"][0]["message"]
    assert call(f"{RUNTIME}/backends")[0] == 401


@each_library
def test_each_library_raises_removed_in_v1(installed: legacy.Installed, call: Callable[..., Reply]) -> None:
    with pytest.raises(RemovedInV1, match="GET /health") as raised:
        call(f"{RUNTIME}/health", headers=BEARER)
    assert "GET /v1/versions" in str(raised.value.replacement)


@pytest.mark.parametrize("call", WITH_PROXIES, ids=lambda call: call.__name__)
def test_the_environments_proxies_are_for_other_hosts_only(
    install: Install, call: Callable[..., Reply], elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, elsewhere)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with install():
        assert call(f"{RUNTIME}/programs")[1]["programs"]
        assert call(RUNTIME.replace("https", "http") + "/programs")[1]["programs"]
        status, seen, _ = call("http://somewhere.example/path?a=b")
    assert status == 200
    assert seen["path"] == "http://somewhere.example/path?a=b"


@each_library
def test_requests_to_other_hosts_stay_unchanged(
    installed: legacy.Installed, call: Callable[..., Reply], elsewhere: str
) -> None:
    status, seen, url = call(f"{elsewhere}/jobs?a=b", "POST", BEARER, {"hub": "h"})
    assert (status, url) == (200, f"{elsewhere}/jobs?a=b")
    assert json.loads(seen["body"]) == {"hub": "h"}
    assert seen["headers"]["Authorization"] == BEARER["Authorization"]
    assert not [name for name in seen["headers"] if name.lower().startswith("x-qrr")]
    assert installed.calls == []


@each_library
def test_an_invalid_address_raises_the_same_error_as_before(
    installed: legacy.Installed, call: Callable[..., Reply]
) -> None:
    def refused() -> str:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - each library has its own
            call("http://runtime-us-east.quantum-computing.ibm.com:123456/programs")
        return repr(raised.value)

    during = refused()
    installed.uninstall()
    assert refused() == during


@each_library
def test_the_calling_line_is_in_the_report(installed: legacy.Installed, call: Callable[..., Reply]) -> None:
    call(f"{RUNTIME}/programs")
    (use,) = installed.report().uses
    source, first = inspect.getsourcelines(call)
    file, _, line = str(use.where).rpartition(":")
    assert Path(file).name == Path(__file__).name
    assert first < int(line) < first + len(source)


# requests


def test_sessions_of_requests_keep_headers_adapters_and_hooks(installed: legacy.Installed) -> None:
    heard: list[str] = []
    with requests.Session() as session:
        session.headers.update(BEARER)
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=2, pool_maxsize=1))
        session.hooks["response"].append(lambda response, *_, **__: heard.append(response.url))
        with session.get(f"{RUNTIME}/backends", stream=True, timeout=(5, 60), cert=None) as response:
            assert b"ibm_fez" in b"".join(response.iter_content(16))
        assert session.post(f"{RUNTIME}/jobs", data=json.dumps(JOB), timeout=60).json()["id"]
        uploaded = session.post(f"{RUNTIME}/jobs", files={"file": b"no JSON"}, timeout=60)
    assert uploaded.status_code == 400
    assert heard == [f"{RUNTIME}/backends", f"{RUNTIME}/jobs", f"{RUNTIME}/jobs"]
    assert not [name for name in uploaded.request.headers if name.lower().startswith("x-qrr")]


def test_a_session_older_than_the_installation_is_included(install: Install, elsewhere: str) -> None:
    with requests.Session() as session:
        assert session.get(elsewhere, timeout=60).ok
        with install():
            assert session.get(f"{RUNTIME}/programs", timeout=60).ok
        assert session.get(elsewhere, timeout=60).ok


# Tasks and threads


def test_concurrent_threads_and_tasks_get_their_own_responses(installed: legacy.Installed) -> None:
    def ask(number: int) -> tuple[int, str]:
        call = LIBRARIES[number % len(LIBRARIES)]
        _, response, _ = call(f"{RUNTIME}/programs?limit=1&offset={number % 4}")
        return number % 4, response["programs"][0]["id"]

    with ThreadPoolExecutor(8) as threads:
        found = dict(threads.map(ask, range(40)))
    assert len(set(found.values())) == 4
    assert len(installed.calls) == 40


@pytest.mark.anyio
async def test_tasks_of_one_client_do_not_wait_for_each_other(installed: legacy.Installed) -> None:
    async with httpx.AsyncClient(timeout=60) as client, aiohttp.ClientSession() as session:
        responses = await asyncio.gather(*(client.get(f"{RUNTIME}/programs?limit={n}") for n in range(1, 5)))
        assert [len(response.json()["programs"]) for response in responses] == [1, 2, 3, 4]

        async def count(limit: int) -> int:
            async with session.get(f"{RUNTIME}/programs", params={"limit": limit}) as response:
                return len((await response.json())["programs"])

        assert await asyncio.gather(*map(count, range(1, 5))) == [1, 2, 3, 4]


@pytest.mark.anyio
async def test_aiohttp_reports_the_line_that_made_a_request_of_a_task(installed: legacy.Installed) -> None:
    async with aiohttp.ClientSession() as session:
        request = session.get(f"{RUNTIME}/programs")
        line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
        (response,) = await asyncio.gather(request)
        assert (await response.json())["programs"]
    assert str(installed.calls[0].where).endswith(f"test_interception.py:{line}")


# WebSockets


@pytest.fixture
def job(installed: legacy.Installed) -> str:
    return str(requests.post(f"{RUNTIME}/jobs", json=JOB, headers=BEARER, timeout=60).json()["id"])


def _heard(messages: list[Any], job: str) -> None:
    assert job in messages[0]
    (distribution,) = json.loads(messages[-1])["quasi_dists"]
    assert set(distribution) <= {"00", "01", "10", "11"}
    assert sum(distribution.values()) == pytest.approx(1)


@pytest.mark.anyio
async def test_websockets_send_the_result_and_close(job: str) -> None:
    async with websockets.connect(f"{STREAM}/{job}", ssl=True, ping_interval=None, extra_headers=BEARER) as websocket:
        _heard([message async for message in websocket], job)
        assert websocket.close_code == 1000
    websocket = await websockets.connect(f"{STREAM}/{job}", additional_headers=BEARER)
    assert job in await websocket.recv()
    await websocket.close()


def test_synchronous_websockets_send_the_result(job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE)
    with websockets.sync.client.connect(f"{STREAM}/{job}", legacy=True, extra_headers=BEARER) as websocket:
        _heard(list(websocket), job)


@pytest.mark.parametrize("headers", [BEARER, [f"Authorization: Bearer {TOKEN}"]])
def test_websocket_client_gets_the_result(job: str, headers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE)
    connection = websocket.create_connection(f"{STREAM}/{job}", header=headers, timeout=60)
    messages = list(iter(connection.recv, ""))
    connection.shutdown()  # type: ignore[no-untyped-call]
    _heard(messages, job)


@pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated:DeprecationWarning")
@pytest.mark.anyio
async def test_the_old_client_of_websockets_gets_the_result(job: str) -> None:
    from websockets.legacy.client import connect

    async with connect(f"{STREAM}/{job}", additional_headers=BEARER) as websocket:
        _heard([message async for message in websocket], job)
        assert websocket.close_code == 1000


@pytest.mark.anyio
async def test_websockets_of_aiohttp_get_the_result(job: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{STREAM}/{job}", headers=BEARER) as websocket:
        _heard([message.data async for message in websocket], job)
        assert websocket.close_code == 1000


@pytest.mark.anyio
async def test_a_refused_websocket_has_the_classic_status(job: str) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus) as raised:
        await websockets.connect(f"{STREAM}/nosuchjob", additional_headers=BEARER)
    assert raised.value.response.status_code == 404
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{STREAM}/nosuchjob", headers=BEARER)
    assert refused.value.status == 404


@pytest.mark.anyio
async def test_a_websocket_to_another_host_stays_unchanged(installed: legacy.Installed) -> None:
    async def greet(websocket: Any) -> None:
        await websocket.send(json.dumps(dict(websocket.request.headers.raw_items())))

    async with websockets.serve(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        uri = f"ws://127.0.0.1:{port}/stream/jobs/x"
        async with websockets.connect(uri, additional_headers=BEARER, proxy=None) as websocket:
            seen = json.loads(await websocket.recv())
    assert seen["Authorization"] == BEARER["Authorization"]
    assert not [name for name in seen if name.lower().startswith("x-qrr")]


# Credentials


def test_the_api_key_of_the_settings_replaces_the_login_token(installed: legacy.Installed, emulator: Emulator) -> None:
    for _ in range(2):
        assert requests.post(f"{AUTH}/users/loginWithToken", json={"apiToken": TOKEN}, timeout=60).ok
    noted = [note for note in installed.notes if note.field == "apiToken"]
    assert len(noted) == 1
    assert emulator.api_key not in f"{installed.report()}{installed.report().to_dict()}{installed.calls}"
    assert TOKEN not in f"{installed.report()}{installed.report().to_dict()}{installed.calls}"


@pytest.mark.parametrize("header", ["x-access-token", "Authorization"])
@pytest.mark.parametrize("left_over", ["never-valid-here", "<paste your token here>"])
def test_the_api_key_of_the_settings_replaces_any_token(
    installed: legacy.Installed, header: str, left_over: str
) -> None:
    value = f"Bearer {left_over}" if header == "Authorization" else left_over
    for path in ("/backends", "/programs"):
        assert requests.get(f"{RUNTIME}{path}", headers={header: value}, timeout=60).ok
    assert {note.call for note in installed.notes if note.field == header} == {"GET /backends", "GET /programs"}
    assert left_over not in f"{installed.report().to_dict()}{installed.calls}"


def test_without_a_key_in_the_settings_that_of_the_script_is_used(install: Install, emulator: Emulator) -> None:
    with install(api_key=None):
        assert requests.get(f"{RUNTIME}/backends", headers={"x-access-token": emulator.api_key}, timeout=60).ok
        refused = requests.get(f"{RUNTIME}/backends", headers=BEARER, timeout=60)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, 1201)


def test_mapping_and_era_reach_the_translation(install: Install, emulator: Emulator, tmp_path: Path) -> None:
    mapping = tmp_path / "instances.json"
    mapping.write_text(json.dumps({"ibm-q/open/main": emulator.instance}))
    with install(instances=mapping, era="2021"):
        assert isinstance(requests.get(f"{RUNTIME}/programs", timeout=60).json(), list)
        refused = requests.get(f"{RUNTIME}/backends?provider=a/b/c", headers=BEARER, timeout=60)
    assert refused.status_code == 403
    assert "a/b/c" in refused.text


# Installing and uninstalling


def _is_restored() -> bool:
    ours = [finder for finder in sys.meta_path if type(finder).__module__.startswith("qiskit_runtime_rest")]
    return [inspect.getattr_static(owner, name) for owner, name in PATCHED] == BEFORE and not ours


def test_every_patch_is_applied_and_restored(install: Install) -> None:
    with install() as installed:
        now = [inspect.getattr_static(owner, name) for owner, name in PATCHED]
        assert not [one for one, before in zip(now, BEFORE, strict=True) if one is before]
    assert _is_restored()
    installed.uninstall()
    assert _is_restored()


def test_an_error_uninstalls_it_too(install: Install) -> None:
    with pytest.raises(ZeroDivisionError), install():
        _ = 1 / 0
    assert _is_restored()


@pytest.mark.anyio
async def test_async_with_uninstalls_too(install: Install) -> None:
    async def fail() -> None:
        async with install(), httpx.AsyncClient(timeout=60) as client:
            assert (await client.get(f"{RUNTIME}/programs")).is_success
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert _is_restored()


def test_calls_and_notes_stay_after_uninstalling(install: Install) -> None:
    with install() as installed:
        requests.get(f"{RUNTIME}/backends?provider=a/b/c", headers=BEARER, timeout=60)
    assert [call.status for call in installed.calls] == [200]
    assert [note.field for note in installed.notes] == ["Authorization", "provider"]


def test_a_second_installation_is_an_error_that_names_the_first(install: Install) -> None:
    with install() as installed, pytest.raises(ConfigurationError, match=r"test_interception\.py:") as raised:
        install()
    assert str(installed.where) in str(raised.value)
    with install():
        assert requests.get(f"{RUNTIME}/programs", timeout=60).ok
    assert _is_restored()


def test_invalid_settings_install_nothing(install: Install) -> None:
    for wrong in ({"base_url": "nowhere"}, {"era": "1999"}, {"instances": {"a": "b"}}):
        with pytest.raises(RuntimeRestError):
            install(**wrong)
    assert _is_restored()


def test_a_later_patch_of_other_code_stays(install: Install, elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = requests.adapters.HTTPAdapter
    with install():
        ours = adapter.send
        seen: list[str] = []

        def theirs(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(request.url)
            return ours(self, request, *args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr(adapter, "send", theirs)
            installed_end = requests.get(f"{RUNTIME}/programs", timeout=60)
            assert installed_end.ok
        # Restored in the wrong order: the other patch stays until it is removed.
        setattr(adapter, "send", theirs)  # noqa: B010 - a patch, not an override
    assert adapter.send is theirs
    classic = RUNTIME.replace("https", "http") + "/after"
    assert requests.get(classic, proxies={"http": elsewhere}, timeout=60).json()["path"] == classic
    assert seen == [f"{RUNTIME}/programs", classic]
    setattr(adapter, "send", BEFORE[0])  # noqa: B010 - as above
    assert _is_restored()


LATER = """
import sys
from qiskit_runtime_rest import legacy
with legacy.install():
    loaded = {"requests", "aiohttp", "websockets.asyncio.client", "websockets.sync.client"} & set(sys.modules)
    import requests
    from websockets.sync.client import connect
    print(sorted(loaded - {"websockets.asyncio.client"}), requests.__spec__.loader.__class__.__name__)
    print(requests.adapters.__loader__.__class__.__name__, requests.adapters.__spec__.loader.__class__.__name__)
    print(requests.get("https://runtime-us-east.quantum-computing.ibm.com/programs", timeout=60).status_code)
"""


def test_a_library_that_is_imported_later_is_patched(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(emulator).items():
        monkeypatch.setenv(name, value)
    ended = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, timeout=600)
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == ["[] SourceFileLoader", "SourceFileLoader SourceFileLoader", "200"]
