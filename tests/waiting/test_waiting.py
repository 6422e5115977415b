from __future__ import annotations

import asyncio
import datetime
import itertools
import logging
import random
import threading
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import (
    ApiError,
    InvalidInput,
    JobCancelled,
    JobError,
    JobFailed,
    JobTimeLimit,
    NotFound,
    PollInterval,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    WaitStopped,
    WaitTimeout,
)
from qiskit_runtime_rest.plans.deadline import GRACE_SECONDS
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, NOT_NATIVE, STUDY, asked, saying, script, sent

pytestmark = pytest.mark.anyio


def moments(emulator: Emulator) -> list[float]:
    """When the job was looked at, on the service's clock."""
    return [datetime.datetime.fromisoformat(request.at).timestamp() for request in sent(emulator, "get_job")]


async def held(client: Any, emulator: Emulator) -> Any:
    """A job that stays queued, nothing of it in the recorded requests."""
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **STUDY))
    emulator.clear_requests()
    return job


@pytest.mark.parametrize(
    ("seconds", "looks", "latest"),
    [(1, 5, 1.25), (10, 18, 12), (100, 30, 120), (1000, 94, 1015)],
)
async def test_a_longer_job_is_checked_less_often_and_its_end_is_seen_in_time(
    client: Any, emulator: Emulator, clock: Any, seconds: float, looks: int, latest: float
) -> None:
    emulator.pace = {"queued": "immediate", "running": f"seconds:{seconds}"}
    job = await now(client.jobs.submit("sampler", **STUDY))
    update = await now(job.wait())
    assert (str(update), update.job_id) == ("Completed", job.id)
    assert update.waited == pytest.approx(clock.elapsed)
    assert seconds <= update.waited <= latest
    assert len(sent(emulator, "get_job")) == looks


async def test_a_job_with_a_new_status_is_checked_often_again(client: Any, emulator: Emulator, clock: Any) -> None:
    emulator.pace = {"queued": "seconds:60", "running": "seconds:1"}
    job = await now(client.jobs.submit("sampler", **STUDY))
    began: list[float] = []
    await now(job.wait(on_status=lambda status: began.append(clock.elapsed)))
    _, running, completed = began
    assert completed - running < 1.3


@pytest.mark.parametrize("chance", [lambda: 0.0, lambda: 0.999999, random.Random(7).random], ids=["low", "high", "any"])
async def test_no_interval_is_below_a_quarter_second_or_above_fifteen(
    connect: Callable[..., Any], emulator: Emulator, chance: Callable[[], float]
) -> None:
    client = connect(poll_interval=PollInterval(random=chance))
    job = await held(client, emulator)
    with pytest.raises(WaitTimeout):
        await now(job.wait(timeout=300))
    intervals = [later - earlier for earlier, later in itertools.pairwise(moments(emulator))][:-1]
    assert min(intervals) >= 0.25 - 1e-5
    assert 12 < max(intervals) <= 15 + 1e-5


async def test_many_waits_do_not_meet_even_at_the_longest_interval() -> None:
    chance = random.Random(7)
    poll_interval = PollInterval(random=chance.random)
    for age in (0.0, 1000.0):
        assert len({poll_interval.interval(age) for _ in range(100)}) == 100


async def test_the_callback_gets_each_new_status_once(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    script(
        emulator,
        saying("Queued"),
        saying("Queued"),
        {"status": 200, "body": {"id": job.id, "status": "Running", "estimated_running_time_seconds": 4}},
        saying("Running"),
        saying("Completed"),
    )
    seen: list[Any] = []
    await now(job.wait(on_status=seen.append))
    assert seen == ["Queued", "Running", "Completed"]
    assert [update.job_id for update in seen] == [job.id] * 3
    assert [update.estimated_running_time_seconds for update in seen] == [None, 4.0, None]
    assert [update.waited for update in seen] == pytest.approx([0, sum(clock.slept[:2]), sum(clock.slept)])


async def test_a_job_known_to_be_over_is_notified_without_a_request(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)
    script(emulator, saying("Completed"))
    found = await now(client.jobs.get(job.id))
    emulator.clear_requests()
    seen: list[str] = []
    assert await now(found.wait(on_status=seen.append)) == "Completed"
    assert seen == ["Completed"]
    assert emulator.requests == []


async def test_an_asynchronous_callback_is_awaited(awaited: Any, emulator: Emulator) -> None:
    job = await held(awaited, emulator)
    script(emulator, saying("Running"), saying("Completed"))
    seen: list[str] = []

    async def note(status: str) -> None:
        await asyncio.sleep(0)
        seen.append(status)

    await job.wait(on_status=note)
    assert seen == ["Running", "Completed"]


async def test_what_a_callback_raises_ends_the_wait(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)

    def refuse(status: str) -> None:
        raise LookupError(status)

    with pytest.raises(LookupError, match="Queued"):
        await now(job.wait(on_status=refuse))
    assert len(sent(emulator, "get_job")) == 1


async def test_a_retry_after_on_a_good_answer_is_honoured(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    script(emulator, {**saying("Running"), "retry_after": 7}, saying("Completed"))
    await now(job.wait())
    assert clock.slept == [7.0]


async def test_a_retry_after_on_a_refusal_is_honoured(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    script(emulator, {"kind": "rate_limited", "retry_after": 7}, saying("Completed"))
    await now(job.wait())
    assert clock.slept == [7.0]


async def test_a_retry_after_is_still_honoured_when_the_retries_are_used_up(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    job = await held(client, emulator)
    script(emulator, {"kind": "rate_limited", "retry_after": 7}, saying("Completed"))
    await now(job.wait())
    assert clock.slept == [7.0]


async def test_the_deadline_ends_the_wait_and_the_job_goes_on(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    with pytest.raises(WaitTimeout) as timeout:
        await now(job.wait(timeout=20))
    assert clock.elapsed == pytest.approx(20)
    assert isinstance(timeout.value, TimeoutError)
    assert (timeout.value.job_id, timeout.value.status) == (job.id, "Queued")
    assert timeout.value.waited == pytest.approx(20)
    assert f"client.jobs.get({job.id!r}).wait()" in str(timeout.value)
    assert f"qrr wait {job.id}" in str(timeout.value)
    assert set(asked(emulator)) == {"get_job"}
    assert await now(job.status()) == "Queued"


async def test_a_deadline_of_zero_takes_one_check(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    with pytest.raises(WaitTimeout):
        await now(job.wait(timeout=0))
    assert len(sent(emulator, "get_job")) == 1
    assert clock.slept == []


@pytest.mark.parametrize("fault", ["unavailable", "rate_limited", "bad_gateway", "edge_error", "reset"])
async def test_the_deadline_holds_and_is_awaited_while_the_service_fails_all_the_time(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, fault: str
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    job = await held(client, emulator)
    emulator.faults.add("get_job", kind=fault, times=None)
    with pytest.raises(WaitTimeout) as timeout:
        await now(job.wait(timeout=60))
    assert clock.elapsed == pytest.approx(60)
    assert timeout.value.__cause__ is not None
    emulator.faults.clear()
    assert await now(job.status()) == "Queued"


async def test_retries_keep_to_the_deadline_of_the_wait(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    emulator.faults.add("get_job", kind="unavailable", retry_after=3, times=None)
    with pytest.raises(WaitTimeout):
        await now(job.wait(timeout=10))
    assert clock.elapsed == pytest.approx(10)
    assert clock.slept == pytest.approx([3, 3, 3, 1])


async def test_a_wait_without_a_deadline_outlives_an_outage_of_ten_minutes(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    job = await held(client, emulator)
    emulator.faults.add("get_job", kind="unavailable", times=None)

    def recover(elapsed: float) -> None:
        if elapsed >= 600:
            emulator.faults.clear()
            script(emulator, saying("Completed"))

    clock.after_sleep = recover
    assert await now(job.wait()) == "Completed"
    assert 600 <= clock.elapsed < 660


async def test_a_wait_without_a_deadline_gives_up_on_a_service_that_stays_away(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    job = await held(client, emulator)
    emulator.faults.add("get_job", kind="unavailable", times=None)
    with pytest.raises(ServerError):
        await now(job.wait())
    assert 900 <= clock.elapsed < 1200


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "rate_limited"},
        {"kind": "unavailable"},
        {"kind": "bad_gateway"},
        {"kind": "edge_error"},
        {"kind": "reset"},
        {"kind": "truncated"},
        {"status": 404, "body": {"errors": [{"code": 1291, "message": "Job not found."}]}},
        {"status": 200, "html": "<html>Please log in</html>"},
        {"status": 200, "body": ["no", "object"]},
    ],
    ids=lambda trouble: str(trouble.get("kind", trouble.get("status"))),
)
async def test_a_transient_failure_does_not_end_the_wait(
    connect: Callable[..., Any], emulator: Emulator, trouble: dict[str, Any]
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    job = await held(client, emulator)
    script(emulator, saying("Queued"), trouble, trouble, trouble, saying("Running"), trouble, saying("Completed"))
    seen: list[str] = []
    await now(job.wait(on_status=seen.append))
    assert seen == ["Queued", "Running", "Completed"]
    assert len(sent(emulator, "get_job")) == 7


async def test_a_job_that_is_not_there_ends_the_wait_soon(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    missing = {"status": 404, "body": {"errors": [{"code": 1291, "message": "Job not found."}]}}
    script(emulator, *[missing] * 9)
    with pytest.raises(NotFound):
        await now(job.wait(timeout=100))
    assert len(sent(emulator, "get_job")) == 2


async def test_a_job_deleted_meanwhile_ends_the_wait(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)
    missing = {"status": 404, "body": {"errors": [{"code": 1291, "message": "Job not found."}]}}
    script(emulator, saying("Queued"), *[missing] * 9)
    with pytest.raises(NotFound):
        await now(job.wait(timeout=100))
    assert len(sent(emulator, "get_job")) == 6


async def test_refused_credentials_end_the_wait(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)
    script(emulator, saying("Queued"), *[{"kind": "expired_token"}] * 3)
    with pytest.raises(ApiError) as refusal:
        await now(job.wait(timeout=100))
    assert refusal.value.status == 401


async def test_an_unknown_status_does_not_end_the_wait_and_is_logged_once(
    client: Any, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    job = await held(client, emulator)
    script(emulator, *[{"kind": "unknown_status"}] * 3, saying("Completed"))
    seen: list[str] = []
    with caplog.at_level(logging.WARNING, logger="qiskit_runtime_rest"):
        await now(job.wait(on_status=seen.append))
    assert seen == ["Reticulating", "Completed"]
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert "Reticulating" in told[0]
    assert job.id in told[0]


@pytest.mark.parametrize("code", [1305, "1305"])
@pytest.mark.parametrize("status", ["Cancelled", "Cancelled - Ran too long"])
async def test_a_job_over_its_time_limit_is_not_a_cancelled_one(
    client: Any, emulator: Emulator, status: str, code: int | str
) -> None:
    job = await held(client, emulator)
    state = {"status": "Cancelled", "reason": "Too long.", "reason_code": code, "reason_solution": "Split it."}
    script(emulator, {"replace": {"status": status, "state": state}})
    with pytest.raises(JobTimeLimit) as limit:
        await now(job.wait())
    assert (limit.value.status, limit.value.code, limit.value.solution) == (status, code, "Split it.")
    assert isinstance(limit.value, JobFailed)


async def test_the_service_ends_a_job_at_its_time_limit(client: Any, emulator: Emulator) -> None:
    emulator.pace = {"queued": "immediate", "running": "seconds:100"}
    job = await now(client.jobs.submit("sampler", max_execution_time=30, **STUDY))
    with pytest.raises(JobTimeLimit, match="1305"):
        await now(job.wait())


async def test_a_time_limit_without_a_code_is_known_by_its_word(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)
    script(emulator, {"replace": {"status": "Cancelled - Ran too long", "state": None}})
    with pytest.raises(JobTimeLimit):
        await now(job.wait())


async def test_a_cancelled_job_is_not_a_failed_one(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)
    await now(job.cancel())
    with pytest.raises(JobCancelled) as cancelled:
        await now(job.wait())
    assert not isinstance(cancelled.value, JobFailed)
    assert isinstance(cancelled.value, JobError)
    assert (cancelled.value.job_id, cancelled.value.status) == (job.id, "Cancelled")


async def test_the_error_of_a_failed_job_has_code_reason_solution_and_the_end_of_its_log(
    client: Any, emulator: Emulator
) -> None:
    job = await now(client.sampler([NOT_NATIVE], backend=BACKEND, shots=1))
    with pytest.raises(JobFailed) as failure:
        await now(job.wait())
    error = failure.value
    assert (error.job_id, error.status, error.code) == (job.id, "Failed", 1517)
    assert error.reason
    assert error.solution
    log = await now(job.logs())
    assert error.log_tail == "\n".join(log.splitlines()[-20:])
    for part in (job.id, "1517", error.solution, error.log_tail):
        assert part in str(error)
    assert not isinstance(error, JobTimeLimit)


async def test_the_error_has_the_last_twenty_lines_of_a_long_log(client: Any, emulator: Emulator) -> None:
    job = await held(client, emulator)
    script(emulator, saying("Failed"))
    log = {"status": 200, "html": "\n".join(map(str, range(100))), "headers": {"Content-Type": "text/plain"}}
    script(emulator, log, operation="get_job_logs")
    with pytest.raises(JobFailed) as failure:
        await now(job.wait())
    assert failure.value.log_tail == "\n".join(map(str, range(80, 100)))


async def test_a_log_that_cannot_be_read_does_not_hide_the_failure(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(client, emulator)
    script(emulator, saying("Failed", reason="Why not."))
    emulator.faults.add("get_job_logs", kind="unavailable", retry_after=4, times=None)
    with pytest.raises(JobFailed, match="Why not") as failure:
        await now(job.wait())
    assert failure.value.log_tail is None
    assert clock.elapsed <= 10


async def test_a_set_stop_event_ends_the_wait_of_a_thread(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    job = await held(blocking, emulator)
    stop = threading.Event()
    clock.after_sleep = lambda elapsed: stop.set() if elapsed >= 5 else None
    with pytest.raises(WaitStopped, match="continues") as stopped:
        job.wait(stop=stop)
    assert 5 <= clock.elapsed < 7
    assert (stopped.value.job_id, stopped.value.status) == (job.id, "Queued")
    assert job.status() == "Queued"


def set_in_sleep(clock: Any, stop: threading.Event) -> None:
    """Set `stop` in the first sleep, which shall end for that."""
    sleep = clock.sleep

    def stopped_meanwhile(seconds: float, ends: threading.Event | None = None) -> None:
        sleep(seconds)
        stop.set()
        assert ends is not None
        assert ends.is_set()

    clock.sleep = stopped_meanwhile


async def test_a_set_stop_event_ends_the_retries_of_a_wait(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    job = await held(blocking, emulator)
    emulator.faults.add("get_job", kind="unavailable", retry_after=8, times=None)
    stop = threading.Event()
    set_in_sleep(clock, stop)
    with pytest.raises(WaitStopped, match=job.id):
        job.wait(stop=stop)
    assert len(sent(emulator, "get_job")) == 1


async def test_a_set_stop_event_ends_the_retries_for_a_log(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    job = await held(blocking, emulator)
    script(emulator, saying("Failed", reason="Why not."))
    emulator.faults.add("get_job_logs", kind="unavailable", retry_after=4, times=None)
    stop = threading.Event()
    set_in_sleep(clock, stop)
    with pytest.raises(JobFailed, match="Why not"):
        job.wait(stop=stop)
    assert len(sent(emulator, "get_job_logs")) == 1


async def test_a_cancelled_task_leaves_the_job_alone(awaited: Any, emulator: Emulator, clock: Any) -> None:
    job = await held(awaited, emulator)
    task = asyncio.ensure_future(job.wait())
    clock.after_sleep = lambda elapsed: task.cancel() if elapsed >= 5 else None
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 5 <= clock.elapsed < 7
    assert set(asked(emulator)) == {"get_job"}
    assert await job.status() == "Queued"


async def test_many_tasks_wait_at_the_same_time(awaited: Any, emulator: Emulator) -> None:
    emulator.pace = "reads:2"
    jobs = [await awaited.jobs.submit("sampler", **STUDY) for _ in range(4)]
    assert await asyncio.gather(*(job.wait() for job in jobs)) == ["Completed"] * 4


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5"])
async def test_an_invalid_timeout_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, seconds: Any
) -> None:
    job = await held(client, emulator)
    for wait in (job.wait, job.result):
        with pytest.raises(InvalidInput, match="timeout"):
            await now(wait(timeout=seconds))
    assert emulator.requests == []


class Watching(httpx.Auth):
    """A bearer token, and the time-outs of the requests it was put on."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.timeouts: list[dict[str, float]] = []

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.timeouts.append(request.extensions["timeout"])
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


async def test_a_silent_service_is_not_listened_to_for_longer_than_the_deadline(
    connect: Callable[..., Any], emulator: Emulator
) -> None:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
    answer = await asyncio.to_thread(httpx.post, f"{emulator.iam_url}/identity/token", data=form)
    auth = Watching(answer.json()["access_token"])
    client = connect(auth=auth)
    job = await held(client, emulator)
    auth.timeouts.clear()
    with pytest.raises(WaitTimeout):
        await now(job.wait(timeout=20))
    reads = [timeout["read"] for timeout in auth.timeouts]
    assert reads[0] == 20
    assert all(later <= earlier for earlier, later in itertools.pairwise(reads))
    assert reads[-1] == pytest.approx(GRACE_SECONDS)
    assert all(timeout["connect"] <= 10 for timeout in auth.timeouts)
    await now(job.status())
    assert auth.timeouts[-1]["read"] == 60
