"""What a wait for many jobs returns: handles, ends, results."""

from __future__ import annotations

import functools
import logging
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import (
    JobCancelled,
    JobFailed,
    NotFound,
    ResultDecodeError,
    RetryPolicy,
    WaitTimeout,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, first, now
from ..fixtures.service import STUDY, asked, script, sent
from .emulated_jobs import (
    ActingAuth,
    Traffic,
    cancel,
    complete,
    delete,
    fail,
    recorded,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("held_jobs")]


async def test_handles_and_ids_come_back_as_handles_in_their_order(client: Any, emulator: Emulator, clock: Any) -> None:
    submitted = await now(client.jobs.submit("sampler", **STUDY))
    ids = recorded(emulator, 3)
    clock.after_sleep = lambda elapsed: complete(emulator, [ids[2], submitted.id, ids[0], ids[1]])
    jobs = await now(client.jobs.wait_all(iter([ids[2], submitted, ids[0], ids[1], ids[2]])))
    assert [job.id for job in jobs] == [ids[2], submitted.id, ids[0], ids[1], ids[2]]
    assert jobs[1] is submitted
    assert {type(job) for job in jobs} == {type(submitted)}
    assert [job.raw["status"] for job in jobs] == ["Completed"] * 5


async def test_a_wait_for_no_jobs_sends_nothing(client: Any, emulator: Emulator) -> None:
    assert await now(client.jobs.wait_all([])) == []
    assert await every(client.jobs.as_completed([])) == []
    assert emulator.requests == []


async def test_jobs_known_to_be_over_take_only_the_request_for_their_result(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 3)
    complete(emulator, ids)
    jobs = await every(client.jobs.list())
    emulator.clear_requests()
    seen: list[str] = []
    await now(client.jobs.wait_all(jobs, timeout=0, on_status=seen.append))
    await now(client.jobs.wait_all(jobs, timeout=1))
    assert asked(emulator) == ["get_job_results"] * 3
    assert seen == ["Completed"] * 3


async def test_results_are_not_read_without_need(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids)
    jobs = await now(client.jobs.wait_all(ids, results=False))
    assert not sent(emulator, "get_job_results")
    await now(jobs[0].result())
    assert len(sent(emulator, "get_job_results")) == 1


@pytest.mark.parametrize("at_once", [1, 3])
async def test_at_once_limits_how_many_results_are_read_at_a_time(
    connect: Callable[..., Any], emulator: Emulator, acting_auth: ActingAuth, at_once: int
) -> None:
    client = connect(auth=acting_auth)
    ids = recorded(emulator, 20)
    complete(emulator, ids)
    await now(client.jobs.wait_all(ids, at_once=at_once))
    assert acting_auth.most_open <= at_once
    assert len(sent(emulator, "get_job_results")) == 20


async def test_a_handle_from_another_process_is_waited_for_with_this_client(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids)
    unpickled = [pickle.loads(pickle.dumps(await now(client.jobs.get(job_id)))) for job_id in ids]
    jobs = await now(client.jobs.wait_all(unpickled))
    assert all(job is given for job, given in zip(jobs, unpickled, strict=True))
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 2


async def test_jobs_that_fail_or_are_deleted_do_not_delay_the_others(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    good, failed, cancelled, deleted = ids = recorded(emulator, 4)
    clock.after_sleep = lambda elapsed: happen() if elapsed >= 5 else None
    events: Iterator[Callable[[], Any]] = iter(
        [
            lambda: fail(emulator, failed),
            lambda: cancel(emulator, cancelled),
            lambda: delete(emulator, deleted),
            *[lambda: None] * 4,
            lambda: complete(emulator, [good]),
        ]
    )

    def happen() -> None:
        next(events, list)()

    jobs = await now(client.jobs.wait_all(ids))
    assert [type(job.failure) for job in jobs] == [type(None), JobFailed, JobCancelled, NotFound]
    assert len(sent(emulator, "get_job_results")) == 1
    emulator.clear_requests()
    assert (await now(jobs[0].result()))[0].counts() == {"11": 1}
    for job, error in zip(jobs[1:], (JobFailed, JobCancelled, NotFound), strict=True):
        with pytest.raises(error):
            await now(job.result())
    assert set(asked(emulator)) == {"get_job_logs"}


async def test_a_job_that_was_never_there_is_reported_as_such(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    clock.after_sleep = lambda elapsed: complete(emulator, ids) if elapsed > 1 else None
    jobs = await now(client.jobs.wait_all([ids[0], "no-such-job", ids[1]]))
    assert [type(job.failure) for job in jobs] == [type(None), NotFound, type(None)]
    with pytest.raises(NotFound):
        await now(jobs[1].wait())


async def test_a_private_result_is_read_once_for_all_handles_of_its_job(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 2, private=True)
    complete(emulator, ids)
    handles = [await now(client.jobs.get(job_id)) for job_id in (ids[0], ids[0], ids[1])]
    came = await every(client.jobs.as_completed([*handles, handles[0]]))
    assert sorted(map(id, came)) == sorted(map(id, handles))
    assert len(sent(emulator, "get_job_results")) == 2
    assert [(await now(handle.result()))[0].counts() for handle in handles] == [{"11": 1}] * 3
    assert len(sent(emulator, "get_job_results")) == 2


async def test_a_result_that_cannot_be_read_now_is_read_by_the_handle_later(
    connect: Callable[..., Any], emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 3)
    complete(emulator, ids)
    script(emulator, {"kind": "unavailable"}, operation="get_job_results")
    with caplog.at_level(logging.WARNING, logger="qiskit_runtime_rest"):
        jobs = await now(client.jobs.wait_all(ids))
    assert "job.result()" in caplog.text
    assert [job.failure for job in jobs] == [None] * 3
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 3
    assert len(sent(emulator, "get_job_results")) == 4


async def test_a_result_that_cannot_be_decoded_keeps_its_bytes(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 2, private=True)
    complete(emulator, ids[:1], result='{"results": [')
    complete(emulator, ids[1:])
    jobs = await now(client.jobs.wait_all(ids))
    emulator.clear_requests()
    with pytest.raises(ResultDecodeError) as undecoded:
        await now(jobs[0].result())
    assert undecoded.value.raw == b'{"results": ['
    assert (await now(jobs[1].result()))[0].counts() == {"11": 1}
    assert asked(emulator) == []


async def test_a_result_that_cannot_be_decoded_is_read_again_by_the_handle(client: Any, emulator: Emulator) -> None:
    (job_id,) = recorded(emulator, 1)
    complete(emulator, [job_id])
    script(emulator, *[{"status": 200, "body": "<html>sign in</html>"}] * 2, operation="get_job_results")
    (job,) = await now(client.jobs.wait_all([job_id]))
    assert isinstance(job.failure, ResultDecodeError)
    with pytest.raises(ResultDecodeError):
        await now(job.result())
    assert (await now(job.result()))[0].counts() == {"11": 1}
    assert job.failure is None


async def test_jobs_come_as_they_end(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 4)
    order = [ids[2], ids[0], ids[3], ids[1]]
    Traffic(
        emulator, clock, {20.0 * (n + 1): functools.partial(complete, emulator, [one]) for n, one in enumerate(order)}
    )
    came = []

    async def note(job: Any) -> None:
        emulator.clear_requests()
        assert (await now(job.result()))[0].counts() == {"11": 1}
        assert asked(emulator) == []
        came.append((job.id, clock.elapsed))

    stream = client.jobs.as_completed(ids)
    if hasattr(stream, "__aiter__"):
        async for job in stream:
            await note(job)
    else:
        for job in stream:
            await note(job)
    assert [job_id for job_id, _ in came] == order
    for number, (_, seen) in enumerate(came):
        assert 0 <= seen - 20 * (number + 1) <= 15


async def test_a_caller_busy_past_the_deadline_still_gets_the_ended_jobs(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 3)
    complete(emulator, ids[:1])
    came = []

    def busy(job: Any) -> None:
        came.append(job.id)
        if len(came) == 1:
            clock.sleep(100)
            complete(emulator, ids[1:2])

    async def work() -> None:
        stream = client.jobs.as_completed(ids, timeout=60)
        if hasattr(stream, "__aiter__"):
            async for job in stream:
                busy(job)
        else:
            for job in stream:
                busy(job)

    with pytest.raises(WaitTimeout) as timeout:
        await work()
    assert came == ids[:2]
    assert timeout.value.job_ids == (ids[2],)


async def test_the_first_job_does_not_wait_for_the_results_of_all(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 20)
    complete(emulator, ids)
    assert (await first(client.jobs.as_completed(ids, at_once=3))).id == ids[0]
    assert len(sent(emulator, "get_job_results")) == 3


async def test_a_caller_that_stops_early_loses_no_result(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 5, private=True)
    complete(emulator, ids)
    jobs = [await now(client.jobs.get(job_id)) for job_id in ids]
    assert (await first(client.jobs.as_completed(jobs, at_once=3))).id == ids[0]
    await now(client.jobs.wait_all(jobs))
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 5
    assert len(sent(emulator, "get_job_results")) == 5


async def test_time_of_the_caller_counts_towards_the_poll_interval(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids[:1])
    stream = client.jobs.as_completed(ids)
    await first(stream)
    clock.sleep(5)
    complete(emulator, ids[1:])
    assert (await first(stream)).id == ids[1]
    assert clock.slept == [5]
