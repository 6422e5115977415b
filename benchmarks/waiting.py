"""Requests and client CPU to wait for 1,000 jobs: `wait_all`, one wait per job, and IBM's SDK, in threads."""

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from qiskit_ibm_runtime import QiskitRuntimeService, RuntimeJobV2
from rich.table import Table

from qiskit_runtime_rest import JobFailed, JobRequest, RuntimeClient

from .service import credentials, environment, service

JOBS = 1000
THREADS = 8
QUEUED_SECONDS = 10
# The emulator fails this program at once: nothing is simulated, so only waiting is measured.
CHEAP = JobRequest(program_id="noise-learner", backend="ibm_fez", params={"circuits": ["x"], "version": 2})


def requests_seen(ready: dict[str, str]) -> int:
    """The number of requests to the service so far."""
    return int(httpx.get(f"{ready['url']}/_emulator/requests").json()["requests"][-1]["number"])


def rows() -> Table:
    """Measure three ways to wait for 1,000 jobs that are queued for some seconds, one after another."""
    shown = Table("1,000 jobs", "requests", "client CPU, s", "seconds", box=None, header_style="bold")
    with service("--pace", f"seconds:{QUEUED_SECONDS}") as ready:
        os.environ.update(environment(ready))
        ibm = QiskitRuntimeService(
            channel="ibm_quantum_platform",
            token=ready["api_key"],
            instance=ready["instance"],
            url_resolver=lambda *_: f"{ready['base_url']}/v1",
        )
        backend = ibm.backend("ibm_fez")
        with RuntimeClient(**credentials(ready)) as client, ThreadPoolExecutor(THREADS) as threads:

            def together(ids: list[str]) -> None:
                client.jobs.wait_all(ids)

            def one_by_one(ids: list[str]) -> None:
                list(threads.map(lambda job_id: ended(lambda: client.jobs.get(job_id).wait()), ids))

            def with_ibm(ids: list[str]) -> None:
                api = ibm._active_api_client
                jobs = [RuntimeJobV2(backend, api, job_id, "noise-learner", ibm) for job_id in ids]
                list(threads.map(lambda job: ended(job.wait_for_final_state), jobs))

            ways: dict[str, Callable[[list[str]], None]] = {
                "client.jobs.wait_all(...)": together,
                "job.wait() for each": one_by_one,
                "qiskit-ibm-runtime, each": with_ibm,
            }
            for name, way in ways.items():
                submitted = client.jobs.submit_all([CHEAP] * JOBS, max_in_flight=THREADS)
                ids = [one.job.id for one in submitted if one.job]
                before, cpu, began = requests_seen(ready), time.process_time(), time.perf_counter()
                way(ids)
                took, cpu = time.perf_counter() - began, time.process_time() - cpu
                shown.add_row(name, str(requests_seen(ready) - before), f"{cpu:.2f}", f"{took:.1f}")
    return shown


def ended(wait: Callable[[], object]) -> None:
    """Wait with IBM's SDK, which does not report here that these jobs fail."""
    with contextlib.suppress(JobFailed):
        wait()
