"""More than one client should send: others are served meanwhile, and afterwards all is as before."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BACKEND, BELL
from .conftest import Root, credentials

SILENT = 300
SETS = 1_000_000
QUEUED = 3_000
MOST_SECONDS = 10.0
"""The longest time of a small request beside a large one; the machine may be busy."""


def served(root: Root) -> httpx.Response:
    """A small request on a new connection."""
    url = f"{root.url}{root.api}/v1/versions"
    answer = httpx.get(url, headers={"Host": root.host}, timeout=60, trust_env=False, verify=False)
    assert answer.status_code < 500
    return answer


@contextlib.contextmanager
def connections(root: Root, number: int) -> Iterator[list[socket.socket]]:
    parts = urlsplit(root.url)
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60))
            for _ in range(number)
        ]


@pytest.mark.parametrize(
    "first", [b"", b"G", b"GET / HTTP/1.1\r\nX: "], ids=["nothing", "a letter", "a part of a head"]
)
def test_silent_connections_keep_nobody_out(root: Root, first: bytes) -> None:
    with connections(root, SILENT) as opened:
        for connection in opened:
            connection.sendall(first)
        served(root)


def test_connections_that_come_and_go_leave_no_descriptor(root: Root) -> None:
    folder = Path(f"/proc/{os.getpid()}/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    served(root)
    before = len(list(folder.iterdir()))
    for _ in range(5):
        with connections(root, 100) as opened:
            for connection in opened:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        served(root)
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) > before + 20:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_many_requests_at_once_are_all_answered(root: Root) -> None:
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: served(root).status_code, range(300)))
    assert len(answers) == 300


def test_a_large_job_is_checked_beside_small_requests(service: Emulator, api: httpx.Client) -> None:
    """A million parameter sets once stopped everybody for seconds."""
    params = {"pubs": [[BELL, {"a": [0.5] * SETS}, 1]], "version": 2, "options": {}}
    body = json.dumps({"program_id": "sampler", "backend": BACKEND, "params": params}).encode()
    headers = credentials(service, api) | {"Content-Type": "application/json"}
    longest = 0.0
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        large = pool.submit(httpx.post, f"{service.base_url}/v1/jobs", content=body, headers=headers, timeout=300)
        while not large.done():
            began = time.monotonic()
            assert api.get("/versions").status_code == 200
            longest = max(longest, time.monotonic() - began)
    assert large.result().status_code == 200
    assert longest < MOST_SECONDS


def test_creating_jobs_takes_no_longer_behind_a_long_queue() -> None:
    with (
        Emulator(pace="hold", workers=1) as emulator,
        httpx.Client(timeout=60, trust_env=False, verify=False) as client,
    ):
        client.headers.update(credentials(emulator, client))
        body = {"program_id": "sampler", "backend": BACKEND, "params": {"pubs": [[BELL, None, 1]], "version": 2}}

        def create(number: int) -> float:
            """The processor time of this process, which is the server's, too."""
            began = time.process_time()
            for _ in range(number):
                assert client.post(f"{emulator.base_url}/v1/jobs", json=body).status_code == 200
            return (time.process_time() - began) / number

        create(50)
        at_first = create(200)
        create(QUEUED)
        assert create(200) < 3 * at_first


Options = dict[str, Any]
BOMBS: dict[str, tuple[str, Options]] = {
    "nested": ("/api/v1/jobs", {"content": b"[" * 5_000_000}),
    "many keys": ("/api/v1/jobs", {"content": json.dumps({f"a{n}": n for n in range(300_000)}).encode()}),
    "a long text": ("/api/v1/jobs", {"content": json.dumps({"program_id": "x" * 20_000_000}).encode()}),
    "a long number": ("/api/v1/jobs", {"content": b'{"program_id": ' + b"9" * 5_000_000 + b"}"}),
    "a long form": ("/identity/token", {"content": b"a=b&" * 2_000_000}),
    "a long query": ("/api/v1/jobs", {"params": {"tags": "x" * 30_000}}),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_large_bodies_are_refused_and_others_served(service: Emulator, api: httpx.Client, kind: str) -> None:
    path, options = BOMBS[kind]
    headers = credentials(service, api) | {"Content-Type": "application/json"}
    if "form" in kind:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    method = "GET" if "params" in options else "POST"
    answer = httpx.request(method, f"{service.url}{path}", headers=headers, timeout=300, **options)
    assert answer.status_code < 500
    assert api.get("/versions").status_code == 200
