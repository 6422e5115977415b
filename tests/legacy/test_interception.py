"""Calls to the classic hosts are answered, whatever library makes them; all others, and later ones, are as ever."""

from __future__ import annotations

import asyncio
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

import aiohttp
import aiohttp.client_reqrep
import httpx
import pytest
import requests
import requests.adapters
import websockets
import websockets.asyncio.client
import websockets.sync.client

from qiskit_runtime_rest import ConfigurationError, RemovedInV1, RuntimeRestError, legacy
from qiskit_runtime_rest.testing import Emulator

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
    "backend": "ibm_torino",
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
    """Tells what arrived, by any method; as a proxy, too."""

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

    do_POST = do_GET  # noqa: N815 - as it is called

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A server that has nothing to do with it."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# One call by each library: its status, its JSON (None without), and the URL that the response says it is from.

Answer = tuple[int, Any, str]


def by_requests(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Answer:
    answer = requests.request(method, url, headers=headers, json=body, timeout=60, verify=False)
    assert answer.request.url == answer.url
    return answer.status_code, _parsed(answer.content), answer.url


def by_httpx(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Answer:
    answer = httpx.request(method, url, headers=headers, json=body, timeout=60, verify=False)
    assert answer.request.url == answer.url
    return answer.status_code, _parsed(answer.content), str(answer.url)


def by_httpx_async(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Answer:
    async def call() -> Answer:
        async with httpx.AsyncClient(timeout=60, verify=False) as client:
            answer = await client.request(method, url, headers=headers, json=body)
            return answer.status_code, _parsed(answer.content), str(answer.url)

    return asyncio.run(call())


def by_urllib(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url, data=data, headers={**(headers or {}), **kind}, method=method)
    try:
        with urllib.request.build_opener().open(request, timeout=60) as answer:
            return answer.status, _parsed(answer.read()), answer.geturl()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _parsed(error.read()), str(error.url)


def by_aiohttp(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Answer:
    async def call() -> Answer:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            session.request(method, url, headers=headers, json=body) as answer,
        ):
            assert answer.request_info.url == answer.url
            assert not [name for name in answer.request_info.headers if name.lower().startswith("x-qrr")]
            return answer.status, _parsed(await answer.read()), str(answer.url)

    return asyncio.run(call())


def _parsed(body: bytes) -> Any:
    return json.loads(body) if body else None


LIBRARIES = [by_requests, by_httpx, by_httpx_async, by_urllib, by_aiohttp]
each_library = pytest.mark.parametrize("call", LIBRARIES, ids=lambda call: call.__name__)


@each_library
def test_each_library_gets_classic_answers_that_seem_to_come_from_the_classic_host(
    installed: legacy.Installed, call: Callable[..., Answer]
) -> None:
    status, found, url = call(f"{RUNTIME}/backends?provider=ibm-q/open/main", headers=BEARER)
    assert status == 200
    assert "ibm_torino" in found["devices"]
    assert url == f"{RUNTIME}/backends?provider=ibm-q/open/main"

    status, job, _ = call(f"{RUNTIME}/jobs", "POST", BEARER, JOB)
    assert status == 200
    assert job["backend"] == "ibm_torino"
    assert [(one.method, one.host, one.status) for one in installed.calls] == [
        ("GET", "runtime-us-east.quantum-computing.ibm.com", 200),
        ("POST", "runtime-us-east.quantum-computing.ibm.com", 200),
    ]


@each_library
def test_each_library_tells_errors_in_its_own_way(installed: legacy.Installed, call: Callable[..., Answer]) -> None:
    status, answer, url = call(f"{RUNTIME}/jobs/nosuchjob", headers=BEARER)
    assert (status, url) == (404, f"{RUNTIME}/jobs/nosuchjob")
    assert answer["errors"][0]["message"]
    assert call(f"{RUNTIME}/backends")[0] == 401


@each_library
def test_each_library_raises_what_v1_has_no_counterpart_for(
    installed: legacy.Installed, call: Callable[..., Answer]
) -> None:
    with pytest.raises(RemovedInV1, match="GET /health") as raised:
        call(f"{RUNTIME}/health", headers=BEARER)
    assert "GET /v1/versions" in str(raised.value.replacement)


@each_library
def test_the_environments_proxies_are_for_other_hosts_only(
    install: Install, call: Callable[..., Answer], elsewhere: str, monkeypatch: pytest.MonkeyPatch
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
def test_calls_to_other_hosts_go_out_as_they_are(
    installed: legacy.Installed, call: Callable[..., Answer], elsewhere: str
) -> None:
    status, seen, url = call(f"{elsewhere}/jobs?a=b", "POST", BEARER, {"hub": "h"})
    assert (status, url) == (200, f"{elsewhere}/jobs?a=b")
    assert json.loads(seen["body"]) == {"hub": "h"}
    assert seen["headers"]["Authorization"] == BEARER["Authorization"]
    assert not [name for name in seen["headers"] if name.lower().startswith("x-qrr")]
    assert installed.calls == []


@each_library
def test_a_classic_host_by_another_port_is_somebody_elses(
    installed: legacy.Installed, call: Callable[..., Answer]
) -> None:
    with pytest.raises((OSError, httpx.TransportError, aiohttp.ClientError)):
        call("http://runtime-us-east.quantum-computing.ibm.com:9/programs")
    assert installed.calls == []


@each_library
def test_an_address_that_is_none_is_refused_as_ever(installed: legacy.Installed, call: Callable[..., Answer]) -> None:
    def refused() -> str:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - each library has its own
            call("http://runtime-us-east.quantum-computing.ibm.com:123456/programs")
        return repr(raised.value)

    during = refused()
    installed.uninstall()
    assert refused() == during


@each_library
def test_the_line_that_calls_is_told(installed: legacy.Installed, call: Callable[..., Answer]) -> None:
    call(f"{RUNTIME}/programs")
    (use,) = installed.report().uses
    source, first = inspect.getsourcelines(call)
    file, _, line = str(use.where).rpartition(":")
    assert Path(file).name == Path(__file__).name
    assert first < int(line) < first + len(source)


# requests


def test_sessions_of_requests_keep_what_is_theirs(installed: legacy.Installed) -> None:
    heard: list[str] = []
    with requests.Session() as session:
        session.headers.update(BEARER)
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=2, pool_maxsize=1))
        session.hooks["response"].append(lambda answer, *_, **__: heard.append(answer.url))
        with session.get(f"{RUNTIME}/backends", stream=True, timeout=(5, 60), cert=None) as answer:
            assert b"ibm_torino" in b"".join(answer.iter_content(16))
        assert session.post(f"{RUNTIME}/jobs", data=json.dumps(JOB), timeout=60).json()["id"]
        uploaded = session.post(f"{RUNTIME}/jobs", files={"file": b"no JSON"}, timeout=60)
    assert uploaded.status_code == 400
    assert heard == [f"{RUNTIME}/backends", f"{RUNTIME}/jobs", f"{RUNTIME}/jobs"]
    assert not [name for name in uploaded.request.headers if name.lower().startswith("x-qrr")]


def test_a_session_made_before_the_installation_takes_part_and_survives_it(install: Install, elsewhere: str) -> None:
    with requests.Session() as session:
        assert session.get(elsewhere, timeout=60).ok
        with install():
            assert session.get(f"{RUNTIME}/programs", timeout=60).ok
        assert session.get(elsewhere, timeout=60).ok


# Tasks and threads


def test_many_threads_and_tasks_at_once_get_their_own_answers(installed: legacy.Installed) -> None:
    def ask(number: int) -> tuple[int, str]:
        call = LIBRARIES[number % len(LIBRARIES)]
        _, answer, _ = call(f"{RUNTIME}/programs?limit=1&offset={number % 4}")
        return number % 4, answer["programs"][0]["id"]

    with ThreadPoolExecutor(8) as threads:
        found = dict(threads.map(ask, range(40)))
    assert len(set(found.values())) == 4
    assert len(installed.calls) == 40


@pytest.mark.anyio
async def test_tasks_of_one_client_do_not_wait_for_each_other(installed: legacy.Installed) -> None:
    async with httpx.AsyncClient(timeout=60) as client, aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*(client.get(f"{RUNTIME}/programs?limit={n}") for n in range(1, 5)))
        assert [len(answer.json()["programs"]) for answer in answers] == [1, 2, 3, 4]

        async def count(limit: int) -> int:
            async with session.get(f"{RUNTIME}/programs", params={"limit": limit}) as answer:
                return len((await answer.json())["programs"])

        assert await asyncio.gather(*map(count, range(1, 5))) == [1, 2, 3, 4]


@pytest.mark.anyio
async def test_aiohttp_tells_the_line_that_made_the_request_of_a_task(installed: legacy.Installed) -> None:
    async with aiohttp.ClientSession() as session:
        request = session.get(f"{RUNTIME}/programs")
        line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
        (answer,) = await asyncio.gather(request)
        assert (await answer.json())["programs"]
    assert str(installed.calls[0].where).endswith(f"test_interception.py:{line}")


# WebSockets

HEADERS = {
    "extra_headers": {"extra_headers": BEARER},
    "additional_headers": {"additional_headers": BEARER},
    "extra_headers, a list": {"extra_headers": list(BEARER.items())},
    "additional_headers, a list": {"additional_headers": list(BEARER.items())},
}
each_way_to_give_headers = pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)


@pytest.fixture
def job(installed: legacy.Installed) -> str:
    return str(requests.post(f"{RUNTIME}/jobs", json=JOB, headers=BEARER, timeout=60).json()["id"])


def _heard(messages: list[Any], job: str) -> None:
    assert job in messages[0]
    assert sum(json.loads(messages[-1])["quasi_dists"][0].values()) == pytest.approx(1)


@pytest.mark.anyio
@each_way_to_give_headers
async def test_websockets_tell_the_result_and_close(job: str, headers: dict[str, Any]) -> None:
    async with websockets.connect(f"{STREAM}/{job}", ssl=True, ping_interval=None, **headers) as websocket:
        _heard([message async for message in websocket], job)
        assert websocket.close_code == 1000
    websocket = await websockets.connect(f"{STREAM}/{job}", **headers)
    assert job in await websocket.recv()
    await websocket.close()


@each_way_to_give_headers
def test_websockets_without_asyncio_do_so_too(
    job: str, headers: dict[str, Any], elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", NOWHERE)
    with websockets.sync.client.connect(f"{STREAM}/{job}", legacy=True, **headers) as websocket:
        _heard(list(websocket), job)


@pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated:DeprecationWarning")
@pytest.mark.anyio
@each_way_to_give_headers
async def test_the_old_client_of_websockets_does_so_too(job: str, headers: dict[str, Any]) -> None:
    from websockets.legacy.client import connect

    async with connect(f"{STREAM}/{job}", **headers) as websocket:
        _heard([message async for message in websocket], job)
        assert websocket.close_code == 1000


@pytest.mark.anyio
async def test_websockets_of_aiohttp_do_so_too(job: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{STREAM}/{job}", headers=BEARER) as websocket:
        _heard([message.data async for message in websocket], job)
        assert websocket.close_code == 1000


@pytest.mark.anyio
async def test_a_refused_websocket_has_the_classic_status(job: str) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus) as raised:
        await websockets.connect(f"{STREAM}/{job}")
    assert raised.value.response.status_code == 401
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{STREAM}/nosuchjob", headers=BEARER)
    assert refused.value.status == 404


@pytest.mark.anyio
async def test_a_websocket_to_another_host_is_as_it_was_given(installed: legacy.Installed) -> None:
    async def greet(websocket: Any) -> None:
        await websocket.send(json.dumps(dict(websocket.request.headers.raw_items())))

    async with websockets.serve(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        uri = f"ws://127.0.0.1:{port}/stream/jobs/x"
        async with websockets.connect(uri, additional_headers=BEARER, proxy=None) as websocket:
            seen = json.loads(await websocket.recv())
    assert seen["Authorization"] == BEARER["Authorization"]
    assert not [name for name in seen if name.lower().startswith("x-qrr")]


# Whose credentials


def test_the_settings_api_key_takes_the_place_of_the_scripts_token_and_that_is_noted(
    installed: legacy.Installed, emulator: Emulator
) -> None:
    for _ in range(2):
        assert requests.post(f"{AUTH}/users/loginWithToken", json={"apiToken": TOKEN}, timeout=60).ok
    noted = [note for note in installed.notes if note.field == "apiToken"]
    assert len(noted) == 1
    assert emulator.api_key not in f"{installed.report()}{installed.report().to_dict()}{installed.calls}"
    assert TOKEN not in f"{installed.report()}{installed.report().to_dict()}{installed.calls}"


@pytest.mark.parametrize("header", ["x-access-token", "Authorization"])
@pytest.mark.parametrize("left_over", ["never-valid-here", "<paste your token here>"])
def test_whatever_token_a_script_was_left_with_the_settings_api_key_takes_its_place(
    installed: legacy.Installed, header: str, left_over: str
) -> None:
    value = f"Bearer {left_over}" if header == "Authorization" else left_over
    for path in ("/backends", "/programs"):
        assert requests.get(f"{RUNTIME}{path}", headers={header: value}, timeout=60).ok
    assert {note.call for note in installed.notes if note.field == header} == {"GET /backends", "GET /programs"}
    assert left_over not in f"{installed.report().to_dict()}{installed.calls}"


def test_without_a_key_in_the_settings_the_scripts_own_is_used(install: Install, emulator: Emulator) -> None:
    with install(api_key=None):
        assert requests.get(f"{RUNTIME}/backends", headers={"x-access-token": emulator.api_key}, timeout=60).ok
        refused = requests.get(f"{RUNTIME}/backends", headers=BEARER, timeout=60)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, 1201)


def test_a_mapping_and_an_era_are_those_of_the_translation(
    install: Install, emulator: Emulator, tmp_path: Path
) -> None:
    mapping = tmp_path / "instances.json"
    mapping.write_text(json.dumps({"ibm-q/open/main": emulator.instance}))
    with install(instances=mapping, era="2021"):
        assert isinstance(requests.get(f"{RUNTIME}/programs", timeout=60).json(), list)
        refused = requests.get(f"{RUNTIME}/backends?provider=a/b/c", headers=BEARER, timeout=60)
    assert refused.status_code == 403
    assert "a/b/c" in refused.text


# On and off


def _is_restored() -> bool:
    ours = [finder for finder in sys.meta_path if type(finder).__module__.startswith("qiskit_runtime_rest")]
    return [inspect.getattr_static(owner, name) for owner, name in PATCHED] == BEFORE and not ours


def test_every_patch_is_put_on_and_taken_off_again(install: Install) -> None:
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
async def test_async_with_does_the_same(install: Install) -> None:
    async def fail() -> None:
        async with install(), httpx.AsyncClient(timeout=60) as client:
            assert (await client.get(f"{RUNTIME}/programs")).is_success
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert _is_restored()


def test_calls_and_notes_stay_after_the_end(install: Install) -> None:
    with install() as installed:
        requests.get(f"{RUNTIME}/backends?provider=a/b/c", headers=BEARER, timeout=60)
    assert [call.status for call in installed.calls] == [200]
    assert [note.field for note in installed.notes] == ["Authorization", "provider"]


def test_a_second_installation_says_where_the_first_one_is(install: Install) -> None:
    with install() as installed, pytest.raises(ConfigurationError, match=r"test_interception\.py:") as raised:
        install()
    assert str(installed.where) in str(raised.value)
    with install():
        assert requests.get(f"{RUNTIME}/programs", timeout=60).ok
    assert _is_restored()


def test_settings_that_cannot_work_install_nothing(install: Install) -> None:
    for wrong in ({"base_url": "nowhere"}, {"era": "1999"}, {"instances": {"a": "b"}}):
        with pytest.raises(RuntimeRestError):
            install(**wrong)
    assert _is_restored()


def test_a_patch_over_ours_is_left_alone_and_ours_below_lets_all_pass(
    install: Install, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        # Taken off in the wrong order: theirs stays, until it is taken off.
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


def test_a_library_that_is_imported_later_takes_part(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "QISKIT_IBM_TOKEN": emulator.api_key,
        "QISKIT_IBM_INSTANCE": emulator.instance,
        "QISKIT_IBM_URL": emulator.base_url,
        "IAM_URL": emulator.iam_url,
    }.items():
        monkeypatch.setenv(name, value)
    ended = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, timeout=120)
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == ["[] SourceFileLoader", "SourceFileLoader SourceFileLoader", "200"]
