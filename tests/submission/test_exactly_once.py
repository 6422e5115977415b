"""Lost responses: one submission, one job, and the handle of that job."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import (
    ApiError,
    ContractViolation,
    RetryPolicy,
    RuntimeClient,
    SubmissionPolicy,
    SubmissionUnknown,
    TransportError,
)
from qiskit_runtime_rest.testing import Emulator, FaultyProxy

from ..fixtures.clocks import FakeClock
from ..fixtures.faces import now
from ..fixtures.service import BACKEND, FLIPPED, ONES, script, sent
from .submissions import recorded, request

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("idle")]


LOST = ("reset_after", "server_error", "bad_gateway", "edge_error", "truncated")


@pytest.mark.parametrize("kind", LOST)
async def test_a_job_whose_response_is_lost_is_found(client: Any, emulator: Emulator, kind: str) -> None:
    script(emulator, {"kind": kind, "when": "after"}, operation="create_job")
    job = await now(client.sampler(ONES, backend=BACKEND, tags=["mine"]))
    assert await recorded(client) == [job.id]
    assert len(sent(emulator, "create_job")) == 1
    assert "mine" in job.tags
    assert job.program_id == "sampler"


async def test_an_estimator_job_whose_response_is_lost_is_found(client: Any, emulator: Emulator) -> None:
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    job = await now(client.estimator((FLIPPED, "ZZ"), backend=BACKEND))
    assert await recorded(client) == [job.id]
    assert job.program_id == "estimator"


async def test_each_submission_is_found_by_its_unique_tag(client: Any) -> None:
    jobs = [await now(client.sampler(ONES, backend=BACKEND)) for _ in range(2)]
    tags = [job.tags[-1] for job in jobs]
    assert tags[0] != tags[1]
    assert [(await now(client.jobs.find(tag))).id for tag in tags] == [job.id for job in jobs]
    assert await now(client.jobs.find("nobody's")) is None


async def test_a_job_that_stays_missing_can_be_looked_up_again_from_the_error(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    emulator.faults.add("list_jobs", kind="null", times=None, replace={"jobs": []})
    with pytest.raises(SubmissionUnknown) as unknown:
        await now(client.sampler(ONES, backend=BACKEND))
    assert 20 < sum(clock.slept) <= 30
    assert unknown.value.tag
    assert unknown.value.tag in str(unknown.value)
    assert isinstance(unknown.value.__cause__, TransportError)
    assert unknown.value.tag in (unknown.value.request or {})["tags"]
    with pytest.raises(SubmissionUnknown):
        await now(unknown.value.recover())
    emulator.faults.clear()
    job = await now(unknown.value.recover())
    assert [job.id] == await recorded(client)
    assert len(sent(emulator, "create_job")) == 1


async def test_the_error_pickles_without_its_client(client: Any, emulator: Emulator) -> None:
    script(emulator, {"kind": "reset"}, operation="create_job")
    with pytest.raises(SubmissionUnknown) as unknown:
        await now(client.sampler(ONES, backend=BACKEND))
    copy = pickle.loads(pickle.dumps(unknown.value))
    assert (copy.tag, copy.request, str(copy)) == (unknown.value.tag, unknown.value.request, str(unknown.value))
    with pytest.raises(SubmissionUnknown):
        copy.recover()


async def test_submit_again_sends_what_was_not_recorded(connect: Callable[..., Any], emulator: Emulator) -> None:
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
async def test_a_failed_look_up_is_not_taken_for_a_missing_job(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path, blind: dict[str, Any]
) -> None:
    policy = SubmissionPolicy(if_unknown="submit again")
    client = connect(journal=tmp_path / "journal.sqlite", submission=policy)
    emulator.faults.add("list_jobs", times=None, **blind)
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(SubmissionUnknown, match="could not be looked up"):
        await now(client.sampler(ONES, backend=BACKEND))
    (blindly,) = await now(client.jobs.recover())
    assert blindly.job is None
    assert isinstance(blindly.error, ApiError)
    assert len(sent(emulator, "create_job")) == 1
    emulator.faults.clear()
    (recovered,) = await now(client.jobs.recover())
    assert await recorded(client) == [recovered.job.id]
    assert await now(client.jobs.recover()) == []


async def test_a_look_up_that_violates_the_contract_leaves_the_outcome_unknown(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(validate="responses", journal=tmp_path / "journal.sqlite")
    emulator.faults.add("list_jobs", kind="null", times=None, replace={"count": "many"})
    script(emulator, {"kind": "reset_after"}, operation="create_job")
    with pytest.raises(SubmissionUnknown, match="could not be looked up"):
        await now(client.sampler(ONES, backend=BACKEND))
    (blindly,) = await now(client.jobs.recover())
    assert isinstance(blindly.error, ContractViolation)
    emulator.faults.clear()
    (recovered,) = await now(client.jobs.recover())
    assert await recorded(client) == [recovered.job.id]


async def test_a_resumed_sweep_does_not_send_again_what_cannot_be_looked_up(
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


@pytest.mark.parametrize("tags", [["other"], "mine among others", [["mine"]], 5, None])
async def test_a_job_is_found_by_a_tag_that_it_has(client: Any, emulator: Emulator, tags: Any) -> None:
    await now(client.sampler(ONES, backend=BACKEND, tags=["mine"]))
    assert await now(client.jobs.find("mine")) is not None
    script(emulator, {"replace": {"jobs.0.tags": tags}}, operation="list_jobs")
    assert await now(client.jobs.find("mine")) is None


class ClockOfEachThread(threading.local, FakeClock):
    """A clock for each thread: no thread waits for the sleep of another."""


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
