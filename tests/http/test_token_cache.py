"""One token for all processes of a user: one exchange, a file for its owner alone, and no wait for the dead."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    AuthenticationError,
    ConfigurationError,
    RetryPolicy,
    RuntimeClient,
    TransportError,
)
from qiskit_runtime_rest.plans.clock import SystemClock
from qiskit_runtime_rest.plans.plan import run

from ..fixtures.faces import Connect
from ..fixtures.loopback import API_KEY, CRN, RESET, Answer, Asked, Loopback, refused

VERSIONS = Answer(200, {"versions": ["2026-04-15"]})
BAD_KEY = Answer(400, {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.sqlite"


def used(service: Loopback) -> list[str]:
    """The tokens that requests came with."""
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in service.calls]


def ask(face: Any) -> None:
    face.request("GET", "/v1/versions")  # not client.versions(), which keeps what it was told


def test_clients_share_one_token(connect: Connect, service: Loopback, path: Path) -> None:
    service.script("*", VERSIONS)
    for _ in range(3):
        ask(connect(service, token_cache=path))
    assert len(service.exchanges) == 1
    assert used(service) == ["token-1"] * 3


@pytest.mark.parametrize("wanted", [None, False, "0", "off"])
def test_without_being_asked_nothing_is_shared_and_nothing_written(
    connect: Connect, service: Loopback, home: Path, wanted: Any
) -> None:
    service.script("*", VERSIONS)
    for _ in range(2):
        ask(connect(service, token_cache=wanted))
    assert len(service.exchanges) == 2
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("wanted", ["argument", "1", "path"])
def test_the_environment_and_the_state_file_are_ways_to_share(
    connect: Connect, service: Loopback, path: Path, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.script("*", VERSIONS)
    options: dict[str, Any] = {"state_path": path}
    if wanted == "argument":
        options["token_cache"] = True
    else:
        monkeypatch.setenv("QRR_TOKEN_CACHE", str(path) if wanted == "path" else wanted)
    for _ in range(2):
        ask(connect(service, **options))
    assert len(service.exchanges) == 1
    assert path.exists()


def test_the_file_is_its_owners_alone_and_names_no_key(connect: Connect, service: Loopback, path: Path) -> None:
    service.script("*", VERSIONS)
    ask(connect(service, token_cache=path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in path.parent.iterdir())
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT * FROM tokens").fetchall()
    file.close()
    assert [row[1] for row in rows] == ["token-1"]
    assert API_KEY not in str(rows)
    assert service.url not in str(rows)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_can_read_or_write_is_refused(
    connect: Connect, service: Loopback, path: Path, mode: int
) -> None:
    service.script("*", VERSIONS)
    ask(connect(service, token_cache=path))
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        ask(connect(service, token_cache=path))
    assert len(service.calls) == 1


def test_keys_and_iam_hosts_do_not_share(connect: Connect, service: Loopback, other: Loopback, path: Path) -> None:
    service.script("*", VERSIONS)
    ask(connect(service, token_cache=path))
    ask(connect(service, token_cache=path, api_key="another-key"))
    ask(connect(service, token_cache=path, iam_url=other.url))
    assert [request.form["apikey"] for request in service.exchanges] == [API_KEY, "another-key"]
    assert len(other.exchanges) == 1


def test_a_token_that_is_due_is_replaced_for_all(connect: Connect, service: Loopback, path: Path, clock: Any) -> None:
    service.script("*", VERSIONS)
    faces = [connect(service, token_cache=path) for _ in range(2)]
    for face in faces:
        ask(face)
    clock.now += 0.8 * service.expires_in - 1
    ask(connect(service, token_cache=path))
    clock.now += 2
    for face in faces:
        ask(face)
    assert used(service) == ["token-1"] * 3 + ["token-2"] * 2


def test_a_token_is_due_by_the_clock_on_the_wall_after_a_restart(
    connect: Connect, service: Loopback, path: Path, clock: Any
) -> None:
    service.script("*", VERSIONS)
    ask(connect(service, token_cache=path))

    class Rebooted(type(clock)):  # type: ignore[misc]
        def time(self) -> float:
            return 1.7e9 + 1000 + float(self.later)

        def monotonic(self) -> float:
            return 5.0

    later = Rebooted()
    later.later = 2800
    ask(connect(service, token_cache=path, clock=later))
    later.later = 2900
    ask(connect(service, token_cache=path, clock=later))
    assert used(service) == ["token-1", "token-1", "token-2"]


def test_a_401_drops_the_token_for_all(connect: Connect, service: Loopback, path: Path) -> None:
    def known(request: Asked) -> Answer:
        good = request.headers["Authorization"] != "Bearer token-1"
        return VERSIONS if good else Answer(401, refused(1200, "no"))

    service.script("*", known)
    faces = [connect(service, token_cache=path) for _ in range(2)]
    for face in faces:
        ask(face)
    assert used(service) == ["token-1", "token-2", "token-2"]


def test_a_401_drops_that_very_token_only(connect: Connect, service: Loopback, path: Path) -> None:
    service.script("*", VERSIONS)
    late, early = connect(service, token_cache=path), connect(service, token_cache=path)
    ask(late)
    ask(early)

    def known(request: Asked) -> Answer:
        good = request.headers["Authorization"] != "Bearer token-1"
        return VERSIONS if good else Answer(401, refused(1200, "no"))

    service.script("*", known)
    ask(early)
    ask(late)
    assert len(service.exchanges) == 2
    assert used(service)[2:] == ["token-1", "token-2", "token-1", "token-2"]


@pytest.mark.parametrize("failure", [BAD_KEY, RESET], ids=["refused", "no answer"])
def test_a_failed_exchange_lets_the_next_one_try_at_once(
    connect: Connect, service: Loopback, path: Path, clock: Any, failure: Answer
) -> None:
    service.script("*", VERSIONS)
    service.script("POST /identity/token", failure)
    kind = AuthenticationError if failure is BAD_KEY else TransportError
    with pytest.raises(kind):
        ask(connect(service, token_cache=path, retries=RetryPolicy(attempts=1)))
    service.script("POST /identity/token", service.issue)
    began = clock.now
    ask(connect(service, token_cache=path))
    assert clock.now == began
    assert used(service) == ["token-1"]


def test_a_cancelled_exchange_lets_the_next_one_try_at_once(service: Loopback, path: Path) -> None:
    service.script("*", VERSIONS)
    gate = threading.Event()
    service.script("POST /identity/token", Answer(200, {}, gate=gate), service.issue)
    options: dict[str, Any] = {
        "base_url": service.base_url,
        "iam_url": service.url,
        "api_key": API_KEY,
        "instance": CRN,
        "verify": False,
        "token_cache": path,
    }

    async def go() -> None:
        async with AsyncRuntimeClient(**options) as client:
            task = asyncio.ensure_future(client.versions())
            await asyncio.to_thread(service.await_exchange)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.versions()

    began = time.monotonic()
    asyncio.run(go())
    gate.set()
    assert time.monotonic() - began < 10
    assert used(service) == ["token-1"]


def test_a_task_cancelled_while_its_thread_takes_the_lease_leaves_no_lease(
    service: Loopback, path: Path, clock: Any
) -> None:
    service.script("*", VERSIONS)
    taking, gate = threading.Event(), threading.Event()

    class Held(type(clock)):  # type: ignore[misc]
        def time(self) -> float:  # asked for in the thread, with the file locked
            if threading.current_thread() is not threading.main_thread():
                taking.set()
                gate.wait(10)
            return float(super().time())

    time_held = Held()
    options: dict[str, Any] = {"base_url": service.base_url, "iam_url": service.url, "api_key": API_KEY}

    async def go() -> None:
        async with AsyncRuntimeClient(
            **options, instance=CRN, verify=False, token_cache=path, clock=time_held
        ) as client:
            http = client.api.get_async_httpx_client()
            task = asyncio.ensure_future(http.get("/v1/versions"))
            await asyncio.to_thread(taking.wait, 10)
            task.cancel()
            asyncio.get_running_loop().call_later(0, gate.set)
            with pytest.raises(asyncio.CancelledError):
                await task
            await http.get("/v1/versions")

    asyncio.run(go())
    assert time_held.slept == []
    assert used(service) == ["token-1"]


def test_the_lease_of_a_process_that_died_ends(connect: Connect, service: Loopback, path: Path, clock: Any) -> None:
    service.script("*", VERSIONS)
    taker = connect(service, token_cache=path)
    cache = taker.client._connection.auth._cache
    assert run(cache.claim(), cache) is None  # and never ends its turn
    began = clock.now
    ask(connect(service, token_cache=path))
    assert 19 < clock.now - began < 30
    assert used(service) == ["token-1"]


def test_a_file_that_breaks_does_not_stop_the_work(
    connect: Connect, service: Loopback, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service.script("*", VERSIONS)
    ask(connect(service, token_cache=path))
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE tokens")
        file.execute("CREATE TABLE tokens (other TEXT)")
    file.close()
    ask(connect(service, token_cache=path))
    assert used(service) == ["token-1", "token-2"]
    assert "not shared" in caplog.text
    assert API_KEY not in caplog.text
    assert "token-2" not in caplog.text


def test_a_path_that_cannot_be_is_said(connect: Connect, service: Loopback, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="state file"):
        ask(connect(service, token_cache=tmp_path / "file" / "tokens"))
    with pytest.raises(ConfigurationError, match="token_cache"):
        connect(service, token_cache=5)


WORK = """
import sys
from qiskit_runtime_rest import {client}
{body}
"""
BODIES = {
    "RuntimeClient": "with RuntimeClient(verify=False) as client:\n    client.versions()",
    "AsyncRuntimeClient": (
        "import asyncio\n"
        "async def go():\n"
        "    async with AsyncRuntimeClient(verify=False) as client:\n"
        "        ticks = asyncio.ensure_future(tick())\n"
        "        await asyncio.gather(*(client.versions() for _ in range(3)))\n"
        "        ticks.cancel()\n"
        "async def tick():\n"
        "    while True:\n"
        "        await asyncio.sleep(0.01)\n"
        "asyncio.run(go())"
    ),
}


def start(service: Loopback, path: Path, client: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORK.format(client=client, body=BODIES[client])],
        env={
            **os.environ,
            "QISKIT_IBM_TOKEN": API_KEY,
            "QISKIT_IBM_INSTANCE": CRN,
            "QISKIT_IBM_URL": service.base_url,
            "IAM_URL": service.url,
            "QRR_TOKEN_CACHE": str(path),
        },
        stderr=subprocess.PIPE,
    )


def test_many_processes_make_one_exchange(service: Loopback, path: Path) -> None:
    def slow(asked: Asked) -> Answer:
        time.sleep(0.3)  # long enough for the other processes to want a token, too
        return service.issue(asked)

    service.script("*", VERSIONS)
    service.script("POST /identity/token", slow)
    running = [start(service, path, client) for client in ["RuntimeClient", "AsyncRuntimeClient"] * 2]
    for process in running:
        _, said = process.communicate(timeout=600)
        assert (process.returncode, said) == (0, b"")
    assert len(service.exchanges) == 1
    assert used(service) == ["token-1"] * 8


def test_a_process_killed_during_its_exchange_does_not_stop_the_others(service: Loopback, path: Path) -> None:
    import threading

    service.script("*", VERSIONS)
    gate = threading.Event()
    service.script("POST /identity/token", Answer(200, {}, gate=gate), service.issue)
    first = start(service, path, "RuntimeClient")
    assert service._exchanged.wait(60)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    gate.set()

    class Later(SystemClock):
        """A second passes in a hundredth of one."""

        def time(self) -> float:
            return began + 100 * (time.time() - began)

        def sleep(self, seconds: float, stop: Any = None) -> None:
            time.sleep(seconds / 100)

    began = time.time()
    with RuntimeClient(
        api_key=API_KEY, instance=CRN, base_url=service.base_url, iam_url=service.url, verify=False,
        token_cache=path, clock=Later(),
    ) as client:  # fmt: skip
        client.versions()
    assert used(service) == ["token-1"]
    assert len(service.exchanges) == 2


def test_the_auth_alone_works_as_before(service: Loopback) -> None:
    from qiskit_runtime_rest.http.auth import ApiKeyAuth

    service.script("*", VERSIONS)
    with httpx.Client(auth=ApiKeyAuth(API_KEY, iam_url=service.url, base_url=service.base_url)) as client:
        assert client.get(f"{service.base_url}/v1/x").status_code == 200
