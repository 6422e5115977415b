"""Time and CPU (of all processes) that the gateway for the classic API adds to reading a job."""

import os
import tempfile
import time
from collections.abc import Callable
from statistics import median

import httpx
import psutil  # type: ignore[import-untyped]
from rich.table import Table

from qiskit_runtime_rest import RuntimeClient

from .measure import interleaved
from .service import BELL, credentials, served, service

CLASSIC = "classic GET /jobs/{id}, through the gateway"
DIRECT = "GET /v1/jobs/{id}"
REQUESTS = 200


def rows() -> Table:
    """Measure."""
    shown = Table("", "median, ms", "CPU, ms", box=None, header_style="bold")
    with service() as ready, tempfile.TemporaryDirectory() as folder:
        connection = ["--base-url", ready["base_url"], "--iam-url", ready["iam_url"], "--instance", ready["instance"]]
        with served("legacy", "gateway", *connection, "--store", f"{folder}/legacy.sqlite") as gateway:
            watched = [psutil.Process(pid) for pid in (os.getpid(), ready["pid"], gateway["pid"])]
            with RuntimeClient(**credentials(ready)) as client, httpx.Client() as bare, httpx.Client() as classic:
                job = client.sampler(BELL, backend="ibm_fez", shots=100)
                job.wait(timeout=60)
                form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ready["api_key"]}
                token = bare.post(f"{ready['iam_url']}/identity/token", data=form).json()["access_token"]
                bare.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": ready["instance"]})
                login = classic.post(f"{gateway['url']}/users/loginWithToken", json={"apiToken": ready["api_key"]})
                classic.headers["x-access-token"] = login.json()["id"]
                cpu: dict[str, list[float]] = {CLASSIC: [], DIRECT: []}

                def contestant(name: str, http: httpx.Client, url: str) -> Callable[[], float]:
                    def run() -> float:
                        before = sum(sum(process.cpu_times()[:2]) for process in watched)
                        took = [seconds(http, url) for _ in range(REQUESTS)]
                        after = sum(sum(process.cpu_times()[:2]) for process in watched)
                        cpu[name].append((after - before) / REQUESTS)
                        return median(took)

                    return run

                figures = interleaved(
                    {
                        CLASSIC: contestant(CLASSIC, classic, f"{gateway['url']}/jobs/{job.id}"),
                        DIRECT: contestant(DIRECT, bare, f"{ready['base_url']}/v1/jobs/{job.id}"),
                    },
                    rounds=5,
                )
    times = {name: median(values) for name, values in figures.items()}
    work = {name: median(values[1:]) for name, values in cpu.items()}
    for name in figures:
        shown.add_row(name, f"{times[name] * 1e3:.2f}", f"{work[name] * 1e3:.2f}")
    shown.add_row("the gateway adds (aim: < 2 ms)", f"{(times[CLASSIC] - times[DIRECT]) * 1e3:.2f}", "")
    shown.add_row("classic / v1 (aim: < 2)", "", f"{work[CLASSIC] / work[DIRECT]:.2f}")
    return shown


def seconds(http: httpx.Client, url: str) -> float:
    """Seconds until the response to one request."""
    began = time.perf_counter()
    http.get(url).raise_for_status()
    return time.perf_counter() - began
