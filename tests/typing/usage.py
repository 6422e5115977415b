"""The public names as users write them. test_usage.py checks this file with `mypy --strict`; it never runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, assert_type

import httpx

from qiskit_runtime_api.api.jobs import get_job
from qiskit_runtime_api.models import BackendConfiguration, BackendStatus, InstanceUsage, JobMetrics
from qiskit_runtime_api.models import Job as JobModel
from qiskit_runtime_rest import (
    ApiError,
    AsyncBackend,
    AsyncJob,
    AsyncRuntimeClient,
    AsyncSession,
    Backend,
    Job,
    JobRequest,
    Listing,
    RateLimited,
    Recovered,
    Result,
    RetryPolicy,
    RuntimeClient,
    RuntimeRestError,
    Session,
    Settings,
    StatusUpdate,
    Submitted,
    TransportError,
    WaitTimeout,
)

QASM = "OPENQASM 3.0;"


def connecting() -> None:
    settings = Settings(api_key="k", instance="crn:...", timeout=5.0, submissions_per_minute=None)
    assert_type(settings.base_url, str)
    assert_type(settings.api_key, str | None)
    RuntimeClient(settings=settings, retries=RetryPolicy(attempts=3))
    RuntimeClient(token="t", verify="/path/of/a/bundle.pem", proxies={"https": "http://proxy:8080"})
    RuntimeClient(auth=httpx.BasicAuth("user", "password"), timeout=httpx.Timeout(5.0), submissions_per_minute=3)
    AsyncRuntimeClient(account="mine", base_url="http://127.0.0.1:8080/api", iam_url="http://127.0.0.1:8080")


def blocking() -> None:
    with RuntimeClient() as client:
        assert_type(client, RuntimeClient)
        assert_type(client.versions(), list[dict[str, Any]])
        assert_type(client.backends.list(), Listing[Backend])
        backend = client.backends.get("ibm_fez")
        assert_type(backend, Backend)
        assert_type(backend.num_qubits, int | None)
        assert_type(backend.status(), BackendStatus)
        assert_type(client.sampler([QASM], backend=client.backends.least_busy()), Job)
        assert_type(client.sessions.create(backend=backend), Session)
        assert_type(client.backends.configuration("ibm_fez"), BackendConfiguration)
        assert_type(client.instances.usage(), InstanceUsage | None)

        job = client.sampler([QASM], backend="ibm_fez", shots=100, tags=["a"])
        assert_type(job, Job)
        assert_type(client.estimator([(QASM, "ZZ")], backend="ibm_fez", precision=0.1), Job)
        assert_type(client.jobs.submit("sampler", backend="ibm_fez", params={}, private=True), Job)
        assert_type(client.sampler([QASM], backend="ibm_fez", via="executor").parts, list[Job])
        swept = client.executor([(QASM, [[0.5]])], backend="ibm_fez", options={"init_qubits": False})
        assert_type(swept, Job)
        assert_type(client.jobs.get("x"), Job)
        assert_type(client.jobs.handle("x"), Job)
        assert_type(client.jobs.list(pending=True, limit=10), Iterator[Job])
        for listed in client.jobs.list():
            assert_type(listed, Job)

        assert_type(job.id, str)
        assert_type(job.status(), str)
        assert_type(job.wait(timeout=10, on_status=print), StatusUpdate)
        assert_type(job.result(timeout=10), Result)
        assert_type(job.logs(), str)
        assert_type(job.metrics(), JobMetrics)
        job.cancel()
        job.delete()

        with client.sessions.create(backend="ibm_fez", mode="batch", max_time=60) as session:
            assert_type(session, Session)
            assert_type(session.sampler([QASM]), Job)
            assert_type(session.estimator([(QASM, "ZZ")], backend="ibm_fez", options={"default_shots": 9}), Job)
            assert_type(session.status(), str)
        assert_type(client.sessions.get("x"), Session)

        response = get_job.sync_detailed("x", client=client.api)
        parsed = response.parsed
        if isinstance(parsed, JobModel):
            assert_type(parsed.id, str)
        get_job.sync("x", client=client.api.with_timeout(httpx.Timeout(5.0)))


def many(client: RuntimeClient) -> None:
    requests = [JobRequest.sampler([QASM], backend="ibm_fez", shots=100)]
    with ThreadPoolExecutor() as executor:
        submitted = client.jobs.submit_all(requests, max_in_flight=4, resume="sweep", on_progress=print)
        assert_type(submitted, list[Submitted[Job]])
        jobs = [outcome.job for outcome in submitted if outcome.job is not None]
        assert_type(jobs, list[Job])
        assert_type(submitted[0].error, Exception | None)
        assert_type(client.jobs.wait_all(jobs, timeout=10, on_status=print, executor=executor), Listing[Job])
    for job in client.jobs.as_completed([*jobs, "an id"], at_once=2):
        assert_type(job, Job)
        assert_type(job.failure, RuntimeRestError | None)
    assert_type(client.jobs.find("a tag"), Job | None)
    assert_type(client.jobs.recover(), list[Recovered[Job]])
    assert_type(client.usage(), InstanceUsage | None)
    assert_type(client.submit_all([lambda: requests[0]]), list[Submitted[Job]])
    with client.sessions.create(backend="ibm_fez") as session:
        assert_type(session.submit_all(requests), list[Submitted[Job]])
        assert_type(session.wait(timeout=10), Listing[Job])


async def many_awaited(client: AsyncRuntimeClient) -> None:
    requests = [JobRequest.estimator([(QASM, "ZZ")], backend="ibm_fez")]
    submitted = await client.jobs.submit_all(requests, max_in_flight=4)
    assert_type(submitted, list[Submitted[AsyncJob]])
    jobs = [outcome.job for outcome in submitted if outcome.job is not None]
    assert_type(await client.jobs.wait_all(jobs, timeout=10), Listing[AsyncJob])
    assert_type(client.jobs.as_completed(jobs), AsyncIterator[AsyncJob])
    async for job in client.jobs.as_completed(jobs):
        assert_type(job, AsyncJob)
    assert_type(await client.jobs.find("a tag"), AsyncJob | None)
    assert_type(await client.jobs.recover(), list[Recovered[AsyncJob]])
    assert_type(await client.usage(), InstanceUsage | None)
    assert_type(await client.submit_all(requests), list[Submitted[AsyncJob]])
    async with client.sessions.create(backend="ibm_fez") as session:
        assert_type(await session.wait(), Listing[AsyncJob])


async def awaiting() -> None:
    async with AsyncRuntimeClient() as client:
        assert_type(client, AsyncRuntimeClient)
        assert_type(await client.versions(), list[dict[str, Any]])
        assert_type(await client.backends.list(), Listing[AsyncBackend])
        backend = await client.backends.get("ibm_fez")
        assert_type(await backend.status(), BackendStatus)

        job = await client.sampler([QASM], backend="ibm_fez", shots=100)
        assert_type(job, AsyncJob)
        assert_type(await client.estimator([(QASM, "ZZ")], backend="ibm_fez"), AsyncJob)
        assert_type(await client.jobs.submit("sampler", backend="ibm_fez", params={}), AsyncJob)
        assert_type(await client.executor([(QASM, [0.5])], backend="ibm_fez"), AsyncJob)
        assert_type(await client.jobs.get("x"), AsyncJob)
        assert_type(client.jobs.handle("x"), AsyncJob)
        assert_type(client.jobs.list(), AsyncIterator[AsyncJob])
        async for listed in client.jobs.list():
            assert_type(listed, AsyncJob)

        assert_type(await job.status(), str)
        assert_type(await job.wait(timeout=10), StatusUpdate)
        assert_type(await job.result(), Result)
        await job.cancel()

        async with client.sessions.create(backend="ibm_fez", mode="dedicated") as session:
            assert_type(session, AsyncSession)
            assert_type(await session.sampler([QASM]), AsyncJob)
        assert_type(await client.sessions.create(backend="ibm_fez"), AsyncSession)


def failing(client: RuntimeClient) -> None:
    try:
        client.jobs.get("x")
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except ApiError as error:
        assert_type(error.status, int)
        assert_type(error.code, int | str | None)
        assert_type(error.message, str)
    except TransportError as error:
        assert_type(error.sent, bool)
    except WaitTimeout as error:
        assert_type(error.job_id, str)
    except RuntimeRestError:
        pass


def wrong(client: RuntimeClient) -> None:
    """Mistakes that the types catch. If one of them passed, mypy would warn of an unused ignore."""
    client.sampler([QASM], backend=7)  # type: ignore[arg-type]
    client.sampler([QASM])  # type: ignore[call-arg]
    client.jobs.estimator([(QASM, "ZZ")], tags=["a"])  # type: ignore[call-arg]
    JobRequest.sampler([QASM])  # type: ignore[call-arg]
    client.sampler([QASM], backend="ibm_fez", options={"default_shot": 3})  # type: ignore[arg-type]
    client.sampler([QASM], backend="ibm_fez", options={"twirling": {"strategy": "some"}})  # type: ignore[arg-type]
    client.estimator([(QASM, "ZZ")], backend="ibm_fez", options={"resilience": {"zne": {"noise": 1}}})  # type: ignore[arg-type]
    client.sampler([QASM], backend="ibm_fez", via="qiskit")  # type: ignore[arg-type]
    client.executor([QASM], backend="ibm_fez", options={"shots": 3})  # type: ignore[arg-type]
    client.sampler([QASM], bakend="ibm_fez")  # type: ignore[call-arg]
    client.jobs.submit("sampler", backend="ibm_fez")  # type: ignore[call-arg]
    client.jobs.get(7)  # type: ignore[arg-type]
    client.jobs.wait_all([7])  # type: ignore[list-item]
    client.jobs.submit_all([QASM])  # type: ignore[list-item]
    Settings("key")  # type: ignore  # mypy names another reason when it reads its cache
    RuntimeClient(api_kee="k")  # type: ignore[call-arg]
