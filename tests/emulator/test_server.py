from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.base.serving import listen
from qiskit_runtime_rest.emulator import create_app
from qiskit_runtime_rest.testing import Emulator

SERVE = "import sys; from qiskit_runtime_rest.emulator import serve; serve(ready_file=sys.argv[1], seed=1)"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    ready = tmp_path / "ready.json"
    with subprocess.Popen([sys.executable, "-W", "error", "-c", SERVE, str(ready)], stderr=subprocess.PIPE) as server:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert time.monotonic() < deadline
                assert server.poll() is None, server.stderr and server.stderr.read()
                time.sleep(0.01)
            yield server, json.loads(ready.read_text())
        finally:
            server.kill()


def loaded_modules(code: str) -> set[str]:
    command = f"import sys; {code}; print(' '.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", command], capture_output=True, check=True).stdout.decode().split())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_ready_file_has_the_address_and_signals_end_the_server_cleanly(
    process: tuple[subprocess.Popen[bytes], dict[str, Any]], tmp_path: Path, stop: signal.Signals
) -> None:
    server, ready = process
    assert set(ready) == {"url", "base_url", "iam_url", "api_key", "instance", "pid"}
    assert ready["pid"] == server.pid
    assert ready["url"].startswith("http://127.0.0.1:")
    assert httpx.get(f"{ready['base_url']}/v1/versions").status_code == 200
    os.kill(server.pid, stop)
    assert server.wait(timeout=600) == 0
    assert server.stderr is not None
    assert server.stderr.read() == b""
    assert list(tmp_path.iterdir()) == []


def children(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the thread has ended meanwhile
            found.update(map(int, (task / "children").read_text().split()))
    return found


def descendants(pid: int) -> set[int]:
    """The children and theirs: the process that forks workers may be there already, for other servers."""
    found: set[int] = set()
    for child in children(pid):
        with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
            found |= {child} | descendants(child)
    return found


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the worker processes")
def test_the_workers_end_with_the_server(
    process: tuple[subprocess.Popen[bytes], dict[str, Any]], connect: Any, submit: Any
) -> None:
    server, ready = process
    api = connect(SimpleNamespace(**ready))
    job_id = submit(api)
    deadline = time.monotonic() + 60
    while api.get(f"/jobs/{job_id}").json()["status"] in {"Queued", "Running"}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = children(server.pid)
    assert workers
    server.terminate()
    assert server.wait(timeout=600) == 0
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_the_server_process_stays_small() -> None:
    code = "from qiskit_runtime_rest.emulator import Emulator; e = Emulator().start(); import httpx; "
    code += "httpx.get(e.base_url + '/v1/versions'); e.close()"
    assert loaded_modules(code).isdisjoint({"qiskit", "numpy", "scipy", "qiskit_ibm_runtime", "qiskit_aer"})


def test_the_emulator_imports_nothing_of_the_client_side() -> None:
    import_it = "import qiskit_runtime_rest.emulator.embedded, qiskit_runtime_rest.emulator.workers"
    ours = {name for name in loaded_modules(import_it) if name.startswith("qiskit_runtime_rest.")}
    shared = ("qiskit_runtime_rest.emulator", "qiskit_runtime_rest.base")
    assert {name for name in ours if not name.startswith(shared)} <= {"qiskit_runtime_rest._version"}


def test_a_port_in_use_is_named(emulator: Emulator) -> None:
    from qiskit_runtime_rest.emulator import serve

    port = int(emulator.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=f"127.0.0.1:{port}"):
        serve(port=port)


def test_an_emulator_that_is_not_running_raises_an_error() -> None:
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="Start the emulator"):
        _ = emulator.url
    with pytest.raises(RuntimeError, match="Start the emulator"):
        emulator.reset()


def test_wrong_options_are_refused_before_the_start() -> None:
    with pytest.raises(ValueError, match="pace"):
        Emulator(pace="quickly")
    with pytest.raises(ValueError, match="workers"):
        Emulator(workers=0)
    with pytest.raises(TypeError, match="colour"):
        Emulator(colour="red")


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_it_can_be_used_from_async_code() -> None:
    async with Emulator() as emulator, httpx.AsyncClient() as client:
        assert (await client.get(f"{emulator.url}/_emulator/health")).json()["status"] == "ok"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_it_is_a_plain_asgi_application_as_well() -> None:
    app = create_app(pace="hold")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://emulator") as client:
        assert (await client.get("/api/v1/versions")).status_code == 200
        assert (await client.post("/_emulator/faults", json={"kind": "reset"})).status_code == 201
        with pytest.raises(ConnectionResetError):
            await client.get("/api/v1/versions")
    app.state.parts.service.close()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the worker processes")
@pytest.mark.parametrize("warm", [True, False])
def test_workers_start_with_the_server_only_if_warm(warm: bool) -> None:
    before = descendants(os.getpid())
    with Emulator(warm=warm, workers=1) as emulator:
        deadline = time.monotonic() + 60
        while warm and not descendants(os.getpid()) - before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert httpx.get(f"{emulator.url}/_emulator/health").status_code == 200
        assert bool(descendants(os.getpid()) - before) == warm
    assert descendants(os.getpid()) <= before


def test_connections_send_small_segments_at_once() -> None:
    """Asyncio sets TCP_NODELAY only on sockets whose protocol is named: without it each response takes 40 ms."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


SERVE_ON_HOST = """
import logging, os, signal, sys
from qiskit_runtime_rest.emulator.server import serve
logging.basicConfig()
serve(host=sys.argv[1], on_ready=lambda address: os.kill(os.getpid(), signal.SIGTERM))
"""
# A network namespace without other machines.
ALONE = ["unshare", "--net", "--map-root-user"]


def can_be_alone() -> bool:
    return shutil.which(ALONE[0]) is not None and subprocess.run([*ALONE, "true"], check=False).returncode == 0


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_host_that_other_machines_can_reach_causes_a_warning(host: str, warned: bool) -> None:
    if warned and not can_be_alone():
        pytest.skip("no network namespaces here")
    command = [*(ALONE if warned else []), sys.executable, "-c", SERVE_ON_HOST, host]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode in (0, -15), done.stderr
    assert ("not on loopback only" in done.stderr) == warned
