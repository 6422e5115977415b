"""Functions of the caller that raise in the middle of a submission or a wait: no handle is lost."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import AsyncJob, ContractWarning, Job, PollInterval, RetryPolicy, RuntimeClient, Session
from qiskit_runtime_rest.client.logic.options import ClientOptions
from qiskit_runtime_rest.client.submit import Submissions
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, ONES, saying, script, sent
from .submissions import recorded, request

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("idle")]

FUNCTIONS = {"on_status", "on_progress", "requests", "executor", "event_hooks", "validate", "transport", "auth"}
FUNCTIONS |= {"job_class", "clock", "random"}
"""All arguments that are functions of the caller, or objects that call some. `random` is asked before a pause, `clock`
always; `auth` and `transport` are called as a hook is, and `executor` is for the functions among `requests`."""

CALLED = re.compile(r"Callable|Callback|Auth|Transport|Hook|Executor|Clock|Requested|type\[|Validate")


class Failed(Exception):
    """Of the caller's function."""


def test_the_list_of_functions_is_complete(blocking: RuntimeClient) -> None:
    annotations = dict(ClientOptions.__annotations__)
    for kind in (RuntimeClient, Job, Session, type(blocking.jobs), Submissions, RetryPolicy, PollInterval):
        for _, method in inspect.getmembers(kind, inspect.isfunction):
            annotations |= {each.name: each.annotation for each in inspect.signature(method).parameters.values()}
    own = {name for name, annotation in annotations.items() if CALLED.search(str(annotation)) and name != "settings"}
    assert own - {"retries", "kind"} == FUNCTIONS


def is_submission(asked: httpx.Request) -> bool:
    return asked.method == "POST" and asked.url.path.endswith("/v1/jobs")


def fail(*_: Any) -> typing.NoReturn:
    raise Failed


def hook(is_async: bool) -> Callable[[Any], Any]:
    """An event hook that raises for the answer to a submission."""

    def blocking_hook(response: httpx.Response) -> None:
        if is_submission(response.request):
            raise Failed

    async def awaited_hook(response: httpx.Response) -> None:
        blocking_hook(response)

    return awaited_hook if is_async else blocking_hook


class FailingJob(Job):
    def __init__(self, *_: Any, **__: Any) -> None:
        raise Failed


class FailingAsyncJob(AsyncJob):
    def __init__(self, *_: Any, **__: Any) -> None:
        raise Failed


class FailingAuth(httpx.Auth):
    """Uses a token of the client, and raises when the answer has come."""

    def __init__(self, inner: httpx.Auth) -> None:
        self._inner = inner

    def sync_auth_flow(self, request: httpx.Request) -> Any:
        yield from self._inner.sync_auth_flow(request)
        if is_submission(request):
            raise Failed

    async def async_auth_flow(self, request: httpx.Request) -> Any:
        flow = self._inner.async_auth_flow(request)
        response = yield await anext(flow)
        try:
            while True:
                response = yield await flow.asend(response)
        except StopAsyncIteration:
            pass
        if is_submission(request):
            raise Failed


OPTIONS: dict[str, Callable[[bool, RuntimeClient], dict[str, Any]]] = {
    "event_hooks": lambda is_async, _: {"event_hooks": {"response": [hook(is_async)]}},
    "validate": lambda _, __: {"validate": fail},
    "job_class": lambda is_async, _: {"job_class": FailingAsyncJob if is_async else FailingJob},
    "auth": lambda _, client: {"auth": FailingAuth(client._connection.auth)},
}


@pytest.mark.parametrize("name", OPTIONS)
async def test_what_raises_during_a_submission_names_the_job(
    client: Any, connect: Callable[..., Any], emulator: Emulator, name: str
) -> None:
    failing = connect(**OPTIONS[name](not isinstance(client, RuntimeClient), client))
    if name == "validate":
        script(emulator, {"replace": {"backend": 5}}, operation="create_job")
    with pytest.raises(Failed) as failed:
        await now(failing.sampler(ONES, backend=BACKEND))
    (job_id,) = await recorded(client)
    (note,) = failed.value.__notes__
    tag = re.search(r"client\.jobs\.find\(tag='(.*)'\)", note)
    assert (await now(client.jobs.find(tag[1]))).id == job_id if tag else job_id in note


@pytest.mark.filterwarnings("error")
async def test_a_warning_that_is_an_error_names_the_job(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(validate="warn")
    script(emulator, {"replace": {"backend": 5}}, operation="create_job")
    with pytest.raises(ContractWarning) as failed:
        await now(client.sampler(ONES, backend=BACKEND))
    assert any("client.jobs.find(tag=" in note for note in failed.value.__notes__)


async def test_a_hook_that_raises_during_the_look_up_names_the_job(
    client: Any, connect: Callable[..., Any], emulator: Emulator
) -> None:
    def of_lists(response: httpx.Response) -> None:
        if response.request.method == "GET":
            raise Failed

    async def of_lists_async(response: httpx.Response) -> None:
        of_lists(response)

    failing = connect(event_hooks={"response": [of_lists if isinstance(client, RuntimeClient) else of_lists_async]})
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(Failed) as failed:
        await now(failing.sampler(ONES, backend=BACKEND))
    assert any("client.jobs.find(tag=" in note for note in failed.value.__notes__)


async def test_a_generator_of_requests_that_raises_loses_no_job(client: Any, emulator: Emulator) -> None:
    def requests() -> Iterator[Any]:
        yield from (request(1), request(2))
        raise Failed

    seen: list[int] = []
    submitting = client.jobs.submit_all(requests(), on_progress=lambda one: seen.append(one.index))
    first, second, last = await now(submitting)
    assert sorted(await recorded(client)) == sorted([first.job.id, second.job.id])
    assert (type(last.error), last.job, last.index) == (Failed, None, 2)
    assert sorted(seen) == [0, 1, 2]


async def test_a_failure_to_close_the_batch_of_a_split_primitive_loses_no_job(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("update_session", kind="null", status=400, times=None)
    pubs = [(ONES, None, 10), (ONES, None, 20)]
    job = await now(client.sampler(pubs, backend=BACKEND, via="executor"))
    assert len(sent(emulator, "create_session")) == len(sent(emulator, "update_session")) == 1
    assert sorted(await recorded(client)) == sorted(part.id for part in job.parts)


async def test_on_status_that_raises_leaves_the_job_as_it_was(client: Any, emulator: Emulator) -> None:
    job = await now(client.sampler(ONES, backend=BACKEND))
    script(emulator, saying("Running"))
    waits: list[Callable[[], Any]] = [
        lambda: job.wait(on_status=fail),
        lambda: job.result(on_status=fail),
        lambda: client.jobs.wait_all([job], on_status=fail),
    ]
    for wait in waits:
        with pytest.raises(Failed):
            await now(wait())
    await now(job.cancel())
    assert (await now(job.status())) == "Cancelled"
