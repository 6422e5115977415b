"""Handles go from process to process; keys and tokens do not."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, AsyncSession, ConfigurationError, Job, RuntimeClient, Session
from qiskit_runtime_rest.client.logic import handle
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, ONES, STUDY, environment, sent

pytestmark = pytest.mark.anyio

TOKEN = "ey0.a-ready-made-token." + "x" * 200


@pytest.fixture(autouse=True)
def as_in_a_new_process() -> Iterator[None]:
    """No connection of an earlier test is left."""
    handle._close()
    yield
    handle._close()


@pytest.fixture
def here(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has credentials in its environment."""
    for name, value in environment(emulator).items():
        monkeypatch.setenv(name, value)


def sent_on(sent_handle: Any, protocol: int = pickle.HIGHEST_PROTOCOL) -> Any:
    return pickle.loads(pickle.dumps(sent_handle, protocol))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_a_job_works_where_it_is_unpickled(client: Any, here: None, protocol: int) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=5, tags=["a"]))
    other = sent_on(job, protocol)
    assert (type(other), other.id, other.raw, repr(other)) == (type(job), job.id, job.raw, repr(job))
    assert other == job
    assert hash(other) == hash(job)
    assert sum((await now(other.result()))[0].counts().values()) == 5
    assert await now(other.status()) == "Completed"
    assert (await now(other.metrics())) is not None


async def test_a_session_works_where_it_is_unpickled(client: Any, here: None, emulator: Emulator) -> None:
    emulator.pace = "hold"
    session = await now(client.sessions.create(backend=BACKEND, mode="batch"))
    other = sent_on(session)
    assert (type(other), other.id, other.raw) == (type(session), session.id, session.raw)
    await now(other.sampler([ONES], shots=1))
    assert [json.loads(request.body)["session_id"] for request in sent(emulator, "create_job")] == [session.id]
    await now(other.close())
    await now(session.status())
    assert session.raw["accepting_jobs"] is False


async def test_a_pickle_holds_no_secret(connect: Callable[..., Any], emulator: Emulator) -> None:
    emulator.pace = "hold"
    client = connect()
    job = await now(client.jobs.submit("sampler", **STUDY))
    session = await now(client.sessions.create(backend=BACKEND, mode="batch"))
    token = client._connection.auth._tokens._token.value
    ready_made = connect(api_key=None, token=TOKEN)
    handles = [job, session, type(job)(ready_made._connection, "x"), type(session)(ready_made._connection, "x", raw={})]
    for one in handles:
        pickled = pickle.dumps(sent_on(one)) + pickle.dumps(one)
        for secret in (emulator.api_key, token, TOKEN):
            assert secret.encode() not in pickled


async def test_unpickling_needs_no_credentials_and_use_does(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **STUDY))
    session = await now(client.sessions.create(backend=BACKEND, mode="batch"))
    there, session_there = sent_on(job), sent_on(session)
    assert there == job
    assert (there.id, there.tags, session_there.backend) == (job.id, job.tags, BACKEND)
    with pytest.raises(ConfigurationError, match="API key"):
        await now(there.status())
    with pytest.raises(ConfigurationError, match="API key"):
        await now(session_there.sampler([ONES]))


async def test_handles_of_one_instance_share_a_connection(client: Any, here: None, emulator: Emulator) -> None:
    jobs = [await now(client.sampler([ONES], backend=BACKEND, shots=1)) for _ in range(3)]
    others = [sent_on(job) for job in jobs]
    emulator.clear_requests()
    for other in others:
        await now(other.status())
    assert len([request for request in emulator.requests if "/identity/" in request.path]) == 1


def test_each_event_loop_has_a_connection_of_its_own(emulator: Emulator, options: dict[str, Any], here: None) -> None:
    import asyncio

    async def submit() -> Any:
        async with AsyncRuntimeClient(**options) as client:
            return await client.sampler([ONES], backend=BACKEND, shots=1)

    job = asyncio.run(submit())
    for _ in range(2):
        assert asyncio.run(sent_on(job).status()) in ("Queued", "Running", "Completed")


def test_an_instance_that_differs_makes_another_job(blocking: RuntimeClient, options: dict[str, Any]) -> None:
    job = Job(blocking._connection, "x")
    crn = options["instance"].replace("67099e5a", "00000000")
    with RuntimeClient(**{**options, "instance": crn}) as other:
        assert sent_on(Job(other._connection, "x")) != sent_on(job)
    assert sent_on(job) == job


async def test_a_copy_is_the_handle_itself(client: Any) -> None:
    job = await now(client.jobs.submit("sampler", **STUDY))
    session = await now(client.sessions.create(backend=BACKEND, mode="batch"))
    assert copy.copy(job) is copy.deepcopy(job) is job
    assert copy.copy(session) is copy.deepcopy([session])[0] is session


async def test_a_client_says_why_it_does_not_pickle(connect: Callable[..., Any]) -> None:
    for client in (connect(), connect(api_key=None, token=TOKEN)):
        for thing in (client, client.jobs, client.sessions, client.backends):
            with pytest.raises(TypeError, match="credentials"):
                pickle.dumps(thing)


READ = """
import pickle, sys
job = pickle.load(sys.stdin.buffer)
print(sum(job.result()[0].counts().values()))
"""


def test_another_process_reads_the_result_with_its_own_credentials(emulator: Emulator, blocking: RuntimeClient) -> None:
    job = blocking.sampler([ONES], backend=BACKEND, shots=7)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ],
        env={**os.environ, **environment(emulator)},
        input=pickle.dumps(job),
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == [b"7"]
    assert done.stderr == b""


def test_a_session_that_cancels_does_so_elsewhere_too(blocking: RuntimeClient, here: None, emulator: Emulator) -> None:
    session = blocking.sessions.create(backend=BACKEND, mode="batch", cancel_on_error=True)
    there = sent_on(session)
    assert isinstance(there, Session)
    assert not isinstance(there, AsyncSession)
    with pytest.raises(ZeroDivisionError), there:
        raise ZeroDivisionError
    assert len(sent(emulator, "close_session")) == 1
