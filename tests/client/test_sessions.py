from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest

from qiskit_runtime_rest import (
    AsyncRuntimeClient,
    Conflict,
    InvalidInput,
    JobCancelled,
    JobFailed,
    NotFound,
    PermissionDenied,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    SessionClosed,
    UnexpectedAnswer,
    WaitStopped,
    WaitTimeout,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import inside, now
from ..fixtures.service import BACKEND, ONES, STUDY, asked, script, sent

pytestmark = pytest.mark.anyio

ENDS = ("update_session", "close_session")


def ended(emulator: Emulator) -> list[str | None]:
    """How sessions were ended."""
    return [operation for operation in asked(emulator) if operation in ENDS]


def end(emulator: Emulator, job: Any) -> None:
    """Cancel a job, unless it is over, without a request."""

    def cancel(parts: Any) -> None:
        if not parts.service.jobs.get(job.id).ended:
            parts.service.execution.cancel(parts.service.jobs.get(job.id))

    emulator._do(cancel)


@pytest.mark.parametrize("mode", ["batch", "dedicated"])
async def test_a_session_is_opened_used_and_closed_gently(client: Any, emulator: Emulator, mode: str) -> None:
    async with inside(client.sessions.create(backend=BACKEND, mode=mode, max_time=900)) as session:
        job = await now(session.sampler([ONES], shots=10))
        assert (job.session_id, job.backend) == (session.id, BACKEND)
        assert await now(session.status()) == "active"
    assert ended(emulator) == ["update_session"]
    assert json.loads(sent(emulator, "create_session")[0].body) == {"mode": mode, "backend": BACKEND, "max_ttl": 900}
    assert sum((await now(job.result()))[0].counts().values()) == 10
    assert await now(session.status()) == "closed"
    assert (session.raw["mode"], session.backend) == (mode, BACKEND)
    assert session.id in repr(session)
    assert mode in repr(session)
    assert session.details.id == session.id


async def test_a_session_is_dedicated_unless_told_otherwise(client: Any, emulator: Emulator) -> None:
    await now(client.sessions.create(backend=BACKEND))
    assert json.loads(sent(emulator, "create_session")[0].body) == {"mode": "dedicated", "backend": BACKEND}


async def test_all_ways_to_submit_run_in_the_session(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    session = await now(client.sessions.create(backend=BACKEND))
    await now(session.sampler([ONES]))
    await now(session.estimator([(ONES, "ZZ")]))
    await now(session.submit("sampler", params=STUDY["params"]))
    bodies = [json.loads(request.body) for request in sent(emulator, "create_job")]
    assert [(body["session_id"], body["backend"]) for body in bodies] == [(session.id, BACKEND)] * 3


async def test_closing_lets_queued_jobs_run_and_cancelling_does_not(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    closed = await now(client.sessions.create(backend=BACKEND))
    cancelled = await now(client.sessions.create(backend=BACKEND))
    kept, dropped = [await now(session.sampler([ONES])) for session in (closed, cancelled)]
    await now(closed.close())
    await now(cancelled.cancel())
    assert await now(kept.status()) == "Queued"
    assert await now(dropped.status()) == "Failed"
    assert await now(cancelled.status()) == "closed"


async def test_a_closed_session_takes_no_jobs(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    await now(session.close())
    with pytest.raises(SessionClosed) as refusal:
        await now(session.sampler([ONES]))
    assert isinstance(refusal.value, Conflict)
    assert refusal.value.code == 4001
    assert len(sent(emulator, "create_job")) == 1


@pytest.mark.parametrize(("cancel_on_error", "end"), [(False, "update_session"), (True, "close_session")])
async def test_an_exception_in_the_block_ends_the_session_as_asked(
    client: Any, emulator: Emulator, cancel_on_error: bool, end: str
) -> None:
    emulator.pace = "hold"
    jobs = []

    async def fail() -> None:
        async with inside(client.sessions.create(backend=BACKEND, cancel_on_error=cancel_on_error)) as session:
            jobs.append(await now(session.sampler([ONES])))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert ended(emulator) == [end]
    assert await now(jobs[0].status()) == ("Failed" if cancel_on_error else "Queued")


async def test_without_an_exception_nothing_is_cancelled(client: Any, emulator: Emulator) -> None:
    async with inside(client.sessions.create(backend=BACKEND, cancel_on_error=True)):
        pass
    assert ended(emulator) == ["update_session"]


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_a_session_ended_inside_its_block_is_not_ended_again(client: Any, emulator: Emulator, how: str) -> None:
    async with inside(client.sessions.create(backend=BACKEND)) as session:
        await now(getattr(session, how)())
    assert len(ended(emulator)) == 1


async def test_a_session_closed_then_failed_in_its_block_is_still_cancelled(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    jobs = []

    async def fail() -> None:
        async with inside(client.sessions.create(backend=BACKEND, cancel_on_error=True)) as session:
            jobs.append(await now(session.sampler([ONES])))
            await now(session.close())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert ended(emulator) == ["update_session", "close_session"]
    assert await now(jobs[0].status()) == "Failed"


async def test_a_session_that_ended_by_itself_leaves_its_block_quietly(client: Any, emulator: Emulator) -> None:
    async with inside(client.sessions.create(backend=BACKEND, max_time=60)):
        emulator.clock.advance(61)
    assert ended(emulator) == ["update_session"]


async def test_a_session_that_cannot_be_closed_says_so(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("update_session", kind="server_error", times=None)
    with pytest.raises(ServerError):
        async with inside(client.sessions.create(backend=BACKEND)):
            pass


async def test_a_session_that_cannot_be_closed_does_not_cover_up_what_went_wrong_inside(
    client: Any, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.add("update_session", kind="server_error", times=None)
    with caplog.at_level(logging.WARNING, logger="qiskit_runtime_rest"), pytest.raises(ZeroDivisionError):
        async with inside(client.sessions.create(backend=BACKEND)) as session:
            raise ZeroDivisionError
    assert session.id in caplog.text


async def test_a_session_is_taken_up_by_its_id(client: Any, emulator: Emulator) -> None:
    opened = await now(client.sessions.create(backend=BACKEND))
    found = await now(client.sessions.get(opened.id))
    assert (found.id, found.backend, found.raw["state"]) == (opened.id, BACKEND, "open")
    emulator.pace = "hold"
    assert (await now(found.sampler([ONES]))).session_id == opened.id
    with pytest.raises(NotFound):
        await now(client.sessions.get("no-such-session"))


async def test_a_plan_without_dedicated_sessions_has_batches(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(instance=emulator.instances["emulator-open"])
    with pytest.raises(PermissionDenied, match="different execution mode"):
        await now(client.sessions.create(backend=BACKEND))
    assert await now((await now(client.sessions.create(backend=BACKEND, mode="batch"))).status()) == "open"


@pytest.mark.parametrize(
    "arguments",
    [
        {"backend": BACKEND, "mode": "serial"},
        {"backend": BACKEND, "mode": None},
        {"backend": ""},
        {"backend": None},
        {"backend": [BACKEND]},
        *({"backend": BACKEND, "max_time": time} for time in (0, -1, 0.5, float("nan"), float("inf"), 2**31)),
        *({"backend": BACKEND, "max_time": time} for time in ("60", True, [60])),
    ],
    ids=str,
)
async def test_bad_arguments_are_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        await now(client.sessions.create(**arguments))
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ({"backend": 5}, r"backend: expected a name.*, got int"),
        ({"max_time": "1h"}, "max_time='1h': expected a number of seconds"),
        ({"max_time": timedelta(hours=1)}, r"got timedelta: pass its total_seconds\(\)"),
    ],
    ids=str,
)
async def test_what_to_pass_instead_of_a_bad_argument_is_told(
    client: Any, emulator: Emulator, arguments: dict[str, Any], advice: str
) -> None:
    with pytest.raises(InvalidInput, match=advice):
        await now(client.sessions.create(**{"backend": BACKEND, **arguments}))
    assert emulator.requests == []


async def test_a_maximum_time_is_sent_in_whole_seconds(client: Any, emulator: Emulator) -> None:
    await now(client.sessions.create(backend=BACKEND, max_time=60.5))
    assert json.loads(sent(emulator, "create_session")[0].body)["max_ttl"] == 61


@pytest.mark.parametrize("session_id", ["", None, 5])
async def test_what_is_no_session_id_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, session_id: Any
) -> None:
    with pytest.raises(InvalidInput, match="session_id"):
        await now(client.sessions.get(session_id))
    assert emulator.requests == []


@pytest.mark.parametrize("trouble", [{"kind": "reset_after"}, {"kind": "bad_gateway", "when": "after"}], ids=str)
async def test_a_session_is_asked_for_once_when_the_answer_is_lost(
    client: Any, emulator: Emulator, trouble: dict[str, Any]
) -> None:
    script(emulator, *[trouble] * 3, operation="create_session")
    with pytest.raises(Exception, match="sessions"):
        await now(client.sessions.create(backend=BACKEND))
    assert len(sent(emulator, "create_session")) == 1


@pytest.mark.parametrize("named", [None, "", 5])
async def test_an_answer_that_names_no_session_is_a_typed_error(client: Any, emulator: Emulator, named: Any) -> None:
    script(emulator, {"replace": {"id": named}}, operation="create_session")
    with pytest.raises(UnexpectedAnswer, match="session"):
        await now(client.sessions.create(backend=BACKEND))


async def test_nulls_where_the_contract_has_none_do_not_break_a_session(client: Any, emulator: Emulator) -> None:
    strange = ("backend_name", "mode", "state", "accepting_jobs", "started_at", "max_ttl", "timestamps", "elapsed_time")
    for operation in ("create_session", "get_session"):
        emulator.faults.add(operation, kind="null", replace=dict.fromkeys(strange), times=None)
    session = await now(client.sessions.create(backend=BACKEND, mode="batch"))
    assert (session.backend, session.raw["mode"]) == (BACKEND, "batch")
    assert await now(session.status()) == "unknown"
    assert session.id in repr(session)
    assert (await now(client.sessions.get(session.id))).backend is None


async def test_a_state_that_the_contract_does_not_list_is_told_as_it_is(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    script(emulator, {"replace": {"state": "pending_closed"}}, operation="get_session")
    assert await now(session.status()) == "pending_closed"


async def test_nothing_is_sent_before_an_asynchronous_session_is_awaited(
    awaited: AsyncRuntimeClient, emulator: Emulator
) -> None:
    opening = awaited.sessions.create(backend=BACKEND)
    assert emulator.requests == []
    session = await opening
    async with session as entered:
        assert entered is session
    assert ended(emulator) == ["update_session"]


async def test_a_cancelled_task_closes_its_session(awaited: AsyncRuntimeClient, emulator: Emulator) -> None:
    opened = asyncio.Event()

    async def work() -> None:
        async with awaited.sessions.create(backend=BACKEND, cancel_on_error=True):
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(work())
    await opened.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended(emulator) == ["close_session"]


@pytest.mark.parametrize("cancels", [True, False])
async def test_a_cancelled_scope_closes_its_session(
    awaited: AsyncRuntimeClient, emulator: Emulator, cancels: bool
) -> None:
    with anyio.CancelScope() as scope:
        async with awaited.sessions.create(backend=BACKEND, cancel_on_error=cancels):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert ended(emulator) == ["close_session" if cancels else "update_session"]


async def test_a_failed_task_group_closes_the_sessions_of_its_tasks(
    awaited: AsyncRuntimeClient, emulator: Emulator
) -> None:
    async def work(opened: Any) -> None:
        async with awaited.sessions.create(backend=BACKEND):
            opened.started()
            await anyio.sleep_forever()

    async def fail_beside_two() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(2):
                await group.start(lambda *, task_status: work(task_status))
            raise OSError("elsewhere")

    with pytest.raises(ExceptionGroup, match="in a TaskGroup"):
        await fail_beside_two()
    assert ended(emulator) == ["update_session"] * 2


async def test_a_session_that_is_awaited_twice_is_opened_once(awaited: AsyncRuntimeClient, emulator: Emulator) -> None:
    opening = awaited.sessions.create(backend=BACKEND)
    session = await opening
    assert await opening is session
    async with opening as entered:
        assert entered is session
    assert asked(emulator) == ["create_session", "update_session"]


async def test_a_session_that_could_not_be_opened_can_be_awaited_again(
    awaited: AsyncRuntimeClient, emulator: Emulator
) -> None:
    opening = awaited.sessions.create(backend=BACKEND)
    script(emulator, {"status": 403, "body": {}}, operation="create_session")
    with pytest.raises(PermissionDenied):
        await opening
    assert (await opening).backend == BACKEND


async def test_a_session_is_waited_for_until_it_is_closed_and_its_jobs_are_over(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    emulator.pace = "hold"
    await now(client.jobs.submit("sampler", **STUDY))
    session = await now(client.sessions.create(backend=BACKEND, mode="batch"))
    jobs = [await now(session.submit("sampler", params=STUDY["params"])) for _ in range(3)]
    await now(session.close())
    emulator.clear_requests()
    ends = [(10, jobs[2]), (20, jobs[0]), (30, jobs[1])]

    def cancel(elapsed: float) -> None:
        while ends and elapsed >= ends[0][0]:
            end(emulator, ends.pop(0)[1])

    clock.after_sleep = cancel
    over = await now(session.wait())
    assert [job.id for job in over] == [job.id for job in jobs]
    assert {type(job) for job in over} == {type(jobs[0])}
    assert [type(job.failure) for job in over] == [JobCancelled] * 3
    assert session.raw["state"] == "closed"
    assert 30 <= clock.elapsed <= 36
    counts = Counter(asked(emulator))
    assert counts == {"get_session": len(clock.slept) + 1, "list_jobs": 1}
    assert f"session_id={session.id}" in sent(emulator, "list_jobs")[0].query


async def test_jobs_that_go_on_in_a_closed_session_are_waited_for(client: Any, emulator: Emulator, clock: Any) -> None:
    emulator.pace = {"queued": "immediate", "running": "hold"}
    session = await now(client.sessions.create(backend=BACKEND))
    running = await now(session.submit("sampler", params=STUDY["params"]))
    emulator.pace = "hold"
    queued = await now(session.submit("sampler", params=STUDY["params"]))
    await now(session.cancel())
    emulator.clear_requests()
    clock.after_sleep = lambda elapsed: end(emulator, running) if elapsed >= 20 else None
    over = await now(session.wait(timeout=100))
    assert [job.id for job in over] == [running.id, queued.id]
    assert [type(job.failure) for job in over] == [JobCancelled, JobFailed]
    assert 20 <= clock.elapsed <= 25
    counts = Counter(asked(emulator))
    assert counts == {"get_session": 1, "list_jobs": 1, "get_job": len(clock.slept)}


async def test_a_session_that_stays_open_ends_the_wait_at_its_deadline(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    with pytest.raises(WaitTimeout) as timeout:
        await now(session.wait(timeout=40))
    assert clock.elapsed == pytest.approx(40)
    assert (timeout.value.session_id, timeout.value.status, timeout.value.job_ids) == (session.id, "open", ())
    assert f"client.sessions.get({session.id!r}).wait()" in str(timeout.value)


async def test_one_deadline_holds_for_a_session_and_its_jobs(client: Any, emulator: Emulator, clock: Any) -> None:
    emulator.pace = {"queued": "immediate", "running": "hold"}
    session = await now(client.sessions.create(backend=BACKEND))
    job = await now(session.submit("sampler", params=STUDY["params"]))
    clock.after_sleep = lambda elapsed: close() if elapsed >= 30 else None

    def close() -> None:
        def act(parts: Any) -> None:
            parts.service.sessions.close(parts.service.sessions.get(session.id))

        emulator._do(act)

    with pytest.raises(WaitTimeout) as timeout:
        await now(session.wait(timeout=60))
    assert clock.elapsed == pytest.approx(60)
    assert (timeout.value.job_ids, timeout.value.session_id) == ((job.id,), None)
    assert timeout.value.waited == pytest.approx(60)


async def test_a_closed_session_with_jobs_that_are_over_is_not_waited_for(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    await now(session.close())
    assert await now(session.wait(timeout=0)) == []
    emulator.pace = "hold"
    session = await now(client.sessions.create(backend=BACKEND))
    for _ in range(2):
        await now(session.submit("sampler", params=STUDY["params"]))
    await now(session.cancel())
    assert len(await now(session.wait(timeout=0))) == 2
    assert clock.slept == []


@pytest.mark.parametrize("operation", ["get_session", "list_jobs"])
@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "unavailable"},
        {"kind": "rate_limited"},
        {"kind": "reset"},
        {"kind": "truncated"},
        {"status": 404, "body": {"errors": [{"code": 1291, "message": "Not found."}]}},
    ],
    ids=lambda trouble: str(trouble.get("kind", trouble.get("status"))),
)
async def test_trouble_does_not_end_the_wait_for_a_session(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, operation: str, trouble: dict[str, Any]
) -> None:
    client = connect(retries=RetryPolicy(attempts=1))
    session = await now(client.sessions.create(backend=BACKEND))
    await now(session.close())
    script(emulator, *[trouble] * 3, operation=operation)
    assert await now(session.wait()) == []
    assert len(sent(emulator, operation)) == 4


async def test_a_session_that_is_not_there_ends_the_wait_for_it(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    missing = {"status": 404, "body": {"errors": [{"code": 1291, "message": "Not found."}]}}
    script(emulator, {}, *[missing] * 9, operation="get_session")
    with pytest.raises(NotFound):
        await now(session.wait())
    assert len(sent(emulator, "get_session")) == 6


async def test_a_session_that_is_missing_now_and_then_is_waited_for(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    missing = {"status": 404, "body": {"errors": [{"code": 1291, "message": "Not found."}]}}
    script(emulator, *[missing] * 4, {}, *[missing] * 4, {"replace": {"state": "closed"}}, operation="get_session")
    assert await now(session.wait()) == []


async def test_a_session_that_has_moved_on_is_looked_at_often_again(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    session = await now(client.sessions.create(backend=BACKEND))

    def move_on(elapsed: float) -> None:
        if elapsed >= 300:
            emulator.faults.add("get_session", kind="null", replace={"state": "active"}, times=None)

    clock.after_sleep = move_on
    with pytest.raises(WaitTimeout):
        await now(session.wait(timeout=330))
    assert max(clock.slept) > 12
    assert max(clock.slept[-6:-1]) < 5


async def test_a_set_stop_event_ends_the_wait_for_a_session(
    blocking: RuntimeClient, emulator: Emulator, clock: Any
) -> None:
    session = blocking.sessions.create(backend=BACKEND)
    stop = threading.Event()
    clock.after_sleep = lambda elapsed: stop.set() if elapsed >= 5 else None
    with pytest.raises(WaitStopped, match=session.id):
        session.wait(stop=stop)
    assert 5 <= clock.elapsed < 7


async def test_an_unknown_state_of_a_session_is_waited_through(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    await now(session.close())
    strange = {"replace": {"state": "pending_closed"}}
    script(emulator, strange, strange, {"replace": {"state": None}}, operation="get_session")
    assert await now(session.wait()) == []
    assert len(sent(emulator, "get_session")) == 4


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5"])
async def test_what_is_no_timeout_of_a_session_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, seconds: Any
) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    emulator.clear_requests()
    with pytest.raises(InvalidInput, match="timeout"):
        await now(session.wait(timeout=seconds))
    assert emulator.requests == []
