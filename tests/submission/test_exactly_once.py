"""Whatever is lost on the way: one submission, one job, and the handle of that job."""

from __future__ import annotations

import contextlib
import functools
import pickle
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio.lowlevel
import anyio.to_thread
import pytest

from qiskit_runtime_api.api.instances import replace_instance_configuration
from qiskit_runtime_api.models import InstanceConfigurationUpdate
from qiskit_runtime_rest import (
    ApiError,
    ConfigurationError,
    ContractViolation,
    InvalidInput,
    InvalidRequest,
    JobRequest,
    PendingJobsLimit,
    QuotaExceeded,
    RateLimited,
    RetryPolicy,
    RuntimeClient,
    SubmissionPolicy,
    SubmissionUnknown,
    SubmissionWarning,
    TransportError,
)
from qiskit_runtime_rest.config import state_file as state
from qiskit_runtime_rest.testing import Emulator

from ..conftest import FakeClock
from ..fixtures.faces import every, now
from ..fixtures.faulty_proxy import FaultyProxy
from ..fixtures.service import BACKEND, FLIPPED, ONES, environment, script, sent

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def idle(emulator: Emulator) -> Iterator[None]:
    """No job runs."""
    emulator.pace = "hold"
    return


def request(shots: int = 1, **fields: Any) -> JobRequest:
    return JobRequest.sampler(ONES, shots=shots, backend=BACKEND, **fields)


async def recorded(client: Any) -> list[str]:
    return [job.id for job in await every(client.jobs.list())]


LOST = ("reset_after", "server_error", "bad_gateway", "edge_error", "truncated")


@pytest.mark.parametrize("kind", LOST)
async def test_a_job_whose_answer_is_lost_is_found_and_adopted(client: Any, emulator: Emulator, kind: str) -> None:
    script(emulator, {"kind": kind, "when": "after"}, operation="create_job")
    job = await now(client.sampler(ONES, backend=BACKEND, tags=["mine"]))
    assert await recorded(client) == [job.id]
    assert len(sent(emulator, "create_job")) == 1
    assert "mine" in job.tags
    assert job.program_id == "sampler"


async def test_a_lost_estimator_job_is_found_the_same(client: Any, emulator: Emulator) -> None:
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    job = await now(client.estimator((FLIPPED, "ZZ"), backend=BACKEND))
    assert await recorded(client) == [job.id]
    assert job.program_id == "estimator"


async def test_each_submission_has_a_tag_of_its_own_that_finds_it(client: Any) -> None:
    jobs = [await now(client.sampler(ONES, backend=BACKEND)) for _ in range(2)]
    tags = [job.tags[-1] for job in jobs]
    assert tags[0] != tags[1]
    assert [(await now(client.jobs.find(tag))).id for tag in tags] == [job.id for job in jobs]
    assert await now(client.jobs.find("nobody's")) is None


async def test_what_stays_missing_is_told_with_its_tag_and_can_be_looked_for_again(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    emulator.faults.add("list_jobs", kind="null", times=None, replace={"jobs": []})
    with pytest.raises(SubmissionUnknown) as unknown:
        await now(client.sampler(ONES, backend=BACKEND))
    assert 20 < sum(clock.slept) <= 30
    assert unknown.value.tag in str(unknown.value)
    assert isinstance(unknown.value.__cause__, TransportError)
    assert unknown.value.tag in unknown.value.request["tags"]
    with pytest.raises(SubmissionUnknown):
        await now(unknown.value.recover())
    emulator.faults.clear()
    job = await now(unknown.value.recover())
    assert [job.id] == await recorded(client)
    assert len(sent(emulator, "create_job")) == 1


async def test_the_error_crosses_processes_without_its_client(client: Any, emulator: Emulator) -> None:
    script(emulator, {"kind": "reset"}, operation="create_job")
    with pytest.raises(SubmissionUnknown) as unknown:
        await now(client.sampler(ONES, backend=BACKEND))
    copy = pickle.loads(pickle.dumps(unknown.value))
    assert (copy.tag, copy.request, str(copy)) == (unknown.value.tag, unknown.value.request, str(unknown.value))
    with pytest.raises(SubmissionUnknown):
        copy.recover()


async def test_on_request_what_was_not_recorded_is_submitted_again(
    connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(submission=SubmissionPolicy(if_unknown="submit again"))
    script(emulator, {"kind": "reset"}, {"kind": "reset"}, operation="create_job")
    job = await now(client.sampler(ONES, backend=BACKEND))
    assert await recorded(client) == [job.id]
    emulator.faults.add("create_job", kind="reset", times=None)
    with pytest.raises(SubmissionUnknown):
        await now(client.sampler(ONES, backend=BACKEND))


BLIND = {
    "the service fails": {"kind": "server_error"},
    "what comes is no list": {"kind": "null", "replace": {"jobs": 5}},
    "credentials that are refused": {"kind": "null", "status": 401, "body": {"errors": [{"code": 1201}]}},
}


@pytest.mark.parametrize("blind", BLIND.values(), ids=BLIND)
async def test_what_could_not_be_looked_for_is_not_taken_for_absent(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path, blind: dict[str, Any]
) -> None:
    policy = SubmissionPolicy(if_unknown="submit again")
    client = connect(journal=tmp_path / "journal.sqlite", submission=policy)
    emulator.faults.add("list_jobs", times=None, **blind)
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(SubmissionUnknown, match="could not be looked for"):
        await now(client.sampler(ONES, backend=BACKEND))
    (blindly,) = await now(client.jobs.recover())
    assert blindly.job is None
    assert isinstance(blindly.error, ApiError)
    assert len(sent(emulator, "create_job")) == 1
    emulator.faults.clear()
    (recovered,) = await now(client.jobs.recover())
    assert await recorded(client) == [recovered.job.id]
    assert await now(client.jobs.recover()) == []


async def test_a_look_that_breaks_the_contract_leaves_the_submission_unknown(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(validate="responses", journal=tmp_path / "journal.sqlite")
    emulator.faults.add("list_jobs", kind="null", times=None, replace={"count": "many"})
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(SubmissionUnknown, match="could not be looked for"):
        await now(client.sampler(ONES, backend=BACKEND))
    (blindly,) = await now(client.jobs.recover())
    assert isinstance(blindly.error, ContractViolation)
    emulator.faults.clear()
    (recovered,) = await now(client.jobs.recover())
    assert await recorded(client) == [recovered.job.id]


async def test_credentials_that_are_refused_end_the_look_at_once(client: Any, emulator: Emulator, clock: Any) -> None:
    emulator.faults.add("list_jobs", times=None, **BLIND["credentials that are refused"])
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(SubmissionUnknown) as unknown:
        await now(client.sampler(ONES, backend=BACKEND))
    assert clock.slept == []
    emulator.faults.clear()
    assert [(await now(unknown.value.recover())).id] == await recorded(client)


async def test_a_resumed_sweep_sends_nothing_again_that_it_cannot_look_for(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite")
    emulator.faults.add("list_jobs", kind="server_error", times=None)
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    for _ in range(2):
        (outcome,) = await now(client.jobs.submit_all([request()], resume="sweep"))
        assert isinstance(outcome.error, SubmissionUnknown)
    assert len(sent(emulator, "create_job")) == 1
    emulator.faults.clear()
    assert [(await now(outcome.error.recover())).id] == await recorded(client)
    (outcome,) = await now(client.jobs.submit_all([request()], resume="sweep"))
    assert [outcome.job.id] == await recorded(client)


async def test_a_refusal_of_the_second_try_says_nothing_about_the_first(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite", submission=SubmissionPolicy(if_unknown="submit again"))
    refusal = {"status": 400, "body": {"errors": [{"code": 1211, "message": "Backend not found."}]}}
    script(emulator, {"kind": "reset_after"}, refusal, operation="create_job")
    emulator.faults.add("list_jobs", kind="null", times=None, replace={"jobs": []})
    with pytest.raises(SubmissionUnknown) as unknown:
        await now(client.sampler(ONES, backend=BACKEND))
    assert isinstance(unknown.value.__cause__, InvalidRequest)
    emulator.faults.clear()
    (recovered,) = await now(client.jobs.recover())
    assert await recorded(client) == [recovered.job.id]


async def test_what_has_no_tag_is_never_sent_again(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(submission=SubmissionPolicy(if_unknown="submit again"))
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.warns(SubmissionWarning), pytest.raises(SubmissionUnknown, match="no tag"):
        await now(client.sampler(ONES, backend=BACKEND, tags=[str(n) for n in range(8)]))
    assert len(sent(emulator, "create_job")) == 1


async def test_a_job_of_somebody_else_is_not_adopted(client: Any, emulator: Emulator) -> None:
    await now(client.sampler(ONES, backend=BACKEND, tags=["other"]))
    script(emulator, {"kind": "reset"}, operation="create_job")
    emulator.faults.add("list_jobs", kind="null", times=None, replace={"jobs.0.tags": ["other"]})
    with pytest.raises(SubmissionUnknown):
        await now(client.sampler(ONES, backend=BACKEND))


@pytest.mark.parametrize("tags", [["other"], "mine among others", [["mine"]], 5, None])
async def test_a_job_is_found_by_a_tag_that_it_has(client: Any, emulator: Emulator, tags: Any) -> None:
    await now(client.sampler(ONES, backend=BACKEND, tags=["mine"]))
    assert await now(client.jobs.find("mine")) is not None
    script(emulator, {"replace": {"jobs.0.tags": tags}}, operation="list_jobs")
    assert await now(client.jobs.find("mine")) is None


@pytest.mark.parametrize("change", [{"id": ""}, {"id": 5}, {"id": None}])
async def test_an_answer_that_names_no_job_leads_to_the_job_all_the_same(
    client: Any, emulator: Emulator, change: dict[str, Any]
) -> None:
    script(emulator, {"replace": change}, operation="create_job")
    job = await now(client.sampler(ONES, backend=BACKEND))
    assert await recorded(client) == [job.id]


async def test_without_a_tag_nothing_is_looked_up(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(submission=SubmissionPolicy(tagged=False))
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(SubmissionUnknown, match="no tag"):
        await now(client.sampler(ONES, backend=BACKEND))
    assert sent(emulator, "list_jobs") == []
    with pytest.raises(InvalidInput, match="twice"):
        SubmissionPolicy(tagged=False, if_unknown="submit again")
    with pytest.raises(InvalidInput, match="if_unknown"):
        SubmissionPolicy(if_unknown="hope")  # type: ignore[arg-type]


async def test_eight_tags_of_ones_own_leave_no_room_and_that_is_said(client: Any) -> None:
    with pytest.warns(SubmissionWarning, match="leave no room"):
        job = await now(client.sampler(ONES, backend=BACKEND, tags=[str(n) for n in range(8)]))
    assert len(job.tags) == 8


async def test_the_pending_jobs_limit_is_waited_out_on_request(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    full = {"status": 429, "body": {"errors": [{"code": 3458, "message": "Too many pending jobs."}]}}
    script(emulator, *[full] * 4, operation="create_job")
    with pytest.raises(PendingJobsLimit):
        await now(connect().sampler(ONES, backend=BACKEND))
    assert clock.slept == []
    patient = connect(submission=SubmissionPolicy(wait_for_room=600))
    assert (await now(patient.sampler(ONES, backend=BACKEND))).id
    assert clock.slept == [8.0, 16.0, 32.0]


async def test_a_used_up_quota_stops_at_once_and_names_the_day_it_returns(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    used_up = {"status": 403, "body": {"errors": [{"code": 4317, "message": "The monthly quota is used up."}]}}
    script(emulator, used_up, operation="create_job")
    ends = {"usage_period": {"start_time": "2026-11-01T00:00:00Z", "end_time": "2026-11-29T00:00:00Z"}}
    script(emulator, {"replace": ends}, operation="get_usage")
    with pytest.raises(QuotaExceeded) as quota:
        await now(client.sampler(ONES, backend=BACKEND))
    assert quota.value.resets_at == "2026-11-29T00:00:00Z"
    assert "2026-11-29" in str(quota.value)
    assert clock.slept == []


async def test_once_the_quota_is_used_up_no_more_of_many_are_sent(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite")
    await now(client.jobs.submit_all([request(3)], resume="sweep"))
    used_up = {"status": 409, "body": {"errors": [{"code": 4317, "message": "The quota is used up."}]}}
    emulator.faults.add("create_job", kind="null", times=None, **used_up)
    requests = [request(n) for n in (3, 2, 1)]
    outcomes = await now(client.jobs.submit_all(requests, max_in_flight=1, resume="sweep"))
    assert outcomes[0].job is not None
    assert [type(one.error) for one in outcomes[1:]] == [QuotaExceeded, QuotaExceeded]
    assert [entry.status for entry in sent(emulator, "create_job")] == [200, 409]


async def test_a_refusal_for_the_rate_is_waited_out_for_longer_than_a_minute(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    emulator.faults.add("create_job", kind="rate_limited", times=3)
    with pytest.raises(RateLimited):
        await now(connect(submission=SubmissionPolicy(wait_for_rate=0)).sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) == 0
    client = connect()
    job = await now(client.sampler(ONES, backend=BACKEND))
    assert clock.slept == [8.0, 16.0]
    assert await recorded(client) == [job.id]
    emulator.faults.add("create_job", kind="rate_limited", times=None)
    clock.slept.clear()
    with pytest.raises(RateLimited):
        await now(client.sampler(ONES, backend=BACKEND))
    assert 60 < sum(clock.slept) <= 120


async def test_what_the_service_asks_to_wait_counts_too(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    emulator.faults.add("create_job", kind="rate_limited", times=None, retry_after=60)
    with pytest.raises(RateLimited):
        await now(connect(submission=SubmissionPolicy(wait_for_rate=130)).sampler(ONES, backend=BACKEND))
    assert clock.slept == [60.0, 60.0]


@pytest.mark.filterwarnings("ignore:replace_instance_configuration is deprecated")
async def test_a_job_that_may_take_more_than_is_left_is_warned_of(
    client: Any, blocking: RuntimeClient, emulator: Emulator
) -> None:
    limit = InstanceConfigurationUpdate(instance_limit=600)
    replace_instance_configuration.sync_detailed(client=blocking.api, body=limit)
    emulator.clear_requests()
    emulator.faults.add("get_usage", kind="null", times=None, replace={"usage_consumed_seconds": 580})
    with pytest.warns(SubmissionWarning, match="20 s left"):
        await now(client.sampler(ONES, backend=BACKEND, max_execution_time=60))
    await now(client.sampler(ONES, backend=BACKEND, max_execution_time=10))
    await now(client.sampler(ONES, backend=BACKEND))
    assert sum(request.path.endswith("/instances/usage") for request in emulator.requests) == 1


@pytest.mark.filterwarnings("ignore:replace_instance_configuration is deprecated")
async def test_of_many_those_that_may_take_more_than_is_left_are_warned_of(
    client: Any, blocking: RuntimeClient, emulator: Emulator
) -> None:
    limit = InstanceConfigurationUpdate(instance_limit=600)
    replace_instance_configuration.sync_detailed(client=blocking.api, body=limit)
    script(emulator, {"replace": {"usage_consumed_seconds": 580}}, operation="get_usage")
    with pytest.warns(SubmissionWarning, match="20 s left"):
        (outcome,) = await now(client.jobs.submit_all([request(max_execution_time=60)]))
    assert outcome.job is not None


async def test_many_are_submitted_in_order_with_an_error_for_each_that_fails(client: Any, emulator: Emulator) -> None:
    seen: list[int] = []
    requests = [request(1), no_request, lambda: request(3)]
    outcomes = await now(client.jobs.submit_all(requests, on_progress=lambda one: seen.append(one.index)))
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]
    assert isinstance(outcomes[1].error, InvalidInput)
    assert outcomes[1].job is None
    assert sorted(seen) == [0, 1, 2]
    assert sorted(await recorded(client)) == sorted([outcomes[0].job.id, outcomes[2].job.id])
    for wrong in (0, "8", 1.5, None):
        with pytest.raises(InvalidInput, match="max_in_flight"):
            await now(client.jobs.submit_all([], max_in_flight=wrong))
    with pytest.raises(InvalidInput, match=r"requests=JobRequest\(.*: pass a list of requests"):
        await now(client.jobs.submit_all(JobRequest.sampler([ONES], backend=BACKEND)))


def no_request() -> JobRequest:
    return request(0)


def broken() -> JobRequest:
    raise ZeroDivisionError


async def test_whatever_goes_wrong_in_building_one_request_the_others_are_submitted(client: Any) -> None:
    outcomes = await now(client.jobs.submit_all([request(1), broken, {"program_id": "sampler"}, request(2)]))
    assert [type(one.error) for one in outcomes] == [type(None), ZeroDivisionError, InvalidInput, type(None)]
    assert len(await recorded(client)) == 2


async def test_progress_is_told_and_what_the_callback_raises_ends_the_submission(
    client: Any, emulator: Emulator
) -> None:
    def fail(one: Any) -> None:
        raise LookupError(one.index)

    with pytest.raises(LookupError):
        await now(client.jobs.submit_all((request(n) for n in range(1, 9)), max_in_flight=1, on_progress=fail))
    assert len(sent(emulator, "create_job")) < 8


async def test_an_asynchronous_callback_is_awaited(awaited: Any) -> None:
    seen = []

    async def see(one: Any) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(one.index)

    await awaited.jobs.submit_all([request(1), request(2)], on_progress=see)
    assert sorted(seen) == [0, 1]


def test_an_interrupt_ends_those_that_wait_for_their_turn(
    options: dict[str, Any], emulator: Emulator, tmp_path: Path
) -> None:
    waits = threading.Semaphore(0)

    class Standing(type(options["clock"])):  # type: ignore[misc]
        def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
            waits.release()
            assert stop is not None
            assert stop.wait(60)

    def interrupted() -> Iterator[JobRequest]:
        yield from map(request, (1, 2, 3))
        # The first has been sent, and the others wait for the next minutes.
        assert waits.acquire(timeout=60)
        assert waits.acquire(timeout=60)
        raise KeyboardInterrupt

    paced = {"submissions_per_minute": 1, "state_path": tmp_path / "state.sqlite", "journal": True}
    with RuntimeClient(**{**options, **paced, "clock": Standing(emulator)}) as client:
        with pytest.raises(KeyboardInterrupt):
            client.jobs.submit_all(interrupted(), max_in_flight=3)
        assert client.jobs.recover() == []
    assert len(sent(emulator, "create_job")) == 1


async def test_what_was_submitted_under_a_name_is_not_submitted_again(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="journal"):
        await now(connect().jobs.submit_all([request()], resume="sweep"))
    client = connect(journal=tmp_path / "journal.sqlite")
    first = await now(client.jobs.submit_all([request(n, tags=["mine"]) for n in (1, 2)], resume="sweep"))
    again = await now(client.jobs.submit_all([request(n, tags=["mine"]) for n in (1, 2, 3)], resume="sweep"))
    assert [one.job.id for one in again][:2] == [one.job.id for one in first]
    assert [one.job.tags for one in again][:2] == [one.job.tags for one in first]
    assert len(sent(emulator, "create_job")) == 3
    changed = await now(client.jobs.submit_all([request(5)], resume="sweep"))
    other = await now(client.jobs.submit_all([request(1)], resume="other sweep"))
    assert len({one.job.id for one in [*again, *changed, *other]}) == 5


async def test_a_job_may_be_built_on_an_executor(client: Any) -> None:
    with ThreadPoolExecutor(1) as executor:
        (outcome,) = await now(client.jobs.submit_all([request], executor=executor))
    assert outcome.job.id in await recorded(client)


class Stuck(Executor):
    """A cluster that never comes to what it is given."""

    def __init__(self) -> None:
        self.given: list[Future[Any]] = []
        self.is_full = anyio.Event()

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        self.given.append(Future())
        if len(self.given) == 3:
            self.is_full.set()
        return self.given[-1]


async def test_a_cancelled_task_does_not_wait_for_a_cluster_and_takes_back_what_it_gave(
    awaited: Any, emulator: Emulator
) -> None:
    executor = Stuck()
    async with anyio.create_task_group() as group:
        submitting = functools.partial(awaited.jobs.submit_all, [request] * 5, max_in_flight=3, executor=executor)
        group.start_soon(submitting)
        await executor.is_full.wait()
        group.cancel_scope.cancel()
    assert [future.cancelled() for future in executor.given] == [True] * 3
    assert sent(emulator, "create_job") == []


KILLED = """
import os, sys
from qiskit_runtime_rest import JobRequest, RuntimeClient
from qiskit_runtime_rest.http import clients as http
send_once = http.HttpClient.send_once
def killed(self, request, **options):
    if request.method == "POST" and request.url.path.endswith("/v1/jobs"):
        if sys.argv[2] == "after":
            send_once(self, request, **options)
        os._exit(9)
    return send_once(self, request, **options)
http.HttpClient.send_once = killed
with RuntimeClient(journal=sys.argv[1]) as client:
    client.jobs.submit("sampler", backend="ibm_torino", params={"pubs": [["x"]], "version": 2})
"""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_what_a_killed_process_left_behind_is_settled(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path, moment: str
) -> None:
    journal = tmp_path / "journal.sqlite"
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(journal), moment]
    killed = await anyio.to_thread.run_sync(lambda: subprocess.run(command, env=variables, check=False))
    assert killed.returncode == 9
    client = connect(journal=journal)
    (recovered,) = await now(client.jobs.recover())
    there = await recorded(client)
    assert there == ([recovered.job.id] if moment == "after" else [])
    assert (recovered.job is None) == (moment == "before")
    assert recovered.entry.backend == BACKEND
    assert await now(client.jobs.recover()) == []


KILLED_IN_THE_MIDDLE = """
import itertools, os, sys
from qiskit_runtime_rest import JobRequest, RuntimeClient
from qiskit_runtime_rest.http import clients as http
send_once, sent = http.HttpClient.send_once, itertools.count(1)
def killed(self, request, **options):
    response = send_once(self, request, **options)
    if request.method == "POST" and request.url.path.endswith("/v1/jobs") and next(sent) == 5:
        os._exit(9)
    return response
http.HttpClient.send_once = killed
requests = (JobRequest.sampler(sys.argv[2], shots=n, backend="ibm_torino") for n in range(1, 11))
with RuntimeClient(journal=sys.argv[1]) as client:
    client.jobs.submit_all(requests, max_in_flight=2, resume="sweep")
"""


async def test_another_process_goes_on_where_a_killed_one_stopped(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.sqlite"
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(journal), ONES]
    killed = await anyio.to_thread.run_sync(lambda: subprocess.run(command, env=variables, check=False))
    assert killed.returncode == 9
    assert 5 <= len(sent(emulator, "create_job")) <= 6
    client = connect(journal=journal)
    outcomes = await now(client.jobs.submit_all([request(n) for n in range(1, 11)], resume="sweep"))
    jobs = {job.id: job.raw["params"]["shots"] for job in await every(client.jobs.list(params=True))}
    assert [jobs[one.job.id] for one in outcomes] == [*range(1, 11)]
    assert len(jobs) == 10


BREAKS = "CREATE TRIGGER breaks BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"


def break_down(path: Path, change: str, table: str = "submissions") -> None:
    """Let the state file at `path` refuse such a change."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(BREAKS.format(change=change, table=table))


async def test_a_journal_that_breaks_once_the_job_is_there_does_not_take_it_away(
    connect: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite")
    jobs = [await now(client.sampler(ONES, backend=BACKEND))]
    break_down(tmp_path / "journal.sqlite", "UPDATE")
    jobs.append(await now(client.sampler(ONES, backend=BACKEND)))
    assert sorted(await recorded(client)) == sorted(job.id for job in jobs)
    assert f"{jobs[1].id}. the state file" in caplog.text
    # It is still written down as sent, and found by whoever looks.
    (recovered,) = await now(client.jobs.recover())
    assert recovered.job.id == jobs[1].id


async def test_a_journal_that_breaks_before_stops_the_submission(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite")
    await now(client.sampler(ONES, backend=BACKEND))
    break_down(tmp_path / "journal.sqlite", "INSERT")
    with pytest.raises(ConfigurationError, match="the disk is full"):
        await now(client.sampler(ONES, backend=BACKEND))
    assert len(sent(emulator, "create_job")) == 1


async def test_the_journal_is_for_its_owner_only_and_keeps_no_params(
    connect: Callable[..., Any], tmp_path: Path
) -> None:
    journal = tmp_path / "state" / "journal.sqlite"
    await now(connect(journal=journal).sampler(ONES, backend=BACKEND))
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.parent.stat().st_mode & 0o777 == 0o700
    assert b"OPENQASM" not in b"".join(path.read_bytes() for path in journal.parent.iterdir())
    with sqlite3.connect(journal) as file:
        assert file.execute("SELECT outcome FROM submissions").fetchall() == [("recorded",)]
    file.close()


async def test_a_journal_that_cannot_be_written_is_an_error_before_anything_is_sent(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="state file"):
        await now(connect(journal=tmp_path / "file" / "journal.sqlite").sampler(ONES, backend=BACKEND))
    assert emulator.requests == []


async def test_a_client_without_a_journal_has_nothing_to_recover(client: Any) -> None:
    with pytest.raises(ConfigurationError, match="journal"):
        await now(client.jobs.recover())


async def test_all_clients_of_a_user_share_the_pace(connect: Callable[..., Any], clock: Any, tmp_path: Path) -> None:
    options = {"submissions_per_minute": 5, "state_path": tmp_path / "state.sqlite"}
    one, other = connect(**options), connect(**options)
    for _ in range(3):
        await now(one.sampler(ONES, backend=BACKEND))
        await now(other.sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) == pytest.approx(60)


SUBMITS = """
import sys
from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.plans.clock import SystemClock
class Clock(SystemClock):
    def time(self):
        return float(sys.argv[2])
with RuntimeClient(submissions_per_minute=1, state_path=sys.argv[1], clock=Clock()) as client:
    client.sampler(sys.argv[3], backend="ibm_torino")
"""


async def test_all_processes_of_a_user_share_the_pace(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path
) -> None:
    path = tmp_path / "state.sqlite"
    command = [sys.executable, "-c", SUBMITS, str(path), str(clock.time() - 20), ONES]
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}
    await anyio.to_thread.run_sync(lambda: subprocess.run(command, env=variables, check=True))
    await now(connect(submissions_per_minute=1, state_path=path).sampler(ONES, backend=BACKEND))
    assert clock.slept == pytest.approx([40])


async def test_a_clock_that_is_set_back_holds_nobody_up_for_as_long(
    connect: Callable[..., Any], clock: Any, tmp_path: Path
) -> None:
    client = connect(submissions_per_minute=1, state_path=tmp_path / "state.sqlite")
    await now(client.sampler(ONES, backend=BACKEND))
    with contextlib.closing(sqlite3.connect(tmp_path / "state.sqlite")) as file:
        file.execute("UPDATE pace SET at = at + 86400")
        file.commit()
    await now(client.sampler(ONES, backend=BACKEND))
    assert 0 < sum(clock.slept) <= 120


async def test_a_state_file_that_breaks_leaves_a_process_to_pace_itself(
    connect: Callable[..., Any], clock: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(submissions_per_minute=1, state_path=tmp_path / "state.sqlite")
    await now(client.sampler(ONES, backend=BACKEND))
    break_down(tmp_path / "state.sqlite", "INSERT", "pace")
    for _ in range(3):
        await now(client.sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) >= 119
    assert caplog.text.count("in this process only") == 1


async def test_a_state_file_that_stays_locked_is_told_and_holds_up_only_who_needs_it(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.sqlite"
    await now(connect(journal=path).sampler(ONES, backend=BACKEND))
    monkeypatch.setattr(state, "PATIENCE_SECONDS", 0.0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigurationError, match=r"locked.*network disks"):
            await now(connect(journal=path).sampler(ONES, backend=BACKEND))
        assert len(sent(emulator, "create_job")) == 1
        paced = connect(submissions_per_minute=1, state_path=path)
        for _ in range(2):
            await now(paced.sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) == pytest.approx(60)


async def test_where_no_state_can_be_kept_a_process_paces_itself(
    connect: Callable[..., Any], clock: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    client = connect(submissions_per_minute=1, state_path=tmp_path / "file" / "state.sqlite")
    for _ in range(3):
        await now(client.sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) == pytest.approx(120)
    assert caplog.text.count("in this process only") == 1


class ClockOfEachThread(threading.local, FakeClock):
    """A clock on which nobody's time passes while somebody else sleeps."""


def test_a_thousand_submissions_through_a_network_that_fails_become_a_thousand_jobs(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    clock = ClockOfEachThread()
    patient = {
        "clock": clock,
        "retries": RetryPolicy(attempts=12, seconds=1e9),
        "submission": SubmissionPolicy(if_unknown="submit again", most_times=20),
    }
    with FaultyProxy(emulator.base_url, rate=0.3, seed=4) as proxy:
        with RuntimeClient(**{**options, **patient, "base_url": proxy.base_url}) as client:
            outcomes = client.jobs.submit_all((request(shots) for shots in range(1, 1001)), max_in_flight=8)
        faults = sum(proxy.done.values()) - proxy.done["none"]
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    with RuntimeClient(**options) as client:
        jobs = {job.id: job for job in client.jobs.list(params=True)}
    assert len(jobs) == 1000
    assert [jobs[outcome.job.id].raw["params"]["shots"] for outcome in outcomes if outcome.job] == [*range(1, 1001)]
    assert faults > 300
