"""A client in a forked process: it works there, and shares no connection with its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ..fixtures.loopback import API_KEY, CRN, TOKEN_PATH, Answer, Asked, Loopback, token_body

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

LIMIT = 600
"""Seconds after which a process is taken to hang. It is not a measure of speed."""

CLIENT = """
import asyncio, json, os, signal, sys, threading

from qiskit_runtime_api.api.jobs import get_job
from qiskit_runtime_rest import AsyncRuntimeClient, ClientClosed, RetryPolicy, RuntimeClient

kind = {"sync": RuntimeClient, "async": AsyncRuntimeClient}[sys.argv[1]]
client = kind(timeout=600.0, retries=RetryPolicy(attempts=1), submissions_per_minute=None)


def do(*acts):
    async def awaited():
        for act in acts:
            yield await act()

    async def every():
        return [outcome async for outcome in awaited()]

    return [act() for act in acts] if kind is RuntimeClient else asyncio.run(every())


def in_child(act):
    pid = os.fork()
    if pid == 0:
        signal.alarm(600)  # rather than to wait for ever
        try:
            act()
        finally:
            sys.stdout.flush()
            os._exit(0)
    return pid
"""

CHILDREN = """
copied = client.api.with_headers({"X-Copied": "1"})
generated = get_job.sync if kind is RuntimeClient else get_job.asyncio


def ways(who, n):
    return [
        lambda: client.jobs.get(f"{who}-{n}-handle"),
        lambda: generated(client=client.api, id=f"{who}-{n}-generated"),
        lambda: generated(client=copied, id=f"{who}-{n}-copied"),
        lambda: client.jobs.submit("sampler", params={"who": f"{who}-{n}-submitted"}, backend="b"),
    ]


def use(who):
    jobs = do(*[way for n in range(5) for way in ways(who, n)])
    names = [job.id if hasattr(job, "to_dict") else job.raw["id"] for job in jobs]
    print(json.dumps([who, names]) + os.linesep, end="")  # in one piece, between those of others


use("parent")
sys.stdout.flush()
children = [in_child(lambda: use(who)) for who in ("a", "b")]
if kind is RuntimeClient:
    use("again")
for child in children:
    os.waitpid(child, 0)
"""

HELD = """
thread = threading.Thread(target=lambda: do(lambda: client.jobs.get("parent")))
thread.start()
sys.stdin.readline()
os.waitpid(in_child(lambda: print(do(lambda: client.jobs.get("child"))[0].id)), 0)
print("over", flush=True)
sys.stdin.readline()
thread.join()
"""

IN_A_TRANSACTION = """
from qiskit_runtime_rest.plans.clock import SystemClock

inside, go = threading.Event(), threading.Event()


class Held(SystemClock):
    def time(self):  # asked for in the middle of a transaction
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            go.wait(600)
        return super().time()


client.jobs.get("first")  # imports all that the child needs: one amid an import could never do it again
os.register_at_fork(before=go.set)
client = RuntimeClient(timeout=600.0, token_cache=True, clock=Held())
thread = threading.Thread(target=lambda: client.jobs.get("parent"))
thread.start()
inside.wait(600)
os.waitpid(in_child(lambda: print(client.jobs.get("child").id)), 0)
thread.join()
"""

KEPT_HTTP = """
http = client.api.get_httpx_client()
http.get("/v1/jobs/parent")


def use():
    try:
        http.get("/v1/jobs/child")
    except ClientClosed as error:
        print("sent" if error.sent else error)


os.waitpid(in_child(use), 0)
client.close()
"""


def job_of(request: Asked) -> Answer:
    """A job that tells which one was asked for."""
    name = json.loads(request.body)["params"]["who"] if request.method == "POST" else request.path.rsplit("/")[-1]
    more = {"backend": "b", "state": {"status": "Queued"}, "status": "Queued", "cost": 1, "program": {"id": "sampler"}}
    return Answer(200, {"id": name, "created": "2026-04-15T12:00:00.000Z", **more})


@contextmanager
def running(service: Loopback, face: str, script: str) -> Iterator[Any]:
    """A process of its own, since the server's threads are in this one."""
    configured = {"QISKIT_IBM_TOKEN": API_KEY, "QISKIT_IBM_INSTANCE": CRN, "IAM_URL": service.url}
    environment = {**os.environ, **configured, "QISKIT_IBM_URL": service.base_url}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT + script, face], env=environment, text=True, start_new_session=True, **pipes
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def output(process: Any) -> list[str]:
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, err
    assert "Error" not in err
    return list(out.splitlines())


@pytest.mark.parametrize("face", ["sync", "async"])
def test_children_get_their_own_answers(service: Loopback, face: str) -> None:
    service.script("*", job_of)
    with running(service, face, CHILDREN) as process:
        answers = dict(json.loads(line) for line in output(process))
    used: dict[str, set[int]] = {who: set() for who in answers}
    for call in service.calls:
        used[job_of(call).body["id"].partition("-")[0]].add(call.connection)
    assert set(answers) == {"parent", "a", "b"} | ({"again"} if face == "sync" else set())
    for who, names in answers.items():
        assert names == [f"{who}-{n}-{way}" for n in range(5) for way in ("handle", "generated", "copied", "submitted")]
    assert not used["a"] & used["b"]
    assert not used["parent"] & (used["a"] | used["b"])


def test_a_child_does_not_wait_for_a_thread_that_it_does_not_have(service: Loopback) -> None:
    gate = threading.Event()
    held = [Answer(200, token_body("token-1"), gate=gate), Answer(200, token_body("token-2"))]
    service.script("*", job_of)
    service.script(f"POST {TOKEN_PATH}", *held)
    with running(service, "sync", HELD) as process:
        service.await_exchange()
        process.stdin.write("fork\n")
        process.stdin.flush()
        assert process.stdout.readline() == "child\n"
        gate.set()
        assert output(process) == ["over"]


def test_a_child_can_use_the_state_file_that_a_thread_wrote_to_at_the_fork(service: Loopback) -> None:
    service.script("*", job_of)
    with running(service, "sync", IN_A_TRANSACTION) as process:
        assert output(process) == ["child"]
    assert len(service.exchanges) == 2


def test_an_http_client_that_was_kept_says_that_it_is_the_parents(service: Loopback) -> None:
    service.script("*", job_of)
    with running(service, "sync", KEPT_HTTP) as process:
        (said,) = output(process)
    assert "client.api" in said
    assert [call.path.rsplit("/")[-1] for call in service.calls] == ["parent"]
