"""How many requests a wait for many jobs takes, and which filters they have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from qiskit_runtime_rest import (
    RuntimeClient,
    WaitTimeout,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, now
from ..fixtures.service import BACKEND, STUDY, asked
from .emulated_jobs import (
    Traffic,
    complete,
    delete,
    recorded,
    start,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("held_jobs")]


async def test_one_job_is_waited_for_as_by_itself(client: Any, emulator: Emulator, clock: Any) -> None:
    waits: list[Callable[[Any], Any]] = [lambda job: client.jobs.wait_all([job], results=False), lambda job: job.wait()]
    for wait in waits:
        job = await now(client.jobs.submit("sampler", **STUDY))
        began = clock.elapsed
        traffic = Traffic(emulator, clock, {began + 100: functools.partial(complete, emulator, [job.id])})
        await now(wait(job))
        assert traffic.by_operation() == {"get_job": 30}
        assert 100 <= clock.elapsed - began <= 120


async def test_a_check_of_twenty_jobs_takes_one_request_and_one_more_for_those_that_ended(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 20)
    traffic = Traffic(
        emulator,
        clock,
        {
            30: lambda: start(emulator, ids[:2]),
            50: lambda: complete(emulator, ids[:5]),
            100: lambda: complete(emulator, ids[5:]),
        },
    )
    jobs = await now(client.jobs.wait_all(ids))
    assert [job.id for job in jobs] == ids
    assert 100 <= clock.elapsed <= 120
    counts = traffic.per_check()
    assert (len(counts), sorted(counts)[-3:], counts[-1]) == (30, [1, 2, 2], 2)
    assert traffic.by_operation() == {"list_jobs": 32, "get_job_results": 20}


async def test_a_check_of_a_thousand_jobs_takes_at_most_six_requests(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 1000)
    quarters = [ids[offset::4] for offset in range(4)]
    traffic = Traffic(
        emulator,
        clock,
        {40 * (number + 1): functools.partial(complete, emulator, some) for number, some in enumerate(quarters)},
    )
    jobs = await now(client.jobs.wait_all(ids))
    assert [job.id for job in jobs] == ids
    assert 160 <= clock.elapsed <= 190
    counts = traffic.per_check()
    assert max(counts) == 6
    assert len(counts) < 45
    assert traffic.by_operation() == {"list_jobs": sum(counts), "get_job_results": 1000}
    emulator.clear_requests()
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 1000
    assert asked(emulator) == []


async def test_a_thousand_jobs_that_ended_take_six_requests(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 1000)
    complete(emulator, ids)
    traffic = Traffic(emulator, clock)
    ended = await every(client.jobs.as_completed(ids, results=False))
    assert [job.id for job in ended] == ids
    assert traffic.per_check() == [6]
    assert clock.slept == []


async def test_the_list_of_backends_is_one_of_the_six_requests(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 1000)
    complete(emulator, ids[:801])
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        blocking.jobs.wait_all(ids, timeout=0, results=False, on_status=lambda update: None)
    assert traffic.by_operation() == {"list_jobs": 5, "list_backends": 1}


async def test_jobs_that_end_one_after_the_other_are_not_checked_all_the_time(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 40)
    events = {10.0 * (number + 1): lambda some=job_id: complete(emulator, [some]) for number, job_id in enumerate(ids)}
    traffic = Traffic(emulator, clock, events)
    blocking.jobs.wait_all(ids, results=False)
    assert 400 <= clock.elapsed <= 416
    assert len(traffic.per_check()) < 70


async def test_the_list_is_narrowed_to_what_the_jobs_share(client: Any, emulator: Emulator, clock: Any) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    recorded(emulator, 300)
    clock.sleep(1000)
    clock.slept.clear()
    params = STUDY["params"]
    jobs = [await now(session.submit("sampler", params=params, tags=["sweep", f"n-{n}"])) for n in range(3)]
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=20))
    assert set(traffic.per_check()) == {1}
    earliest, *_, last = traffic.queries(pending="true")
    for query in (earliest, last):
        assert query["session_id"] == [session.id]
        assert query["backend"] == [BACKEND]
        assert query["program"] == ["sampler"]
        assert query["tags"] == ["sweep"]
        assert query["limit"] == ["200"]
    assert "created_before" not in earliest
    assert earliest["created_after"] < last["created_after"] < last["created_before"]


async def test_jobs_created_before_and_after_are_filtered_out(client: Any, emulator: Emulator, clock: Any) -> None:
    recorded(emulator, 900)
    clock.sleep(1000)
    ids = recorded(emulator, 3)
    jobs = [await now(client.jobs.get(job_id)) for job_id in ids]
    clock.sleep(1000)
    recorded(emulator, 900)
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=10))
    assert set(traffic.per_check()) == {1}


async def test_newer_jobs_are_not_listed(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [await now(client.jobs.submit("sampler", **STUDY)) for _ in range(3)]
    recorded(emulator, 900)
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=0))
    assert traffic.per_check() == [1]


async def test_the_list_is_not_filtered_by_what_differs(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [
        *[await now(client.jobs.submit("sampler", **{**STUDY, "backend": name})) for name in (BACKEND, "ibm_boston")],
        recorded(emulator, 1, program_id="estimator")[0],
    ]
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=5))
    assert set(traffic.per_check()) == {1}
    for query in traffic.queries(pending="true"):
        assert not {"session_id", "backend", "program", "tags"} & set(query)


async def test_a_moment_of_submission_that_is_wrong_is_put_right(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [await now(client.jobs.submit("sampler", **STUDY)) for _ in range(30)]
    for job in jobs:
        job.raw["created"] = "2020-01-01T00:00:00Z"
    traffic = Traffic(emulator, clock, {20: lambda: complete(emulator, [job.id for job in jobs])})
    await now(client.jobs.wait_all(jobs, results=False))
    counts = traffic.per_check()
    assert max(counts) <= 6
    assert counts[2:-1] == [1] * len(counts[3:])
    assert 20 <= clock.elapsed <= 24


async def test_jobs_whose_tags_were_replaced_are_followed(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [await now(client.jobs.submit("sampler", tags=["sweep"], **STUDY)) for _ in range(20)]

    def retag() -> None:
        def replace(parts: Any) -> None:
            for job in jobs:
                parts.service.jobs.replace_tags(parts.service.jobs.get(job.id), ["mine"])

        emulator._do(replace)

    traffic = Traffic(emulator, clock, {5: retag, 30: lambda: complete(emulator, [job.id for job in jobs])})
    ended = await now(client.jobs.wait_all(jobs))
    assert all(job.failure is None for job in ended)
    assert max(traffic.per_check()) <= 6
    assert 30 <= clock.elapsed <= 40


async def test_a_scan_that_takes_several_checks_finds_the_ended_jobs(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    before = recorded(emulator, 1500)
    ids = recorded(emulator, 3)
    recorded(emulator, 700)
    traffic = Traffic(emulator, clock, {10: lambda: complete(emulator, ids[:1]), 20: lambda: delete(emulator, ids[1])})
    with pytest.raises(WaitTimeout) as timeout:
        await now(client.jobs.wait_all(ids, timeout=120, results=False))
    assert timeout.value.job_ids == (ids[2],)
    assert max(traffic.per_check()) == 6
    assert len(before) == 1500


@pytest.mark.parametrize("count", [None, 200, "many"])
async def test_a_wrong_count_does_not_mislead(client: Any, emulator: Emulator, clock: Any, count: Any) -> None:
    ids = recorded(emulator, 450)
    emulator.faults.add("list_jobs", kind="null", replace={"count": count}, times=None)
    traffic = Traffic(
        emulator, clock, {5: lambda: complete(emulator, ids[:401]), 10: lambda: complete(emulator, ids[401:])}
    )
    await now(client.jobs.wait_all(ids, results=False))
    assert max(traffic.per_check()) <= 6
    assert 10 <= clock.elapsed <= 13
