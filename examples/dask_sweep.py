"""A sweep of 200 angles on a Dask cluster, whose workers build the circuits and decode the results.

    pip install 'qiskit-runtime-rest[emulator]' distributed
    python examples/dask_sweep.py

It runs on the embedded service. For the real one, leave out `Emulator`: clients, here and on the workers, find their
credentials in the environment or in the account file, and keep to the service's rate limit for submissions.
"""

from __future__ import annotations

import functools
import math
import os
import tempfile
from concurrent.futures import Executor
from pathlib import Path

from distributed import Client, LocalCluster

from qiskit_runtime_rest import Job, JobRequest, RuntimeClient
from qiskit_runtime_rest.testing import Emulator

BACKEND = "ibm_fez"
POINTS = 200
SHOTS = 256

# sx · rz(angle) · sx turns |0> into |1> with probability cos²(angle / 2).
CIRCUIT = """OPENQASM 3.0;
include "stdgates.inc";
bit[1] c;
sx $0;
rz({angle}) $0;
sx $0;
c[0] = measure $0;
"""


def build(angle: float) -> JobRequest:
    """The request for one point. Runs on a worker."""
    return JobRequest.sampler([CIRCUIT.format(angle=angle)], backend=BACKEND, shots=SHOTS)


def share_of_ones(job: Job) -> float:
    """Read and decode one result. Runs on a worker, which connects with its own credentials."""
    counts = job.result()[0].counts()
    return counts.get("1", 0) / sum(counts.values())


def sweep(client: RuntimeClient, executor: Executor, angles: list[float]) -> list[tuple[float, str, float]]:
    """One row for each point: angle, job id, share of ones."""
    requests = [functools.partial(build, angle) for angle in angles]
    submitted = client.jobs.submit_all(requests, executor=executor)
    jobs = []
    for one in submitted:
        if one.job is None:
            raise one.error or RuntimeError("neither a job nor an error")
        jobs.append(one.job)
    client.jobs.wait_all(jobs, results=False)
    shares = executor.map(share_of_ones, jobs)
    return [(angle, job.id, share) for angle, job, share in zip(angles, jobs, shares, strict=True)]


def main() -> None:
    """Run the sweep and print its table."""
    angles = [2 * math.pi * point / POINTS for point in range(POINTS)]
    with Emulator(workers=1, warm=True) as emulator, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "QISKIT_IBM_TOKEN": emulator.api_key,
            "QISKIT_IBM_INSTANCE": emulator.instance,
            "QISKIT_IBM_URL": emulator.base_url,
            "IAM_URL": emulator.iam_url,
            # All processes share one token.
            "QRR_TOKEN_CACHE": str(Path(folder) / "tokens"),
        }
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            Client(cluster) as dask,
            RuntimeClient() as client,
        ):
            rows = sweep(client, dask.get_executor(), angles)
            recorded = sum(1 for _ in client.jobs.list())
            exchanges = sum(request.path.endswith("/identity/token") for request in emulator.requests)
    print("angle  expected  measured  job")
    for angle, job_id, share in rows:
        print(f"{angle:5.3f}  {math.cos(angle / 2) ** 2:8.3f}  {share:8.3f}  {job_id}")
    print(f"{len(rows)} points, {recorded} jobs recorded, {exchanges} token exchange(s)")


if __name__ == "__main__":
    main()
