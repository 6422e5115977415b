from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from qiskit_runtime_rest.emulator.options import Options
from qiskit_runtime_rest.emulator.programs import Completed, Metrics, Outcome
from qiskit_runtime_rest.emulator.service import Service
from qiskit_runtime_rest.emulator.state.job import Job, Status

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


class Pool:
    """Workers whose jobs end when the test says so."""

    def __init__(self) -> None:
        self.futures: dict[int, Future[Outcome]] = {}
        self.cancelled: list[Future[Outcome]] = []
        self.on_heavy: dict[int, Callable[[], None]] = {}
        self.calibrations: list[str | None] = []

    def submit(
        self, program_id: str, params: Any, *, device: Any, seed: int, on_heavy: Callable[[], None]
    ) -> Future[Outcome]:
        self.on_heavy[params["number"]] = on_heavy
        self.calibrations.append(device.calibration)
        future: Future[Outcome] = Future()
        self.futures[params["number"]] = future
        return future

    def cancel(self, future: Future[Outcome]) -> bool:
        self.cancelled.append(future)
        return True

    def close(self) -> None:
        pass

    async def finish(self, number: int, *, quantum_seconds: float = 1.0) -> None:
        metrics = Metrics(executions=1, quantum_seconds=quantum_seconds, circuits_execution_time_ns=1)
        self.futures[number].set_result(Completed(body="{}", metrics=metrics))
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def submit(service: Service, number: int, **changes: Any) -> str:
    fields = {"instance": "crn", "user_id": "u", "program_id": "sampler", "backend": "ibm_fez"}
    job = service.jobs.create(params={"number": number}, **(fields | changes))
    service.execution.settle()
    return job.id


def job(service: Service, job_id: str) -> Job:
    found = service.jobs.get(job_id)
    assert found is not None
    return found


async def left(service: Service, job_id: str, status: Status) -> None:
    async with asyncio.timeout(60):
        for _ in range(60_000):
            if job(service, job_id).status is not status:
                return
            await asyncio.sleep(0.001)


def serving(pool: Callable[[int], Any], **choices: Any) -> Service:
    return Service(Options(virtual_clock=True, **choices), pool=pool)


async def test_only_as_many_jobs_run_as_there_are_workers_in_the_order_of_the_queue() -> None:
    pool = Pool()
    service = serving(lambda count: pool, workers=2)
    ids = [submit(service, number) for number in range(3)]
    assert [job(service, one).status for one in ids] == ["Running", "Running", "Queued"]
    await pool.finish(1)
    assert [job(service, one).status for one in ids] == ["Running", "Completed", "Running"]


async def test_cancelling_a_running_job_stops_its_worker_and_lets_the_next_one_run() -> None:
    pool = Pool()
    service = serving(lambda count: pool, workers=1)
    first, second = submit(service, 1), submit(service, 2)
    service.execution.cancel(job(service, first))
    assert pool.cancelled == [pool.futures[1]]
    assert [job(service, one).status for one in (first, second)] == ["Cancelled", "Running"]


async def test_the_outcome_of_a_job_that_has_ended_is_ignored() -> None:
    pool = Pool()
    service = serving(lambda count: pool)
    job_id = submit(service, 1)
    service.execution.cancel(job(service, job_id))
    await pool.finish(1)
    assert job(service, job_id).status is Status.CANCELLED


async def test_more_time_on_the_device_than_allowed_ends_a_job_with_1305() -> None:
    pool = Pool()
    service = serving(lambda count: pool)
    job_id = submit(service, 1, cost=10)
    await pool.finish(1, quantum_seconds=10.5)
    assert (job(service, job_id).status, job(service, job_id).reason_code) == ("Cancelled", 1305)


async def test_a_recorded_job_that_no_worker_takes_fails_and_its_submission_does_not() -> None:
    def broken(count: int) -> Any:
        raise OSError("out of processes")

    service = serving(broken)
    job_id = submit(service, 1)
    await service.execution.settled()
    failed = job(service, job_id)
    assert (failed.status, failed.reason_code) == ("Failed", 5203)
    assert "out of processes" in str(failed.reason)


async def test_a_real_clock_moves_jobs_on_without_requests() -> None:
    pool = Pool()
    service = Service(Options(pace="seconds:0.01"), pool=lambda count: pool)
    job_id = submit(service, 1)
    await left(service, job_id, Status.QUEUED)
    await pool.finish(1)
    await left(service, job_id, Status.RUNNING)
    assert job(service, job_id).status is Status.COMPLETED
    assert (job(service, job_id).finished or 0) - job(service, job_id).created >= 0.0199


async def test_a_real_job_that_runs_too_long_is_stopped_without_requests() -> None:
    pool = Pool()
    service = Service(Options(pace={"running": "seconds:60"}), pool=lambda count: pool)
    job_id = submit(service, 1, cost=1)
    service.clock.advance(0.99)
    service.execution.settle()
    await left(service, job_id, Status.RUNNING)
    assert job(service, job_id).reason_code == 1305
    assert pool.cancelled == [pool.futures[1]]


async def test_the_time_of_the_simulation_is_not_time_on_the_device() -> None:
    pool = Pool()
    service = Service(Options(), pool=lambda count: pool)
    job_id = submit(service, 1, cost=10)
    service.clock.advance(11)
    service.execution.settle()
    assert job(service, job_id).status is Status.RUNNING
    await pool.finish(1)
    assert job(service, job_id).status is Status.COMPLETED


async def test_a_heavy_job_leaves_its_place_to_the_next_one() -> None:
    pool = Pool()
    service = serving(lambda count: pool, workers=1)
    ids = [submit(service, number) for number in range(3)]
    pool.on_heavy[0]()
    await asyncio.sleep(0)
    assert [job(service, one).status for one in ids] == ["Running", "Running", "Queued"]
    await pool.finish(0)
    assert [job(service, one).status for one in ids] == ["Completed", "Running", "Queued"]
    await pool.finish(1)
    assert [job(service, one).status for one in ids] == ["Completed", "Completed", "Running"]


async def test_a_job_runs_with_the_calibration_that_it_names() -> None:
    pool = Pool()
    service = serving(lambda _: pool, workers=3)
    for number, calibration in enumerate([None, "slow_gates_dc", "another"]):
        submit(service, number, calibration_id=calibration)
    assert pool.calibrations == [None, "slow_gates_dc", None]
    service.close()
