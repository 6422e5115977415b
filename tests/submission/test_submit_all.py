"""Many submissions with one call."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio.lowlevel
import anyio.to_thread
import pytest

from qiskit_runtime_rest import (
    ConfigurationError,
    InvalidInput,
    JobRequest,
    RuntimeClient,
)
from qiskit_runtime_rest.base.processes import Process
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.clocks import FakeClock
from ..fixtures.faces import now
from ..fixtures.service import BACKEND, ONES, sent
from .submissions import recorded, request

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("idle")]


async def test_many_are_submitted_in_order_with_an_error_for_each_that_fails(client: Any, emulator: Emulator) -> None:
    seen: list[int] = []
    requests = [request(1), no_request, lambda: request(3)]
    outcomes = await now(client.jobs.submit_all(requests, on_progress=lambda one: seen.append(one.index)))
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]
    assert isinstance(outcomes[1].error, InvalidInput)
    assert outcomes[1].job is None
    assert sorted(seen) == [0, 1, 2]
    assert sorted(await recorded(client)) == sorted([outcomes[0].job.id, outcomes[2].job.id])
    for wrong in (0, "8", 1.5, None):
        with pytest.raises(InvalidInput, match="max_in_flight"):
            await now(client.jobs.submit_all([], max_in_flight=wrong))
    with pytest.raises(InvalidInput, match=r"requests=JobRequest\(.*: expected a list of requests"):
        await now(client.jobs.submit_all(JobRequest.sampler([ONES], backend=BACKEND)))


def no_request() -> JobRequest:
    return request(0)


def broken() -> JobRequest:
    raise ZeroDivisionError


async def test_a_failure_to_build_one_request_does_not_affect_the_others(client: Any) -> None:
    outcomes = await now(client.jobs.submit_all([request(1), broken, {"program_id": "sampler"}, request(2)]))
    assert [type(one.error) for one in outcomes] == [type(None), ZeroDivisionError, InvalidInput, type(None)]
    assert len(await recorded(client)) == 2


async def test_an_exception_of_the_callback_ends_the_submission_and_loses_no_job(
    client: Any, emulator: Emulator
) -> None:
    def fail(one: Any) -> None:
        if one.index == 1:
            raise LookupError(one.index)

    outcomes = await now(client.jobs.submit_all((request(n) for n in range(1, 9)), max_in_flight=1, on_progress=fail))
    assert sorted(one.job.id for one in outcomes if one.job) == sorted(await recorded(client))
    assert len(sent(emulator, "create_job")) == 2
    assert [type(one.error) for one in outcomes] == [type(None), *[LookupError] * 7]


async def test_an_asynchronous_callback_is_awaited(awaited: Any) -> None:
    seen = []

    async def see(one: Any) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(one.index)

    await awaited.jobs.submit_all([request(1), request(2)], on_progress=see)
    assert sorted(seen) == [0, 1]


def test_an_interrupt_ends_submissions_that_wait_for_the_rate_limit(
    options: dict[str, Any], emulator: Emulator, tmp_path: Path
) -> None:
    waits = threading.Semaphore(0)

    class Standing(type(options["clock"])):  # type: ignore[misc]
        def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
            waits.release()
            assert stop is not None
            assert stop.wait(60)

    def interrupted() -> Iterator[JobRequest]:
        yield from map(request, (1, 2, 3))
        # The first has been sent, and the others wait for the next minutes.
        assert waits.acquire(timeout=60)
        assert waits.acquire(timeout=60)
        raise KeyboardInterrupt

    paced = {"submissions_per_minute": 1, "state_path": tmp_path / "state.sqlite", "journal": True}
    with RuntimeClient(**{**options, **paced, "clock": Standing(emulator)}) as client:
        with pytest.raises(KeyboardInterrupt):
            client.jobs.submit_all(interrupted(), max_in_flight=3)
        assert client.jobs.recover() == []
    assert len(sent(emulator, "create_job")) == 1


async def test_a_resumed_sweep_is_not_submitted_again(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="journal"):
        await now(connect().jobs.submit_all([request()], resume="sweep"))
    client = connect(journal=tmp_path / "journal.sqlite")
    first = await now(client.jobs.submit_all([request(n, tags=["mine"]) for n in (1, 2)], resume="sweep"))
    again = await now(client.jobs.submit_all([request(n, tags=["mine"]) for n in (1, 2, 3)], resume="sweep"))
    assert [one.job.id for one in again][:2] == [one.job.id for one in first]
    assert [one.job.tags for one in again][:2] == [one.job.tags for one in first]
    assert len(sent(emulator, "create_job")) == 3
    changed = await now(client.jobs.submit_all([request(5)], resume="sweep"))
    other = await now(client.jobs.submit_all([request(1)], resume="other sweep"))
    assert len({one.job.id for one in [*again, *changed, *other]}) == 5


async def test_a_claim_that_ended_meanwhile_is_claimed_anew(
    connect: Callable[..., Any],
    options: dict[str, Any],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """While one process waits for the rate limit, the lease ends, and another one submits."""
    journal = tmp_path / "journal.sqlite"
    monkeypatch.setattr(Process, "is_alive", None)  # as that of another container, or on Windows
    late, other = FakeClock(), FakeClock()
    other.now += 5000.0
    of_the_other: list[Any] = []

    def reserve() -> float:
        if not of_the_other:
            with RuntimeClient(**{**options, "clock": other, "journal": journal}) as client:
                of_the_other.extend(client.jobs.submit_all([request()], resume="sweep"))
        return 0.0

    client = connect(journal=journal, clock=late, submissions_per_minute=60)
    monkeypatch.setattr(client._submitter.limiter, "reserve", reserve)
    (outcome,) = await now(client.jobs.submit_all([request()], resume="sweep"))
    assert [outcome.job.id] == [of_the_other[0].job.id] == await recorded(client)
    assert len(sent(emulator, "create_job")) == 1


async def test_a_job_may_be_built_on_an_executor(client: Any) -> None:
    with ThreadPoolExecutor(1) as executor:
        (outcome,) = await now(client.jobs.submit_all([request], executor=executor))
    assert outcome.job.id in await recorded(client)


class Stuck(Executor):
    """An executor that never runs anything."""

    def __init__(self) -> None:
        self.given: list[Future[Any]] = []
        self.is_full = anyio.Event()

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        self.given.append(Future())
        if len(self.given) == 3:
            self.is_full.set()
        return self.given[-1]


async def test_a_cancelled_task_cancels_its_work_on_an_executor(awaited: Any, emulator: Emulator) -> None:
    executor = Stuck()
    async with anyio.create_task_group() as group:
        submitting = functools.partial(awaited.jobs.submit_all, [request] * 5, max_in_flight=3, executor=executor)
        group.start_soon(submitting)
        await executor.is_full.wait()
        group.cancel_scope.cancel()
    assert [future.cancelled() for future in executor.given] == [True] * 3
    assert sent(emulator, "create_job") == []
