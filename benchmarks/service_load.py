"""Requests per second of the emulator on 64 connections, idle and while four jobs run."""

import asyncio
import contextlib
import time
from statistics import median

import httpx
from rich.table import Table

from qiskit_runtime_rest import RuntimeClient

from .service import BELL, credentials, service

CONNECTIONS = 64
SECONDS = 3.0
JOBS = 4
SHOTS = 200_000


async def requests_a_second(url: str, headers: dict[str, str]) -> tuple[float, float]:
    """Responses per second, and the median seconds of one request."""
    took: list[float] = []

    async def keep_asking(client: httpx.AsyncClient, until: float) -> None:
        while (began := time.perf_counter()) < until:
            (await client.get(url, headers=headers)).raise_for_status()
            took.append(time.perf_counter() - began)

    async with contextlib.AsyncExitStack() as stack:
        # One client per connection: with one pool, httpx searches all connections at each request.
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(timeout=60, verify=False)) for _ in range(CONNECTIONS)
        ]
        began = time.perf_counter()
        await asyncio.gather(*(keep_asking(client, began + SECONDS) for client in clients))
        return len(took) / (time.perf_counter() - began), median(took)


def rows() -> Table:
    """Measure. The load comes from this process, so the figures are lower bounds."""
    shown = Table("GET /v1/jobs/{id}", "requests/s", "median, ms", box=None, header_style="bold")
    with service("--workers", str(JOBS)) as ready, RuntimeClient(**credentials(ready)) as client:
        first = client.sampler(BELL, backend="ibm_fez", shots=100)
        first.wait(timeout=60)
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ready["api_key"]}
        token = httpx.post(f"{ready['iam_url']}/identity/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Service-CRN": ready["instance"]}
        url = f"{ready['base_url']}/v1/jobs/{first.id}"
        for name in ("at rest", f"while {JOBS} jobs run"):
            jobs = (
                []
                if name == "at rest"
                else [client.sampler([BELL] * 4, backend="ibm_fez", shots=SHOTS) for _ in range(JOBS)]
            )
            rate, middle = asyncio.run(requests_a_second(url, headers))
            running = sum(job.status() == "Running" for job in jobs)
            shown.add_row(name if not jobs else f"{name} ({running} still do)", f"{rate:.0f}", f"{middle * 1e3:.1f}")
            for job in jobs:
                job.wait(timeout=300)
    return shown
