"""A real Dask cluster of two worker processes, which build requests, read results by handles, and decode them."""

from __future__ import annotations

import functools
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, Job, JobRequest, RuntimeClient
from qiskit_runtime_rest.testing import Emulator, connect, connect_async

from ..fixtures.service import environment

distributed = pytest.importorskip("distributed")
dask_config = pytest.importorskip("dask.config")

HANG_SECONDS = 1800
"""Guard against a process that hangs. It is not a measure of speed: a busy machine may take minutes."""

# Dask gives up after 30 s on a worker that starts slowly. Its own processes read these variables too.
DASK_TIMEOUTS = {f"DASK_DISTRIBUTED__COMM__TIMEOUTS__{name}": f"{HANG_SECONDS}s" for name in ("CONNECT", "TCP")}

EXAMPLE = Path(__file__).parents[2] / "examples" / "dask_sweep.py"
BACKEND = "ibm_fez"
FLIP = """OPENQASM 3.0;
include "stdgates.inc";
bit[1] c;
x $0;
c[0] = measure $0;
"""


def build(shots: int) -> JobRequest:
    return JobRequest.sampler([FLIP], backend=BACKEND, shots=shots, tags=[f"built by {os.getpid()}"])


def read(job: Job) -> tuple[int, int]:
    return os.getpid(), sum(job.result()[0].counts().values())


def has_decoded() -> bool:
    return "qiskit_runtime_rest.results.result" in sys.modules


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(workers=1, seed=20260415) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def dask(emulator: Emulator) -> Iterator[Any]:
    """The cluster. Its workers find the service by their environment."""
    variables = {
        **DASK_TIMEOUTS,
        **environment(emulator),
    }
    timeouts = dict.fromkeys(("connect", "tcp"), f"{HANG_SECONDS}s")
    with (
        dask_config.set({f"distributed.comm.timeouts.{name}": value for name, value in timeouts.items()}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env=variables
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def executor(dask: Any) -> Executor:
    executor: Executor = dask.get_executor()
    return executor


@pytest.fixture
def client(emulator: Emulator) -> Iterator[RuntimeClient]:
    with connect(emulator) as client:
        yield client


def test_results_are_decoded_on_the_workers(dask: Any, executor: Executor, client: RuntimeClient) -> None:
    job = client.sampler([FLIP], backend=BACKEND, shots=40)
    assert not any(dask.run(has_decoded).values())
    result = job.result(executor=executor)
    assert any(dask.run(has_decoded).values())
    assert sum(result[0].counts().values()) == 40


@pytest.mark.anyio
async def test_results_of_tasks_are_decoded_on_the_workers(executor: Executor, emulator: Emulator) -> None:
    client: AsyncRuntimeClient = connect_async(emulator)
    job = await client.sampler([FLIP], backend=BACKEND, shots=40)
    assert sum((await job.result(executor=executor))[0].counts().values()) == 40


def test_requests_are_built_and_results_read_on_the_workers(
    dask: Any, executor: Executor, client: RuntimeClient
) -> None:
    workers = set(dask.run(os.getpid).values())
    assert len(workers | {os.getpid()}) == 3
    submitted = client.jobs.submit_all([functools.partial(build, shots) for shots in range(1, 11)], executor=executor)
    jobs = [one.job for one in submitted if one.job is not None]
    assert {int(job.tags[0].removeprefix("built by ")) for job in jobs} <= workers
    client.jobs.wait_all(jobs, results=False)
    rows = list(executor.map(read, jobs))
    assert {pid for pid, _ in rows} <= workers
    assert [shots for _, shots in rows] == list(range(1, 11))


def test_the_example_submits_each_point_once_and_gathers_one_table() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env={**os.environ, **DASK_TIMEOUTS},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, *rows, summary = done.stdout.splitlines()
    assert summary == "200 points, 200 jobs recorded, 1 token exchange(s)"
    cells = [row.split() for row in rows]
    assert len({job_id for *_, job_id in cells}) == 200
    assert [float(angle) for angle, *_ in cells] == pytest.approx([math.pi * k / 100 for k in range(200)], abs=1e-3)
    off = [abs(float(expected) - float(measured)) for _, expected, measured, _ in cells]
    assert max(off) < 0.25
    assert sum(off) / len(off) < 0.08
