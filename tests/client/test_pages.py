"""A 200 that is a web page: an edge or a proxy answered in the service's place, whatever the operation is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qiskit_runtime_api.api.jobs import get_job_logs, get_job_results
from qiskit_runtime_rest import ResultDecodeError, SubmissionPolicy, UnexpectedAnswer
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, ONES, STUDY, sent

pytestmark = pytest.mark.anyio

PAGE = "<!DOCTYPE html><html><head><title>IBM Quantum Platform</title></head></html>"

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "get_job": lambda _, job: job.refresh(),
    "get_job_logs": lambda _, job: job.logs(),
    "get_job_metrics": lambda _, job: job.metrics(),
    "get_job_results": lambda _, job: job.result(),
    "cancel_job": lambda _, job: job.cancel(),
    "delete_job": lambda _, job: job.delete(),
    "replace_job_tags": lambda _, job: job.replace_tags(["a"]),
    "list_backends": lambda client, _: client.backends.list(),
    "get_backend_properties": lambda client, _: client.backends.properties(BACKEND),
    "get_instance_usage": lambda client, _: client.usage(),
    "get_versions": lambda client, _: client.versions(),
    "create_session": lambda client, _: client.sessions.create(backend=BACKEND),
}


@pytest.mark.parametrize("operation", CALLS)
async def test_a_convenience_refuses_a_page(client: Any, emulator: Emulator, operation: str) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    emulator.clear_requests()
    emulator.faults.add(operation, status=200, html=PAGE, times=None)
    with pytest.raises(UnexpectedAnswer, match="IBM Quantum Platform") as page:
        await now(CALLS[operation](client, job))
    assert page.value.status == 200
    assert len(sent(emulator, operation)) == 1


@pytest.mark.parametrize("operation", [get_job_results, get_job_logs])
async def test_a_generated_function_that_reads_text_refuses_a_page(
    client: Any, emulator: Emulator, operation: Any
) -> None:
    job = await now(client.jobs.submit("sampler", **STUDY))
    emulator.faults.add(operation.__name__.rpartition(".")[2], status=200, html=PAGE, times=None)
    function = operation.asyncio if hasattr(client, "aclose") else operation.sync
    with pytest.raises(UnexpectedAnswer, match="IBM Quantum Platform"):
        await now(function(job.id, client=client.api))


async def test_a_submission_that_is_answered_by_a_page_is_looked_up(
    connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(submission=SubmissionPolicy(settle=1))
    emulator.faults.add("create_job", status=200, html=PAGE, when="after")
    job = await now(client.jobs.submit("sampler", **STUDY))
    assert await now(job.status())
    assert len(sent(emulator, "create_job")) == 1


async def test_a_page_that_says_it_is_json_is_no_result(client: Any, emulator: Emulator) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    emulator.faults.add("get_job_results", status=200, body=PAGE)
    with pytest.raises(ResultDecodeError) as damage:
        await now(job.result())
    assert b"IBM Quantum Platform" in damage.value.raw
