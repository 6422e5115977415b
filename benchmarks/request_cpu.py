"""CPU of the client to read one job: this client, bare httpx, IBM's SDK. The service is another process."""

import gc
import os
import time
from collections.abc import Callable

import httpx
from qiskit_ibm_runtime import QiskitRuntimeService
from rich.table import Table

from qiskit_runtime_rest import RuntimeClient

from .measure import interleaved, table
from .service import BELL, credentials, environment, service

OURS = "client.jobs.get(id)"
BARE = "httpx.Client.get(...).json()"
IBM = "qiskit-ibm-runtime job_get(id)"
REQUESTS = 40


def cpu_seconds_each(call: Callable[[], object]) -> float:
    """Mean CPU seconds of this process for one `call`."""
    began = time.process_time()
    for _ in range(REQUESTS):
        call()
    return (time.process_time() - began) / REQUESTS


def rows() -> Table:
    """Measure."""
    with service() as ready:
        os.environ.update(environment(ready))
        with RuntimeClient(**credentials(ready)) as client, httpx.Client() as bare:
            job = client.sampler(BELL, backend="ibm_fez", shots=100)
            job.wait(timeout=60)
            token = bare.post(
                f"{ready['iam_url']}/identity/token",
                data={"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ready["api_key"]},
            ).json()["access_token"]
            bare.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": ready["instance"]})
            url = f"{ready['base_url']}/v1/jobs/{job.id}?exclude_params=true"
            ibm = QiskitRuntimeService(
                channel="ibm_quantum_platform",
                token=ready["api_key"],
                instance=ready["instance"],
                url_resolver=lambda *_: f"{ready['base_url']}/v1",
            )._active_api_client
            contestants = {
                OURS: lambda: cpu_seconds_each(lambda: client.jobs.get(job.id)),
                BARE: lambda: cpu_seconds_each(lambda: bare.get(url).json()),
                IBM: lambda: cpu_seconds_each(lambda: ibm.job_get(job.id)),
            }
            gc.collect()
            gc.freeze()  # the collector would walk all of Qiskit during the others' calls, too
            figures = interleaved(contestants, rounds=35)
    return table(figures, ours=OURS, unit="µs", scale=1e6, aims={BARE: "<= 1.15"})
