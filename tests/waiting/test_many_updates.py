"""What the callback of a wait for many jobs receives, and which arguments are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    InvalidInput,
    RuntimeClient,
    WaitTimeout,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, now
from ..fixtures.service import BACKEND, STUDY, script, sent
from .emulated_jobs import (
    Traffic,
    complete,
    recorded,
    start,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("held_jobs")]


async def test_the_callback_gets_each_new_status_with_the_queue(client: Any, emulator: Emulator, clock: Any) -> None:
    recorded(emulator, 4)
    recorded(emulator, 2, backend="ibm_kyiv")
    ids = recorded(emulator, 3)
    traffic = Traffic(emulator, clock, {5: lambda: start(emulator, ids[:1]), 10: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    await now(client.jobs.wait_all(ids, on_status=seen.append))
    assert [(update.job_id, str(update)) for update in seen] == [
        *[(job_id, "Queued") for job_id in ids],
        (ids[0], "Running"),
        *[(job_id, "Completed") for job_id in ids],
    ]
    queued = seen[:3]
    assert [update.position for update in queued] == [5, 6, 7]
    assert [update.queue_length for update in queued] == [7] * 3
    assert [(update.wait_time.average, update.wait_time.p50, update.wait_time.p95) for update in queued] == [
        (35.0, 35.0, 35.0)
    ] * 3
    assert [update.waited for update in queued] == [0.0] * 3
    for update in seen[3:]:
        assert (update.position, update.queue_length, update.wait_time) == (None, None, None)
    assert seen[-1].waited == pytest.approx(clock.elapsed)
    assert traffic.by_operation()["list_backends"] == 1


async def test_the_update_of_one_job_has_the_queue_of_its_backend(client: Any, emulator: Emulator, clock: Any) -> None:
    recorded(emulator, 4)
    job = await now(client.jobs.submit("sampler", **STUDY))
    traffic = Traffic(emulator, clock, {5: lambda: complete(emulator, [job.id])})
    seen: list[Any] = []
    await now(job.wait(on_status=seen.append))
    assert [str(update) for update in seen] == ["Queued", "Completed"]
    assert (seen[0].queue_length, seen[0].wait_time.p50, seen[0].position) == (5, 25.0, None)
    assert traffic.by_operation()["list_backends"] == 1


async def test_as_completed_also_passes_the_queue_to_the_callback(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    Traffic(emulator, clock, {5: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    ended = await every(client.jobs.as_completed(ids, on_status=seen.append, results=False))
    assert {job.id for job in ended} == set(ids)
    assert [(str(update), update.queue_length) for update in seen[:2]] == [("Queued", 2)] * 2


async def test_the_update_has_the_estimated_running_time(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    queued = [{"id": job_id, "status": "Queued", "estimated_running_time_seconds": 4.5} for job_id in ids]
    script(emulator, {"status": 200, "body": {"jobs": queued}}, operation="list_jobs")
    Traffic(emulator, clock, {0.1: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    await now(client.jobs.wait_all(ids, on_status=seen.append))
    assert [update.estimated_running_time_seconds for update in seen] == [4.5, 4.5, None, None]


async def test_queues_are_not_read_without_a_callback_or_without_queued_jobs(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 2)
    traffic = Traffic(emulator, clock, {5: lambda: start(emulator, ids), 10: lambda: complete(emulator, ids)})
    await now(client.jobs.wait_all(ids))
    more = recorded(emulator, 2)
    start(emulator, more)
    complete(emulator, more[:1])
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(more, on_status=lambda update: None, timeout=10))
    assert "list_backends" not in traffic.by_operation()


async def test_queues_are_read_once_a_minute_at_most(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 30)
    start(emulator, ids)

    def requeue(some: Sequence[str]) -> None:
        def move(parts: Any) -> None:
            for job_id in some:
                parts.service.jobs.save(parts.service.jobs.get(job_id).requeue())

        emulator._do(move)

    events = {15.0 * (number + 1): lambda some=job_id: requeue([some]) for number, job_id in enumerate(ids)}
    traffic = Traffic(emulator, clock, events)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(ids, on_status=lambda update: None, timeout=450))
    assert 5 <= traffic.by_operation()["list_backends"] <= 8


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "unavailable", "retry_after": 30},
        {"kind": "null", "replace": {"devices": None}},
        {"kind": "null", "replace": {"devices": [BACKEND, None, {"name": 5}]}},
        {"kind": "null", "replace": {"devices": [{"name": BACKEND, "queue_length": None, "wait_time_seconds": None}]}},
        {"status": 200, "html": "<html>"},
    ],
    ids=str,
)
async def test_queues_that_cannot_be_read_do_not_delay_the_wait(
    client: Any, emulator: Emulator, clock: Any, trouble: dict[str, Any]
) -> None:
    ids = recorded(emulator, 2)
    emulator.faults.add("list_backends", times=None, **{"kind": "null", **trouble})
    Traffic(emulator, clock, {1: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    await now(client.jobs.wait_all(ids, on_status=seen.append))
    assert [str(update) for update in seen] == ["Queued"] * 2 + ["Completed"] * 2
    assert {(update.queue_length, update.wait_time) for update in seen} == {(None, None)}
    assert clock.elapsed < 3


async def test_an_asynchronous_callback_is_awaited(awaited: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids)
    seen: list[str] = []

    async def note(status: str) -> None:
        await asyncio.sleep(0)
        seen.append(status)

    await awaited.jobs.wait_all(ids, on_status=note)
    assert seen == ["Completed"] * 2


@pytest.fixture
def elsewhere(options: dict[str, Any], emulator: Emulator) -> Iterator[RuntimeClient]:
    """A client of another instance."""
    with RuntimeClient(**{**options, "instance": emulator.instances["emulator-open"]}) as client:
        yield client


@pytest.mark.parametrize(
    ("jobs", "choices"),
    [
        ("one-id", {}),
        (5, {}),
        ([None], {}),
        ([""], {}),
        ([5], {}),
        (["id"], {"at_once": 0}),
        (["id"], {"at_once": "8"}),
        (["id"], {"timeout": -1}),
        (["id"], {"timeout": "5"}),
    ],
    ids=str,
)
async def test_bad_arguments_are_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, jobs: Any, choices: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        await now(client.jobs.wait_all(jobs, **choices))
    with pytest.raises(InvalidInput):
        await every(client.jobs.as_completed(jobs, **choices))
    assert emulator.requests == []


async def test_one_job_in_place_of_a_list_is_refused(client: Any, emulator: Emulator) -> None:
    job = await now(client.jobs.submit("sampler", **STUDY))
    before = len(emulator.requests)
    with pytest.raises(InvalidInput, match="expected a list of jobs"):
        await now(client.jobs.wait_all(job))
    assert len(emulator.requests) == before


async def test_jobs_of_another_instance_or_face_are_refused(
    blocking: RuntimeClient, awaited: AsyncRuntimeClient, elsewhere: RuntimeClient, emulator: Emulator
) -> None:
    other = elsewhere.jobs.submit("sampler", **STUDY)
    asynchronous = await awaited.jobs.submit("sampler", **STUDY)
    jobs: list[tuple[Any, str]] = [(other, "another instance"), (asynchronous, "expected a Job or a job id")]
    for job, why in jobs:
        with pytest.raises(InvalidInput, match=why):
            blocking.jobs.wait_all([job])
    assert len(emulator.requests) == len([*sent(emulator, "create_job")]) + 2
