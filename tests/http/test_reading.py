"""A result that the service gives once, and the threads or tasks that want it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, ResultUnavailable, WaitTimeout

from ..fixtures.faces import Connect, Face
from ..fixtures.loopback import CRN, Answer, Loopback

JOB = "/api/v1/jobs/x"
RESULT: dict[str, Any] = {"results": [], "metadata": {}}


@pytest.fixture
def once(service: Loopback) -> Loopback:
    """Has the result of a private job."""
    service.script(f"GET {JOB}", Answer(200, {"id": "x", "status": "Completed", "private": True}))
    return service


def at_once(face: Face, *calls: Callable[[], Any]) -> list[Any]:
    """What `calls` come to, each in a thread, or a task, of its own; errors, too."""
    if not face.is_async:
        with ThreadPoolExecutor(len(calls)) as pool:
            futures = [pool.submit(call) for call in calls]
        return [future.exception() or future.result() for future in futures]

    async def gathered(_: Any) -> list[Any]:
        return await asyncio.gather(*(call() for call in calls), return_exceptions=True)

    outcomes: list[Any] = face.do(gathered)
    return outcomes


def test_all_readers_of_one_handle_get_the_result(once: Loopback, connect: Connect) -> None:
    gate = threading.Event()
    once.script(f"GET {JOB}/results", Answer(200, RESULT, gate=gate), Answer(404))
    face = connect(once)
    job = face.do(lambda client: client.jobs.get("x"))
    first, second = at_once(face, job.result, lambda: job.result(on_status=lambda _: gate.set()))
    assert len(first) == 0
    assert first is second
    assert len(once.of(f"{JOB}/results")) == 1


def test_a_wait_for_another_reader_ends_at_its_time_out(once: Loopback, connect: Connect) -> None:
    arrived, gate = threading.Event(), threading.Event()

    def answer(_: Any) -> Answer:
        arrived.set()
        return Answer(200, RESULT, gate=gate)

    once.script(f"GET {JOB}/results", answer, Answer(404))
    face = connect(once)
    job = face.do(lambda client: client.jobs.get("x"))

    def impatient() -> Any:
        assert arrived.wait(10)
        try:
            return job.result(timeout=0)
        finally:
            gate.set()

    async def impatient_task() -> Any:
        assert await anyio.to_thread.run_sync(arrived.wait, 10)
        try:
            return await job.result(timeout=0)
        finally:
            gate.set()

    first, second = at_once(face, job.result, impatient_task if face.is_async else impatient)
    assert len(first) == 0
    assert isinstance(second, WaitTimeout)
    assert len(once.of(f"{JOB}/results")) == 1


def partial(folder: Path) -> list[bytes]:
    """What is in `folder` of results that were cut short."""
    return [path.read_bytes() for path in folder.glob("*.partial")]


@pytest.mark.anyio
@pytest.mark.parametrize("saving", [True, False], ids=["saved", "not saved"])
@pytest.mark.parametrize("then", [404, 200])
async def test_what_came_for_a_cancelled_task_is_not_lost(
    once: Loopback, clock: Any, tmp_path: Path, then: int, saving: bool
) -> None:
    sent, gate = threading.Event(), threading.Event()

    def parts() -> Iterator[bytes]:
        yield b'{"results": '
        sent.set()
        gate.wait(10)

    once.script(f"GET {JOB}/results", Answer(200, parts=parts()), Answer(then, RESULT if then == 200 else b""))
    options: dict[str, Any] = {"save_to": tmp_path} if saving else {}
    async with AsyncRuntimeClient(
        token="ready-made", instance=CRN, base_url=once.base_url, clock=clock, verify=False
    ) as client:
        job = await client.jobs.get("x")
        reader = asyncio.create_task(job.result(**options))
        assert await anyio.to_thread.run_sync(sent.wait, 10)
        for _ in range(100):
            # What was sent is there to be read: the loop only has to come round.
            await asyncio.sleep(0)
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader
        gate.set()
        if then == 200:
            assert json.loads((await job.result()).raw) == RESULT
        else:
            with pytest.raises(ResultUnavailable, match="bytes read so far are in the `raw`") as gone:
                await job.result()
            assert gone.value.raw == b'{"results": '
    assert partial(tmp_path) == [b'{"results": '] * saving
