from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    InvalidInput,
    JobCancelled,
    JobFailed,
    NotFound,
    ResultDecodeError,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    WaitStopped,
    WaitTimeout,
)
from qiskit_runtime_rest.emulator import embedded
from qiskit_runtime_rest.emulator.recorder import RecordedRequest
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, first, now
from ..fixtures.service import BACKEND, STUDY, asked, script, sent

pytestmark = pytest.mark.anyio

LOOKS = ("list_jobs", "get_job")
RESULT = json.dumps({"results": [{"data": {"c": {"samples": ["0x3"], "num_bits": 2}}, "metadata": {}}], "metadata": {}})


@pytest.fixture(autouse=True)
def held(emulator: Emulator) -> None:
    """No job moves by itself: none is simulated."""
    emulator.pace = "hold"


def recorded(emulator: Emulator, number: int, **fields: Any) -> list[str]:
    """Ids of so many jobs that somebody submitted at this moment."""
    about = {"program_id": "sampler", "backend": BACKEND, "user_id": "somebody", "instance": emulator.instance}

    def record(parts: Any) -> list[str]:
        return [parts.service.jobs.create(params={}, **{**about, **fields}).id for _ in range(number)]

    return emulator._do(record)


def start(emulator: Emulator, job_ids: Iterable[str]) -> None:
    """Let jobs run."""

    def move(parts: Any) -> None:
        jobs = parts.service.jobs
        for job_id in job_ids:
            jobs.save(jobs.get(job_id).start(parts.service.clock.now()))

    emulator._do(move)


def complete(emulator: Emulator, job_ids: Iterable[str], *, result: str = RESULT) -> None:
    """End jobs with a result, without any simulation."""

    def move(parts: Any) -> None:
        jobs, moment = parts.service.jobs, parts.service.clock.now()
        for job_id in job_ids:
            jobs.end(jobs.get(job_id).start(moment).complete(moment), result=result)

    emulator._do(move)


def fail(emulator: Emulator, job_id: str) -> None:
    """End a job with an error."""

    def move(parts: Any) -> None:
        jobs, moment = parts.service.jobs, parts.service.clock.now()
        failed = jobs.get(job_id).start(moment).fail(moment, code=1517, reason="Not native.", solution="Transpile.")
        jobs.end(failed, logs="line")

    emulator._do(move)


def delete(emulator: Emulator, job_id: str) -> None:
    """Delete a job whatever its state."""

    def move(parts: Any) -> None:
        jobs = parts.service.jobs
        jobs.cancel(jobs.get(job_id))
        jobs.delete(jobs.get(job_id))

    emulator._do(move)


class Traffic:
    """What was asked during a wait, look by look: the clock stands still during one."""

    def __init__(self, emulator: Emulator, clock: Any, at: dict[float, Callable[[], Any]] | None = None) -> None:
        """`at`: what happens how many seconds after the wait began."""
        self._emulator = emulator
        self._events = sorted((at or {}).items())
        self._requests: list[RecordedRequest] = []
        clock.after_sleep = self._after_sleep
        emulator.clear_requests()

    def _after_sleep(self, elapsed: float) -> None:
        while self._events and elapsed >= self._events[0][0]:
            self._events.pop(0)[1]()
        self.drain()

    def drain(self) -> None:
        """Take over what was recorded: the service keeps only so many requests."""
        self._requests += self._emulator.requests
        self._emulator.clear_requests()

    def by_operation(self) -> dict[str | None, int]:
        """How often each operation was asked for, tokens aside."""
        self.drain()
        return dict(Counter(request.operation for request in self._requests if "/identity/" not in request.path))

    def per_look(self) -> list[int]:
        """Requests of each look, results aside."""
        self.drain()
        asked = [request for request in self._requests if request.operation in LOOKS]
        return [len(list(same)) for _, same in itertools.groupby(asked, key=lambda request: request.at)]

    def queries(self, **chosen: str) -> list[dict[str, list[str]]]:
        """The queries for lists of jobs that ask for this."""
        self.drain()
        queries = [parse_qs(request.query) for request in self._requests if request.operation == "list_jobs"]
        return [query for query in queries if all(query.get(name) == [value] for name, value in chosen.items())]


class Meddling(httpx.Auth):
    """A bearer token; and something that happens just before the Nth request."""

    def __init__(self, emulator: Emulator) -> None:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
        answer = httpx.post(f"{emulator.iam_url}/identity/token", data=form)
        self._token = answer.json()["access_token"]
        self._lock = threading.Lock()
        self.before: dict[int, Callable[[], Any]] = {}
        self.sent = self.open = self.most_open = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.before.get(self.sent, lambda: None)()
        with self._lock:
            self.sent += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
        with self._lock:
            self.open -= 1


@pytest.fixture
async def meddling(emulator: Emulator) -> Meddling:
    return await asyncio.to_thread(Meddling, emulator)


# How many requests


async def test_one_job_is_waited_for_as_by_itself(client: Any, emulator: Emulator, clock: Any) -> None:
    for wait in (lambda job: client.jobs.wait_all([job], results=False), lambda job: job.wait()):
        job = await now(client.jobs.submit("sampler", **STUDY))
        began = clock.elapsed
        traffic = Traffic(emulator, clock, {began + 100: lambda job=job: complete(emulator, [job.id])})
        await now(wait(job))
        assert traffic.by_operation() == {"get_job": 30}
        assert 100 <= clock.elapsed - began <= 120


async def test_twenty_jobs_cost_a_request_a_look_and_one_more_for_those_that_ended(
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
    counts = traffic.per_look()
    assert (len(counts), sorted(counts)[-3:], counts[-1]) == (30, [1, 2, 2], 2)
    assert traffic.by_operation() == {"list_jobs": 32, "get_job_results": 20}


async def test_a_thousand_jobs_cost_six_requests_a_look_and_one_more_each(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 1000)
    quarters = [ids[offset::4] for offset in range(4)]
    traffic = Traffic(
        emulator,
        clock,
        {40 * (number + 1): lambda some=some: complete(emulator, some) for number, some in enumerate(quarters)},
    )
    jobs = await now(client.jobs.wait_all(ids))
    assert [job.id for job in jobs] == ids
    assert 160 <= clock.elapsed <= 190
    counts = traffic.per_look()
    assert max(counts) == 6
    assert len(counts) < 45
    assert traffic.by_operation() == {"list_jobs": sum(counts), "get_job_results": 1000}
    emulator.clear_requests()
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 1000
    assert asked(emulator) == []


async def test_a_thousand_jobs_that_end_at_once_cost_six_requests_in_all(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 1000)
    complete(emulator, ids)
    traffic = Traffic(emulator, clock)
    ended = await every(client.jobs.as_completed(ids, results=False))
    assert [job.id for job in ended] == ids
    assert traffic.per_look() == [6]
    assert clock.slept == []


@pytest.mark.parametrize("ended", [200, 399, 400, 401, 600, 801, 999])
async def test_whatever_part_of_a_thousand_jobs_ends_a_look_costs_six_requests(
    blocking: RuntimeClient, emulator: Emulator, clock: Any, ended: int
) -> None:
    ids = recorded(emulator, 1000)
    traffic = Traffic(emulator, clock, {5: lambda: complete(emulator, ids[:ended])})
    with pytest.raises(WaitTimeout) as timeout:
        blocking.jobs.wait_all(ids, timeout=12, results=False)
    assert list(timeout.value.job_ids) == ids[ended:]
    assert max(traffic.per_look()) <= 6


async def test_the_list_of_backends_is_one_of_the_six_requests(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 1000)
    complete(emulator, ids[:801])
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        blocking.jobs.wait_all(ids, timeout=0, results=False, on_status=lambda update: None)
    assert traffic.by_operation() == {"list_jobs": 5, "list_backends": 1}


async def test_jobs_that_end_one_after_the_other_are_not_looked_at_all_the_time(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 40)
    events = {10.0 * (number + 1): lambda some=job_id: complete(emulator, [some]) for number, job_id in enumerate(ids)}
    traffic = Traffic(emulator, clock, events)
    blocking.jobs.wait_all(ids, results=False)
    assert 400 <= clock.elapsed <= 416
    assert len(traffic.per_look()) < 70


# What is asked for


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
    assert set(traffic.per_look()) == {1}
    earliest, *_, last = traffic.queries(pending="true")
    for query in (earliest, last):
        assert query["session_id"] == [session.id]
        assert query["backend"] == [BACKEND]
        assert query["program"] == ["sampler"]
        assert query["tags"] == ["sweep"]
        assert query["limit"] == ["200"]
    assert "created_before" not in earliest
    assert earliest["created_after"] < last["created_after"] < last["created_before"]


async def test_jobs_of_others_created_before_and_after_cost_nothing(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    recorded(emulator, 900)
    clock.sleep(1000)
    ids = recorded(emulator, 3)
    jobs = [await now(client.jobs.get(job_id)) for job_id in ids]
    clock.sleep(1000)
    recorded(emulator, 900)
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=10))
    assert set(traffic.per_look()) == {1}


async def test_newer_jobs_of_others_are_not_paged_through(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [await now(client.jobs.submit("sampler", **STUDY)) for _ in range(3)]
    recorded(emulator, 900)
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=0))
    assert traffic.per_look() == [1]


async def test_what_the_jobs_do_not_share_is_not_asked_for(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [
        *[await now(client.jobs.submit("sampler", **{**STUDY, "backend": name})) for name in (BACKEND, "ibm_kyiv")],
        recorded(emulator, 1, program_id="estimator")[0],
    ]
    traffic = Traffic(emulator, clock)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(jobs, timeout=5))
    assert set(traffic.per_look()) == {1}
    for query in traffic.queries(pending="true"):
        assert not {"session_id", "backend", "program", "tags"} & set(query)


async def test_a_moment_of_submission_that_is_wrong_is_put_right(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [await now(client.jobs.submit("sampler", **STUDY)) for _ in range(30)]
    for job in jobs:
        job.raw["created"] = "2020-01-01T00:00:00Z"
    traffic = Traffic(emulator, clock, {20: lambda: complete(emulator, [job.id for job in jobs])})
    await now(client.jobs.wait_all(jobs, results=False))
    counts = traffic.per_look()
    assert max(counts) <= 6
    assert counts[2:-1] == [1] * len(counts[3:])
    assert 20 <= clock.elapsed <= 24


async def test_jobs_whose_tags_somebody_replaced_are_followed_on(client: Any, emulator: Emulator, clock: Any) -> None:
    jobs = [await now(client.jobs.submit("sampler", tags=["sweep"], **STUDY)) for _ in range(20)]
    other = emulator._do(lambda parts: parts.service.jobs.replace_tags)

    def retag() -> None:
        emulator._do(lambda parts: [other(parts.service.jobs.get(job.id), ["mine"]) for job in jobs])

    traffic = Traffic(emulator, clock, {5: retag, 30: lambda: complete(emulator, [job.id for job in jobs])})
    ended = await now(client.jobs.wait_all(jobs))
    assert all(job.failure is None for job in ended)
    assert max(traffic.per_look()) <= 6
    assert 30 <= clock.elapsed <= 40


async def test_a_scan_that_takes_more_than_one_look_still_finds_the_ends(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    before = recorded(emulator, 1500)
    ids = recorded(emulator, 3)
    recorded(emulator, 700)
    traffic = Traffic(emulator, clock, {10: lambda: complete(emulator, ids[:1]), 20: lambda: delete(emulator, ids[1])})
    with pytest.raises(WaitTimeout) as timeout:
        await now(client.jobs.wait_all(ids, timeout=120, results=False))
    assert timeout.value.job_ids == (ids[2],)
    assert max(traffic.per_look()) == 6
    assert len(before) == 1500


@pytest.mark.parametrize("count", [None, 200, "many"])
async def test_a_count_that_says_nothing_does_not_mislead(
    client: Any, emulator: Emulator, clock: Any, count: Any
) -> None:
    ids = recorded(emulator, 450)
    emulator.faults.add("list_jobs", kind="null", replace={"count": count}, times=None)
    traffic = Traffic(
        emulator, clock, {5: lambda: complete(emulator, ids[:401]), 10: lambda: complete(emulator, ids[401:])}
    )
    await now(client.jobs.wait_all(ids, results=False))
    assert max(traffic.per_look()) <= 6
    assert 10 <= clock.elapsed <= 13


# What comes of it


async def test_handles_and_ids_come_back_as_handles_in_their_order(client: Any, emulator: Emulator, clock: Any) -> None:
    submitted = await now(client.jobs.submit("sampler", **STUDY))
    ids = recorded(emulator, 3)
    clock.after_sleep = lambda elapsed: complete(emulator, [ids[2], submitted.id, ids[0], ids[1]])
    jobs = await now(client.jobs.wait_all(iter([ids[2], submitted, ids[0], ids[1], ids[2]])))
    assert [job.id for job in jobs] == [ids[2], submitted.id, ids[0], ids[1], ids[2]]
    assert jobs[1] is submitted
    assert {type(job) for job in jobs} == {type(submitted)}
    assert [job.raw["status"] for job in jobs] == ["Completed"] * 5


async def test_nothing_to_wait_for_costs_nothing(client: Any, emulator: Emulator) -> None:
    assert await now(client.jobs.wait_all([])) == []
    assert await every(client.jobs.as_completed([])) == []
    assert emulator.requests == []


async def test_jobs_known_to_be_over_cost_their_result_only(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 3)
    complete(emulator, ids)
    jobs = await every(client.jobs.list())
    emulator.clear_requests()
    seen: list[str] = []
    await now(client.jobs.wait_all(jobs, timeout=0, on_status=seen.append))
    await now(client.jobs.wait_all(jobs, timeout=1))
    assert asked(emulator) == ["get_job_results"] * 3
    assert seen == ["Completed"] * 3


async def test_results_are_left_where_they_are_when_nobody_wants_them(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids)
    jobs = await now(client.jobs.wait_all(ids, results=False))
    assert not sent(emulator, "get_job_results")
    await now(jobs[0].result())
    assert len(sent(emulator, "get_job_results")) == 1


@pytest.mark.parametrize("at_once", [1, 3])
async def test_so_many_results_are_read_at_a_time(
    connect: Callable[..., Any], emulator: Emulator, meddling: Meddling, at_once: int
) -> None:
    client = connect(auth=meddling)
    ids = recorded(emulator, 20)
    complete(emulator, ids)
    await now(client.jobs.wait_all(ids, at_once=at_once))
    assert meddling.most_open <= at_once
    assert len(sent(emulator, "get_job_results")) == 20


async def test_a_handle_from_another_process_is_waited_for_with_this_client(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids)
    unpickled = [pickle.loads(pickle.dumps(await now(client.jobs.get(job_id)))) for job_id in ids]
    jobs = await now(client.jobs.wait_all(unpickled))
    assert all(job is given for job, given in zip(jobs, unpickled, strict=True))
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 2


async def test_jobs_that_fail_or_vanish_are_told_apart_and_hold_nobody_up(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    good, failed, cancelled, deleted = ids = recorded(emulator, 4)
    clock.after_sleep = lambda elapsed: happen() if elapsed >= 5 else None
    events = iter(
        [
            lambda: fail(emulator, failed),
            lambda: emulator._do(lambda parts: parts.service.jobs.cancel(parts.service.jobs.get(cancelled))),
            lambda: delete(emulator, deleted),
            *[lambda: None] * 4,
            lambda: complete(emulator, [good]),
        ]
    )

    def happen() -> None:
        next(events, lambda: None)()

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


async def test_a_result_that_cannot_be_read_now_is_read_when_it_is_asked_for(
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


async def test_a_result_that_cannot_be_decoded_is_read_again_when_it_is_asked_for(
    client: Any, emulator: Emulator
) -> None:
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
        emulator, clock, {20.0 * (n + 1): lambda some=one: complete(emulator, [some]) for n, one in enumerate(order)}
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


async def test_a_caller_who_was_busy_past_the_deadline_still_gets_what_has_ended(
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


async def test_who_leaves_early_loses_no_result(client: Any, emulator: Emulator) -> None:
    ids = recorded(emulator, 5, private=True)
    complete(emulator, ids)
    jobs = [await now(client.jobs.get(job_id)) for job_id in ids]
    assert (await first(client.jobs.as_completed(jobs, at_once=3))).id == ids[0]
    await now(client.jobs.wait_all(jobs))
    assert [(await now(job.result()))[0].counts() for job in jobs] == [{"11": 1}] * 5
    assert len(sent(emulator, "get_job_results")) == 5


async def test_the_time_that_the_caller_took_is_not_waited_again(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    complete(emulator, ids[:1])
    stream = client.jobs.as_completed(ids)
    await first(stream)
    clock.sleep(5)
    complete(emulator, ids[1:])
    assert (await first(stream)).id == ids[1]
    assert clock.slept == [5]


# Deadlines


async def test_the_deadline_tells_how_many_are_left(client: Any, emulator: Emulator, clock: Any) -> None:
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


async def test_a_deadline_of_zero_takes_one_look(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 20)
    with pytest.raises(WaitTimeout):
        await now(client.jobs.wait_all(ids, timeout=0))
    assert asked(emulator) == ["list_jobs"]
    assert clock.slept == []


async def test_results_that_the_deadline_leaves_no_time_for_are_left_to_the_handle(
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


# Trouble


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
async def test_trouble_in_the_middle_does_not_end_the_wait(
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


async def test_a_look_that_failed_half_way_is_begun_anew(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    ids = recorded(emulator, 300)
    emulator.faults.add("list_jobs", kind="unavailable", skip=1)
    traffic = Traffic(emulator, clock, {0.1: lambda: complete(emulator, ids[:100])})
    await first(client.jobs.as_completed(ids, results=False))
    assert traffic.per_look() == [2, 3]


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


async def test_an_outage_of_ten_minutes_is_outlived_and_one_without_end_is_not(
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
    outage = {"operation": "list_jobs", "kind": "unavailable", "times": 2}
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
        port = httpx.URL(restartable.base_url).port
        listen = embedded.listen
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


async def test_an_unknown_status_is_waited_through_and_logged_once(
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
    shown = {"status": 200, "body": {"jobs": [], "count": 0}}
    emulator.faults.add("list_jobs", **shown, times=None)
    emulator.faults.add("get_job", kind="null", replace={"status": "Reticulating"}, times=None)
    traffic = Traffic(emulator, clock, {60: lambda: (emulator.faults.clear(), complete(emulator, ids))})
    await now(client.jobs.wait_all(ids))
    assert max(traffic.per_look()) <= 6
    read = Counter(request.path for request in traffic._requests if request.operation == "get_job")
    assert len(read) == 12
    assert max(read.values()) - min(read.values()) <= 1


@pytest.mark.parametrize("ended", [40, 150])
async def test_jobs_that_end_between_two_pages_are_all_accounted_for(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, meddling: Meddling, ended: int
) -> None:
    client = connect(auth=meddling)
    ids = recorded(emulator, 500)
    # The next page begins as many jobs later: what was on it before has moved up.
    meddling.before[meddling.sent + 1] = lambda: complete(emulator, ids[:ended])
    traffic = Traffic(emulator, clock, {9: lambda: complete(emulator, ids[ended:])})
    seen: list[Any] = []
    jobs = await now(client.jobs.wait_all(ids, results=False, on_status=seen.append))
    assert all(job.raw["status"] == "Completed" for job in jobs)
    assert max(traffic.per_look()) <= 6
    assert Counter(map(str, seen)) == {"Queued": 500 - ended, "Completed": 500}


# What is told


async def test_each_new_status_is_told_with_what_is_known_of_the_queue(
    client: Any, emulator: Emulator, clock: Any
) -> None:
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


async def test_one_job_is_told_the_queue_of_its_backend(client: Any, emulator: Emulator, clock: Any) -> None:
    recorded(emulator, 4)
    job = await now(client.jobs.submit("sampler", **STUDY))
    traffic = Traffic(emulator, clock, {5: lambda: complete(emulator, [job.id])})
    seen: list[Any] = []
    await now(job.wait(on_status=seen.append))
    assert [str(update) for update in seen] == ["Queued", "Completed"]
    assert (seen[0].queue_length, seen[0].wait_time.p50, seen[0].position) == (5, 25.0, None)
    assert traffic.by_operation()["list_backends"] == 1


async def test_jobs_given_back_one_by_one_are_told_their_queue_as_well(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    ids = recorded(emulator, 2)
    Traffic(emulator, clock, {5: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    ended = await every(client.jobs.as_completed(ids, on_status=seen.append, results=False))
    assert {job.id for job in ended} == set(ids)
    assert [(str(update), update.queue_length) for update in seen[:2]] == [("Queued", 2)] * 2


async def test_the_running_time_that_the_service_estimates_is_told(client: Any, emulator: Emulator, clock: Any) -> None:
    ids = recorded(emulator, 2)
    queued = [{"id": job_id, "status": "Queued", "estimated_running_time_seconds": 4.5} for job_id in ids]
    script(emulator, {"status": 200, "body": {"jobs": queued}}, operation="list_jobs")
    Traffic(emulator, clock, {0.1: lambda: complete(emulator, ids)})
    seen: list[Any] = []
    await now(client.jobs.wait_all(ids, on_status=seen.append))
    assert [update.estimated_running_time_seconds for update in seen] == [4.5, 4.5, None, None]


async def test_nobody_asks_for_queues_when_nobody_is_told_or_nothing_is_queued(
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


async def test_queues_are_asked_for_once_a_minute_at_most(client: Any, emulator: Emulator, clock: Any) -> None:
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
async def test_queues_that_cannot_be_told_hold_nobody_up(
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


# What is refused


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


async def test_one_job_in_place_of_a_list_is_told(client: Any, emulator: Emulator) -> None:
    job = await now(client.jobs.submit("sampler", **STUDY))
    before = len(emulator.requests)
    with pytest.raises(InvalidInput, match="pass a list of jobs"):
        await now(client.jobs.wait_all(job))
    assert len(emulator.requests) == before


async def test_jobs_of_another_instance_or_face_are_refused(
    blocking: RuntimeClient, awaited: AsyncRuntimeClient, elsewhere: RuntimeClient, emulator: Emulator
) -> None:
    other = elsewhere.jobs.submit("sampler", **STUDY)
    asynchronous = await awaited.jobs.submit("sampler", **STUDY)
    for job, why in ((other, "another instance"), (asynchronous, "neither a Job")):
        with pytest.raises(InvalidInput, match=why):
            blocking.jobs.wait_all([job])
    assert len(emulator.requests) == len([*sent(emulator, "create_job")]) + 2
