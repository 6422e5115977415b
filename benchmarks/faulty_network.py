"""Submissions through a network where three requests in ten go wrong: jobs recorded, handles returned, errors."""

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import IBMRuntimeError
from rich.table import Table

from qiskit_runtime_rest import JobRequest, RuntimeClient, SubmissionPolicy
from tests.jobs.faulty_proxy import FaultyProxy

from .service import BELL, environment, service

JOBS = 100
THREADS = 8
RATE = 0.3
PATIENCE = SubmissionPolicy(if_unknown="submit again", settle=3.0, most_times=10)


def rows() -> Table:
    """Submit the same number of jobs both ways, each through a proxy with the same faults."""
    shown = Table(f"{JOBS} submissions", "handles", "jobs recorded", "seconds", box=None, header_style="bold")
    for name, way in {"qiskit-runtime-rest": ours, "qiskit-ibm-runtime": ibm}.items():
        with service("--pace", "hold") as ready, FaultyProxy(ready["base_url"], rate=RATE, seed=8) as proxy:
            credentials = {key: ready[key] for key in ("api_key", "instance", "base_url", "iam_url")}
            os.environ.update(environment(ready))
            began = time.perf_counter()
            handles = way({**credentials, "base_url": proxy.base_url})
            took = time.perf_counter() - began
            with RuntimeClient(**credentials) as client:
                recorded = sum(1 for _ in client.jobs.list())
        shown.add_row(name, str(handles), str(recorded), f"{took:.0f}")
    return shown


def ours(credentials: dict[str, str]) -> int:
    """Submit through this client; the outcome is how many handles came back."""
    with RuntimeClient(**credentials, submission=PATIENCE) as client:
        requests = [JobRequest.sampler(BELL, backend="ibm_torino", shots=1)] * JOBS
        outcomes = client.jobs.submit_all(requests, max_in_flight=THREADS)
    return sum(outcome.job is not None for outcome in outcomes)


def ibm(credentials: dict[str, str]) -> int:
    """Submit through IBM's SDK, which retries by itself; the outcome is how many handles came back."""
    sdk = QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=credentials["api_key"],
        instance=credentials["instance"],
        url_resolver=lambda *_: f"{credentials['base_url']}/v1",
    )
    run: Callable[..., object] = sdk._active_api_client.program_run
    params = {"pubs": [[BELL]], "version": 2, "support_qiskit": True, "shots": 1}

    def submit(_: int) -> bool:
        with contextlib.suppress(IBMRuntimeError, RequestsApiError, OSError, ValueError):
            run("sampler", "ibm_torino", params, None, None, None)
            return True
        return False

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(submit, range(JOBS)))
