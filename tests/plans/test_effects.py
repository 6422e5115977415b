"""Logic written once: plans, and the two ways of running them."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import anyio
import anyio.to_thread
import attrs
import pytest

from qiskit_runtime_rest import AsyncJob, AsyncRuntimeClient, Job, RuntimeClient
from qiskit_runtime_rest.plans import plan as plan_module
from qiskit_runtime_rest.plans.clock import SystemClock
from qiskit_runtime_rest.plans.effects import InThread, OnExecutor, Sleep, Together
from qiskit_runtime_rest.plans.plan import Item, Plan, StreamPlan, iterate, iterate_async, run, run_async


@attrs.frozen
class Do:
    """An effect with a known outcome, noted in what the plan is run with."""

    outcome: Any

    def perform(self, io: list[Any]) -> Any:
        io.append(self.outcome)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    async def perform_async(self, io: list[Any]) -> Any:
        await anyio.lowlevel.checkpoint()
        return self.perform(io)


def drive(plan: Plan[Any], io: Any, way: str) -> Any:
    return run(plan, io) if way == "sync" else asyncio.run(run_async(plan, io))


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_plan_is_sent_what_came_of_its_effects(way: str) -> None:
    def plan() -> Plan[list[Any]]:
        first = yield Do(1)
        second = yield Do(first + 1)
        return [first, second]

    done: list[Any] = []
    assert drive(plan(), done, way) == [1, 2]
    assert done == [1, 2]


def test_a_plan_without_effects_has_an_outcome(way: str) -> None:
    def plan() -> Plan[str]:
        return "at once"
        yield

    assert drive(plan(), [], way) == "at once"


@pytest.mark.parametrize("error", [ValueError("x"), GeneratorExit(), asyncio.CancelledError()])
def test_what_an_effect_raises_is_raised_inside_the_plan(way: str, error: BaseException) -> None:
    seen: list[BaseException] = []

    def plan() -> Plan[str]:
        try:
            yield Do(error)
        except BaseException as raised:
            seen.append(raised)
        return "went on"

    assert drive(plan(), [], way) == "went on"
    assert seen == [error]


def test_what_a_plan_does_not_catch_reaches_the_caller(way: str) -> None:
    cleaned: list[str] = []

    def plan() -> Plan[None]:
        try:
            yield Do(ValueError("x"))
        finally:
            cleaned.append("up")

    with pytest.raises(ValueError, match="x"):
        drive(plan(), [], way)
    assert cleaned == ["up"]


def test_an_effect_may_follow_in_an_except_or_finally_block(way: str) -> None:
    def plan() -> Plan[str]:
        try:
            yield Do(ValueError("x"))
        except ValueError:
            yield Do("repair")
        finally:
            yield Do("clean")
        return "done"

    done: list[Any] = []
    assert drive(plan(), done, way) == "done"
    assert done[1:] == ["repair", "clean"]


def count(io: list[Any], end: int, *, fail_at: int | None = None) -> StreamPlan[int]:
    """Up to the end."""
    try:
        for number in range(end):
            if number == fail_at:
                yield Do(ValueError("failed"))
            yield Do(f"effect {number}")
            yield Item(number)
    finally:
        io.append("closed")


@pytest.mark.parametrize("client", [RuntimeClient, AsyncRuntimeClient, Job, AsyncJob])
def test_public_methods_are_methods_with_a_documentation(client: type[Any]) -> None:
    methods = [name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")]
    assert methods
    assert all(getattr(client, name).__doc__ for name in methods)


def items(face: str, io: list[Any], **options: Any) -> list[int]:
    if face == "sync":
        return list(iterate(count(io, 3, **options), io))

    async def collect() -> list[int]:
        return [item async for item in iterate_async(count(io, 3, **options), io)]

    return asyncio.run(collect())


def test_a_stream_hands_out_its_items_and_performs_its_effects(way: str) -> None:
    io: list[Any] = []
    assert items(way, io) == [0, 1, 2]
    assert io == ["effect 0", "effect 1", "effect 2", "closed"]


def test_a_stream_is_an_iterator() -> None:
    assert isinstance(iterate(count([], 1), []), Iterator)
    assert isinstance(iterate_async(count([], 1), []), AsyncIterator)


def test_a_stream_works_only_as_far_as_it_is_read() -> None:
    io: list[Any] = []
    counting = iterate(count(io, 1000), io)
    assert io == []
    assert [next(counting), next(counting)] == [0, 1]
    assert io == ["effect 0", "effect 1"]


def test_a_stream_that_is_left_early_is_cleaned_up() -> None:
    io: list[Any] = []
    counting = iterate(count(io, 1000), io)
    next(counting)
    counting.close()  # type: ignore[attr-defined]  # typed as an iterator, made of a generator
    assert io == ["effect 0", "closed"]


@pytest.mark.anyio
async def test_an_asynchronous_stream_that_is_left_early_is_cleaned_up() -> None:
    io: list[Any] = []
    counting = iterate_async(count(io, 1000), io)
    async for _ in counting:
        break
    await counting.aclose()  # type: ignore[attr-defined]  # as above
    assert io == ["effect 0", "closed"]


def test_a_stream_raises_what_its_effects_raise_where_it_is_read(way: str) -> None:
    io: list[Any] = []
    with pytest.raises(ValueError, match="failed"):
        items(way, io, fail_at=1)
    assert io[0] == "effect 0"
    assert io[-1] == "closed"


@pytest.mark.anyio
async def test_cancelling_a_task_is_felt_inside_the_plan() -> None:
    felt: list[str] = []
    started = anyio.Event()

    class Forever:
        async def perform_async(self, io: Any) -> None:
            started.set()
            await anyio.sleep_forever()

    def plan() -> Plan[None]:
        try:
            yield Forever()  # type: ignore[misc]  # for tasks only
        except asyncio.CancelledError:
            felt.append("cancelled")
            raise

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_async, plan(), None)
        await started.wait()
        tasks.cancel_scope.cancel()
    assert felt == ["cancelled"]


@attrs.frozen
class Timed:
    clock: Any


def test_a_sleep_takes_the_clocks_time(way: str, clock: Any) -> None:
    def plan() -> Plan[None]:
        yield Sleep(90.0)
        yield Sleep(0.5)

    drive(plan(), Timed(clock), way)
    assert clock.slept == [90.0, 0.5]


def test_the_systems_clock_sleeps_only_until_it_is_stopped() -> None:
    clock, stop = SystemClock(), threading.Event()
    stop.set()
    began = time.monotonic()
    clock.sleep(60.0, stop)
    clock.sleep(0.001)
    asyncio.run(clock.sleep_async(0.001))
    assert clock.monotonic() - began < 30


@pytest.mark.parametrize("effect", ["in a thread", "on an executor"])
def test_a_task_waits_for_no_thread_that_others_hold(effect: str) -> None:
    """anyio's forty threads are for all libraries of the process."""

    def plan(executor: ThreadPoolExecutor) -> Plan[str]:
        outcome: str = yield (
            InThread(lambda: "done") if effect == "in a thread" else OnExecutor(executor, str, ("done",))
        )
        return outcome

    async def starved() -> str:
        limiter = anyio.to_thread.current_default_thread_limiter()
        for number in range(int(limiter.total_tokens)):
            limiter.acquire_on_behalf_of_nowait(number)
        with anyio.fail_after(10), ThreadPoolExecutor(1) as executor:
            return await run_async(plan(executor), None)

    assert asyncio.run(starved()) == "done"


def test_a_plan_learns_of_ctrl_c_between_its_steps() -> None:
    """At each line of what runs it, while the error is kept, as notebooks keep it."""
    ended: list[bool] = []
    kept: list[BaseException] = []

    def plan() -> Plan[None]:
        ended.append(False)
        try:
            for number in range(3):
                yield Do(number)
        except KeyboardInterrupt:
            yield Do("the end")
            ended[-1] = True
            raise
        ended[-1] = True

    def interrupted_at(line: int) -> bool:
        lines = itertools.count(1)

        def local(_frame: FrameType, event: str, _argument: Any) -> Any:
            if event == "line" and next(lines) == line:
                raise KeyboardInterrupt
            return local

        sys.settrace(lambda frame, *_: local if frame.f_code is plan_module._run.__code__ else None)
        try:
            run(plan(), [])
        except KeyboardInterrupt as error:
            kept.append(error)
            return True
        finally:
            sys.settrace(None)
        return False

    before = sys.gettrace()
    try:
        assert next(line for line in itertools.count(1) if not interrupted_at(line)) > 15
    finally:
        sys.settrace(before)
    assert set(ended) == {True}


def test_no_more_tasks_are_started_than_there_are_plans() -> None:
    at_work: list[int] = []

    def each(number: int) -> Plan[int]:
        at_work.append(len(asyncio.all_tasks()))
        yield Do(number)
        return number

    def plan() -> Plan[list[int]]:
        outcomes: list[int] = yield Together(map(each, range(3)), 200)
        return outcomes

    assert drive(plan(), [], "async") == [0, 1, 2]
    assert max(at_work) <= 5
