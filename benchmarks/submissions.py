"""Time per submission: `submit_all`, exactly once, and a bare `httpx.AsyncClient` that only posts."""

import asyncio
import time
from typing import Any

import httpx
from rich.table import Table

from qiskit_runtime_rest import AsyncRuntimeClient, JobRequest

from .measure import interleaved, table
from .service import BELL, credentials, service

OURS = "client.jobs.submit_all(...)"
BARE = "httpx.AsyncClient.post(...)"
JOBS = 200
AT_ONCE = 8


async def ours(ready: dict[str, Any]) -> float:
    """Seconds per submission with this client."""
    requests = [JobRequest.sampler(BELL, backend="ibm_fez", shots=shots + 1) for shots in range(JOBS)]
    async with AsyncRuntimeClient(**credentials(ready)) as client:
        await client.versions()
        began = time.perf_counter()
        outcomes = await client.jobs.submit_all(requests, max_in_flight=AT_ONCE)
        took = time.perf_counter() - began
    assert all(outcome.job for outcome in outcomes)
    return took / JOBS


async def bare(ready: dict[str, Any]) -> float:
    """Seconds per submission with HTTP only."""
    async with httpx.AsyncClient() as client:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ready["api_key"]}
        token = (await client.post(f"{ready['iam_url']}/identity/token", data=form)).json()["access_token"]
        client.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": ready["instance"]})
        numbers = iter(range(JOBS))

        async def work() -> None:
            for shots in numbers:
                params = {"pubs": [[BELL]], "version": 2, "support_qiskit": True, "shots": shots + 1}
                body = {"program_id": "sampler", "backend": "ibm_fez", "params": params, "tags": ["bare"]}
                (await client.post(f"{ready['base_url']}/v1/jobs", json=body)).raise_for_status().json()

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return (time.perf_counter() - began) / JOBS


def rows() -> Table:
    """Measure while no job runs."""
    with service("--pace", "hold") as ready:
        contestants = {OURS: lambda: asyncio.run(ours(ready)), BARE: lambda: asyncio.run(bare(ready))}
        figures = interleaved(contestants, rounds=5)
    return table(figures, ours=OURS, unit="ms a job", scale=1e3, aims={BARE: "<= 1.25"})
