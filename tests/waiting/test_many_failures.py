"""Deadlines, cancellation and failures during a wait for many jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    WaitStopped,
    WaitTimeout,
)
from qiskit_runtime_rest.emulator import embedded
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, first, now
from ..fixtures.service import STUDY, asked, script, sent
from .emulated_jobs import (
    ActingAuth,
    Traffic,
    complete,
    recorded,
    start,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("held_jobs")]


async def test_the_error_at_the_deadline_names_the_remaining_jobs(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 20)
    start(emulator, ids[5:])
    Traffic(emulator, clock, {30: lambda: complete(emulator, ids[:5])})
    handles = await every(client.jobs.list(sort="ASC"))
    with pytest.raises(WaitTimeout) as timeout:
        await now(client.jobs.wait_all(handles, timeout=60))
    assert clock.elapsed == pytest.approx(60)
    assert (timeout.value.job_id, timeout.value.status) == (ids[5], "Running")
    assert list(timeout.value.job_ids) == ids[5:]
    assert timeout.value.waited == pytest.approx(60)
    assert "15 jobs are not finished" in str(timeout.value)
    assert "wait_all" in str(timeout.value)
    emulator.clear_requests()
    for handle in handles[:5]:
        await now(handle.result())
    assert asked(emulator) == []


async def test_results_without_time_before_the_deadline_are_read_by_the_handle(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 5)
    Traffic(emulator, clock, {20: lambda: complete(emulator, ids)})
    jobs = await now(client.jobs.wait_all(ids, timeout=20))
    assert not sent(emulator, "get_job_results")
    assert (await now(jobs[0].result()))[0].counts() == {"11": 1}


async def test_a_set_stop_event_ends_the_wait_of_a_thread(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 3)
    stop = threading.Event()
    clock.after_sleep = lambda elapsed: stop.set() if elapsed >= 5 else None
    with pytest.raises(WaitStopped, match="3 jobs") as stopped:
        blocking.jobs.wait_all(ids, stop=stop)
    assert 5 <= clock.elapsed < 7
    assert list(stopped.value.job_ids) == ids


@pytest.mark.parametrize("left", [0, 1])
async def test_a_set_stop_event_ends_the_retries_for_results(
    blocking: RuntimeClient, emulator: Emulator, clock: Any, left: int
) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids)
    ids += recorded(emulator, left)
    emulator.faults.add("get_job_results", kind="unavailable", retry_after=8, times=None)
    stop = threading.Event()

    def sleep(seconds: float, ends: threading.Event | None = None) -> None:
        stop.set()
        assert ends is not None
        assert ends.wait(60)

    clock.sleep = sleep
    with pytest.raises(WaitStopped, match=ids[-1]) if left else contextlib.nullcontext():
        blocking.jobs.wait_all(ids, stop=stop, at_once=1)
    assert len(sent(emulator, "get_job_results")) == 1
    clock.sleep = type(clock).sleep.__get__(clock)
    emulator.faults.clear()
    assert blocking.jobs.get(ids[0]).result()[0].counts() == {"11": 1}


async def test_a_cancelled_task_leaves_the_jobs_alone(
    awaited: AsyncRuntimeClient, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 3)
    task = asyncio.ensure_future(awaited.jobs.wait_all(ids))
    clock.after_sleep = lambda elapsed: task.cancel() if elapsed >= 5 else None
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set(asked(emulator)) == {"list_jobs"}


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "rate_limited"},
        {"kind": "unavailable"},
        {"kind": "bad_gateway"},
        {"kind": "edge_error"},
        {"kind": "reset"},
        {"kind": "truncated"},
        {"status": 200, "html": "<html>Please log in</html>"},
        {"status": 200, "body": {"jobs": [{"no": "id"}]}},
    ],
    ids=lambda trouble: str(trouble.get("kind", trouble.get("html", "no id"))),
)
async def test_a_transient_failure_does_not_end_the_wait(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, trouble: dict[str, Any]
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 300)
    for skip in (1, 1, 2):
        emulator.faults.add("list_jobs", skip=skip, **{"kind": "null", **trouble})
    Traffic(emulator, clock, {5: lambda: complete(emulator, ids)})
    jobs = await now(client.jobs.wait_all(ids, results=False))
    assert [job.raw["status"] for job in jobs] == ["Completed"] * 300
    assert 5 <= clock.elapsed <= 8


async def test_a_check_that_failed_half_way_begins_anew(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 300)
    emulator.faults.add("list_jobs", kind="unavailable", skip=1)
    traffic = Traffic(emulator, clock, {0.1: lambda: complete(emulator, ids[:100])})
    await first(client.jobs.as_completed(ids, results=False))
    assert traffic.per_check() == [2, 3]


async def test_refusals_for_the_rate_are_honoured(connect: Callable[..., Any], emulator: Emulator, clock: Any) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 2)
    script(emulator, {"kind": "rate_limited", "retry_after": 7}, {"retry_after": 9}, operation="list_jobs")
    Traffic(emulator, clock, {10: lambda: complete(emulator, ids)})
    await now(client.jobs.wait_all(ids))
    assert clock.slept == [7.0, 9.0]


async def test_an_expired_token_is_replaced_by_a_new_one(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 3)
    script(emulator, {}, {"kind": "expired_token"}, operation="list_jobs")
    Traffic(emulator, clock, {10: lambda: complete(emulator, ids)})
    await now(client.jobs.wait_all(ids))
    assert [job.failure for job in await now(client.jobs.wait_all(ids))] == [None] * 3


async def test_a_wait_survives_an_outage_of_ten_minutes_but_not_one_without_end(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 3)
    emulator.faults.add("list_jobs", kind="unavailable", times=None)
    Traffic(emulator, clock, {600: emulator.faults.clear, 601: lambda: complete(emulator, ids)})
    await now(client.jobs.wait_all(ids))
    assert 600 <= clock.elapsed <= 620
    began = clock.elapsed
    emulator.faults.add("list_jobs", kind="unavailable", times=None)
    with pytest.raises(ServerError):
        await now(client.jobs.wait_all(recorded(emulator, 3)))
    assert 900 <= clock.elapsed - began < 930


async def test_a_failure_after_a_long_wait_that_went_well_does_not_end_it(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 3)
    outage: dict[str, Any] = {"operation": "list_jobs", "kind": "unavailable", "times": 2}
    Traffic(
        emulator,
        clock,
        {1000: lambda: emulator.faults.add(**outage), 1010: lambda: complete(emulator, ids)},
    )
    await now(client.jobs.wait_all(ids))
    assert 1010 <= clock.elapsed <= 1050


async def test_a_service_that_is_restarted_is_waited_for(
    connect: Callable[..., Any], clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restartable = Emulator(virtual_clock=True, pace="hold", state=tmp_path / "state")
    restartable.start()
    try:
        port = httpx.URL(restartable.base_url).port or 0
        listen: Any = vars(embedded)["listen"]
        monkeypatch.setattr(embedded, "listen", lambda host, _: listen(host, port))
        client = connect(
            base_url=restartable.base_url,
            iam_url=restartable.iam_url,
            instance=restartable.instance,
            retries=RetryPolicy(attempts=1),
        )
        jobs = [await now(client.jobs.submit("sampler", **STUDY)) for _ in range(5)]
        Traffic(restartable, clock)
        events = iter(
            [
                (10.0, restartable.close),
                (300.0, restartable.start),
                (330.0, lambda: complete(restartable, [job.id for job in jobs])),
            ]
        )
        coming = list(events)

        def happen(elapsed: float) -> None:
            while coming and elapsed >= coming[0][0]:
                coming.pop(0)[1]()

        clock.after_sleep = happen
        await now(client.jobs.wait_all(jobs))
        assert 330 <= clock.elapsed <= 350
        assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 5
    finally:
        restartable.close()


async def test_an_unknown_status_does_not_end_the_wait_and_is_logged_once(
    client: Any, emulator: Emulator, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ids = recorded(emulator, 3)
    strange = {f"jobs.{n}.status": "Reticulating" for n in range(3)}
    emulator.faults.add("list_jobs", kind="null", replace=strange, times=5)
    Traffic(emulator, clock, {1: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    with caplog.at_level(logging.WARNING, logger="qiskit_runtime_rest"):
        await now(client.jobs.wait_all(ids, on_status=seen.append))
    assert [str(update) for update in seen] == ["Reticulating"] * 3 + ["Completed"] * 3
    assert [record.getMessage().count("Reticulating") for record in caplog.records] == [1]


async def test_a_job_in_a_state_that_is_neither_pending_nor_over_is_followed(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 12)
    shown: dict[str, Any] = {"status": 200, "body": {"jobs": [], "count": 0}}
    emulator.faults.add("list_jobs", **shown, times=None)
    emulator.faults.add("get_job", kind="null", replace={"status": "Reticulating"}, times=None)

    def recover() -> None:
        emulator.faults.clear()
        complete(emulator, ids)

    traffic = Traffic(emulator, clock, {60: recover})
    await now(client.jobs.wait_all(ids))
    assert max(traffic.per_check()) <= 6
    read = Counter(request.path for request in traffic._requests if request.operation == "get_job")
    assert len(read) == 12
    assert max(read.values()) - min(read.values()) <= 1


@pytest.mark.parametrize("ended", [40, 150])
async def test_jobs_that_end_between_two_pages_are_all_found(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, acting_auth: ActingAuth, ended: int
) -> None:
    client = connect(auth=acting_auth)
    ids = recorded(emulator, 500)
    # The next page begins as many jobs later: what was on it before has moved up.
    acting_auth.before[acting_auth.sent + 1] = lambda: complete(emulator, ids[:ended])
    traffic = Traffic(emulator, clock, {9: lambda: complete(emulator, ids[ended:])})
    seen: list[Any] = []
    jobs = await now(client.jobs.wait_all(ids, results=False, on_status=seen.append))
    assert all(job.raw["status"] == "Completed" for job in jobs)
    assert max(traffic.per_check()) <= 6
    assert Counter(map(str, seen)) == {"Queued": 500 - ended, "Completed": 500}
