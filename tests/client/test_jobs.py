from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from qiskit_runtime_rest import (
    Conflict,
    InvalidInput,
    InvalidRequest,
    JobFailed,
    NotFound,
    ResultUnavailable,
    ServerError,
    SubmissionPolicy,
    WaitTimeout,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, BELL, FLIPPED, NOT_NATIVE, ONES, STUDY, asked, script, sent

pytestmark = pytest.mark.anyio


async def test_a_submitted_circuit_is_waited_for_through_its_statuses_and_its_counts_come_back(
    client: Any, emulator: Emulator
) -> None:
    emulator.pace = "seconds:2"
    seen: list[str] = []
    job = await now(client.sampler([BELL], backend=BACKEND, shots=200))
    result = await now(job.result(on_status=seen.append))
    assert seen == ["Queued", "Running", "Completed"]
    counts = result[0].counts()
    assert sum(counts.values()) == 200
    assert counts["00"] + counts["11"] > 120
    assert len(result[0].bitstrings()) == 200


@pytest.mark.parametrize("support_qiskit", [True, False], ids=["wrapped", "plain"])
async def test_a_sampler_result_reads_the_same_in_both_forms(client: Any, support_qiskit: bool) -> None:
    params = {"pubs": [[ONES, None, 50]], "version": 2, "support_qiskit": support_qiskit}
    job = await now(client.jobs.submit("sampler", backend=BACKEND, params=params))
    result = await now(job.result())
    assert (b"__type__" in result.raw) == support_qiskit
    assert result.kind == "sampler"
    counts = result[0].counts()
    assert sum(counts.values()) == 50
    assert max(counts, key=lambda bits: counts[bits]) == "11"
    assert result[0].bitstrings() == result[0].data["c"].bitstrings()
    assert result[0].data["c"].num_bits == 2
    assert isinstance(result.metadata, dict)
    assert isinstance(result[0].metadata, dict)


@pytest.mark.parametrize("support_qiskit", [True, False], ids=["wrapped", "plain"])
async def test_an_estimator_result_reads_the_same_in_both_forms(client: Any, support_qiskit: bool) -> None:
    pub = [FLIPPED, ["ZZ", {"IZ": 2.0}], [], 0.05]
    params = {"pubs": [pub], "version": 2, "support_qiskit": support_qiskit}
    job = await now(client.jobs.submit("estimator", backend=BACKEND, params=params))
    result = await now(job.result())
    assert (b"__type__" in result.raw) == support_qiskit
    assert result.kind == "estimator"
    zz, iz = result[0].evs
    assert zz == pytest.approx(1.0, abs=0.4)
    # Qubit 0 of this snapshot reads wrong one time in eighty: -2 x (1 - 2 x 0.0125).
    assert iz == pytest.approx(-1.95, abs=0.3)
    assert len(result[0].stds) == 2
    assert all(0 <= error < 0.3 for error in result[0].stds)
    assert result[0].metadata["target_precision"] == 0.05
    assert set(result[0].data) >= {"evs", "stds"}


async def test_the_conveniences_send_the_pubs_that_were_asked_for(
    connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.pace = "hold"
    client = connect(submission=SubmissionPolicy(tagged=False))
    await now(client.sampler(ONES, backend=BACKEND, shots=7, options={"default_shots": 9}, tags=["a"], private=True))
    await now(client.estimator((FLIPPED, "ZZ"), backend=BACKEND, precision=0.5, max_execution_time=60))
    sampled, estimated = (json.loads(request.body) for request in sent(emulator, "create_job"))
    assert sampled == {
        "program_id": "sampler",
        "backend": BACKEND,
        "tags": ["a"],
        "private": True,
        "params": {
            "pubs": [[ONES]],
            "shots": 7,
            "options": {"default_shots": 9},
            "version": 2,
            "support_qiskit": True,
        },
    }
    assert estimated["params"]["pubs"] == [[FLIPPED, "ZZ"]]
    assert estimated["params"]["precision"] == 0.5
    assert estimated["cost"] == 60


async def test_submitting_costs_one_request_and_the_handle_knows_what_was_submitted(
    client: Any, emulator: Emulator
) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", tags=["one", "two"], **STUDY))
    assert asked(emulator) == ["create_job"]
    assert (job.backend, job.program_id, job.tags[:2], job.session_id) == (BACKEND, "sampler", ["one", "two"], None)
    assert job.id in repr(job)
    assert "sampler" in repr(job)
    with pytest.raises(ResultUnavailable, match="refresh"):
        _ = job.details
    await now(job.refresh())
    assert job.details.id == job.id
    assert job.details.cost == 10800
    assert "params" not in job.raw
    assert (await now(job.refresh(params=True)))["params"]["pubs"] == [[ONES, None, 1]]


async def test_another_client_takes_a_job_up_by_its_id(connect: Callable[..., Any]) -> None:
    submitted = await now(connect().sampler([ONES], backend=BACKEND, shots=20))
    found = await now(connect().jobs.get(submitted.id))
    assert found == submitted
    assert hash(found) == hash(submitted)
    assert found.program_id == "sampler"
    assert sum((await now(found.result()))[0].counts().values()) == 20


async def test_jobs_of_two_instances_are_not_equal(connect: Callable[..., Any], emulator: Emulator) -> None:
    emulator.pace = "hold"
    mine = await now(connect().jobs.submit("sampler", **STUDY))
    other = connect(instance=emulator.instances["emulator-open"])
    theirs = type(mine)(other._connection, mine.id)
    assert mine != theirs
    assert mine != mine.id
    with pytest.raises(NotFound) as failure:
        await now(other.jobs.get(mine.id))
    assert failure.value.code == 1291


@pytest.mark.parametrize("job_id", ["", None, 5])
async def test_what_is_no_job_id_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, job_id: Any
) -> None:
    with pytest.raises(InvalidInput, match="job_id"):
        await now(client.jobs.get(job_id))
    with pytest.raises(InvalidInput, match="job_id"):
        client.jobs.handle(job_id)
    assert emulator.requests == []


async def test_a_handle_is_made_of_an_id_alone_and_does_all_that_the_job_can(client: Any, emulator: Emulator) -> None:
    submitted = await now(client.jobs.submit("sampler", **STUDY))
    emulator.clear_requests()
    job = client.jobs.handle(submitted.id)
    assert emulator.requests == []
    assert (job, job.program_id, job.failure) == (submitted, None, None)
    assert await now(job.wait(timeout=60)) == "Completed"
    assert (await now(job.result())).kind == "sampler"
    with pytest.raises(NotFound):
        await now(client.jobs.handle("no-such-job").wait(timeout=60))


async def test_an_id_with_special_characters_stays_within_its_part_of_the_path(client: Any, emulator: Emulator) -> None:
    with pytest.raises(NotFound):
        await now(client.jobs.get("a/../b?c=d#e"))
    request = emulator.requests[-1]
    assert request.path == "/api/v1/jobs/a/../b?c=d#e"
    assert request.query == "exclude_params=true"


async def test_a_queued_job_can_be_cancelled_and_then_deleted(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **STUDY))
    with pytest.raises(InvalidRequest):
        await now(job.delete())
    await now(job.cancel())
    assert await now(job.status()) == "Cancelled"
    with pytest.raises(Conflict):
        await now(job.cancel())
    await now(job.delete())
    with pytest.raises(NotFound):
        await now(job.status())


async def test_a_running_job_can_be_cancelled(client: Any, emulator: Emulator) -> None:
    emulator.pace = {"queued": "immediate", "running": "hold"}
    job = await now(client.jobs.submit("executor", **STUDY))
    assert await now(job.status()) == "Running"
    await now(job.cancel())
    assert await now(job.status()) == "Cancelled"


async def test_a_job_that_is_over_cannot_be_cancelled(client: Any) -> None:
    completed = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(completed.wait())
    failed = await now(client.sampler([NOT_NATIVE], backend=BACKEND, shots=1))
    with pytest.raises(JobFailed):
        await now(failed.wait())
    for job in (completed, failed):
        with pytest.raises(Conflict) as refusal:
            await now(job.cancel())
        assert refusal.value.status == 409


async def test_logs_are_text_and_metrics_tell_the_times_and_the_charge(client: Any) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    assert isinstance(await now(job.logs()), str)
    metrics = await now(job.metrics())
    assert metrics.timestamps.created is not None
    assert metrics.timestamps.finished is not None
    assert metrics.usage.qpu_charge_time_seconds > 0


async def test_tags_are_replaced_not_added(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", tags=["old"], **STUDY))
    await now(job.replace_tags(["new", "newer"]))
    assert job.tags == ["new", "newer"]
    assert (await now(client.jobs.get(job.id))).tags == ["new", "newer"]
    await now(job.replace_tags([]))
    assert (await now(client.jobs.get(job.id))).tags == []


@pytest.mark.parametrize("tags", ["green", ["x"] * 9, ["x" * 87], [5], 5, None])
async def test_bad_tags_are_refused_before_anything_is_sent(client: Any, emulator: Emulator, tags: Any) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **STUDY))
    emulator.clear_requests()
    with pytest.raises(InvalidInput, match="tag"):
        await now(job.replace_tags(tags))
    assert emulator.requests == []


async def test_a_result_is_read_once_and_kept_on_the_handle(client: Any, emulator: Emulator) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    result = await now(job.result())
    assert await now(job.result()) is result
    assert len(sent(emulator, "get_job_results")) == 1


async def test_the_result_of_a_private_job_is_gone_for_another_handle(connect: Callable[..., Any]) -> None:
    client = connect()
    job = await now(client.sampler([ONES], backend=BACKEND, shots=5, private=True))
    result = await now(job.result())
    assert await now(job.result()) is result
    again = await now(client.jobs.get(job.id))
    with pytest.raises(ResultUnavailable, match="private") as gone:
        await now(again.result())
    assert gone.value.job_id == job.id


@pytest.mark.parametrize("late", [1, 2])
async def test_a_result_that_lags_a_moment_behind_the_status_is_found(
    client: Any, emulator: Emulator, clock: Any, late: int
) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    script(emulator, *[{"status": 204}] * late, operation="get_job_results")
    clock.slept.clear()
    assert sum((await now(job.result()))[0].counts().values()) == 1
    assert len(sent(emulator, "get_job_results")) == late + 1
    assert sum(clock.slept) <= 1


async def test_a_completed_job_without_a_result_is_reported_at_once(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    emulator.faults.add("get_job_results", status=204, times=None)
    began = clock.elapsed
    with pytest.raises(ResultUnavailable, match="the service has no result for this completed job") as missing:
        await now(job.result())
    assert clock.elapsed - began == 1
    assert len(sent(emulator, "get_job_results")) == 3
    assert job.id in str(missing.value)
    assert "go on" not in str(missing.value)
    assert "It continues" not in str(missing.value)
    emulator.faults.clear()
    assert len(await now(job.result())) == 1


async def test_of_many_completed_jobs_the_one_without_a_result_is_reported_at_once(
    client: Any, emulator: Emulator, clock: Any
) -> None:
    jobs = [await now(client.sampler([ONES], backend=BACKEND, shots=1)) for _ in range(2)]
    for job in jobs:
        await now(job.wait())
    emulator.faults.add("get_job_results", status=204, times=3)
    began = clock.elapsed
    ended = await now(client.jobs.wait_all(jobs, at_once=1))
    outcomes = []
    for job in ended:
        try:
            outcomes.append(len(await now(job.result())))
        except ResultUnavailable:
            outcomes.append(0)
    assert sorted(outcomes) == [0, 1]
    assert clock.elapsed - began < 3


async def test_reading_the_result_keeps_to_the_deadline(client: Any, emulator: Emulator, clock: Any) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    emulator.faults.add("get_job_results", kind="unavailable", retry_after=3, times=None)
    began = clock.elapsed
    with pytest.raises(ServerError):
        await now(job.result(timeout=10))
    assert clock.elapsed - began <= 10


@pytest.mark.parametrize("timeout", [0, 0.4, 10])
async def test_a_deadline_does_not_change_that_a_completed_job_has_no_result(
    client: Any, emulator: Emulator, clock: Any, timeout: float
) -> None:
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    emulator.faults.add("get_job_results", status=204, times=None)
    began = clock.elapsed
    with pytest.raises(ResultUnavailable, match=job.id):
        await now(job.result(timeout=timeout))
    assert clock.elapsed - began == pytest.approx(min(timeout, 1))


async def test_the_log_that_a_failed_job_has_for_a_result_is_not_read(client: Any, emulator: Emulator) -> None:
    job = await now(client.sampler([NOT_NATIVE], backend=BACKEND, shots=1))
    for _ in range(2):
        with pytest.raises(JobFailed):
            await now(job.result())
    assert sent(emulator, "get_job_results") == []


async def test_nulls_where_the_contract_has_none_do_not_break_a_job(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **STUDY))
    strange = ("id", "backend", "state", "program", "created", "cost", "tags", "user_id", "usage", "session_id")
    emulator.faults.add("get_job", kind="null", replace=dict.fromkeys(strange), times=None)
    found = await now(client.jobs.get(job.id))
    assert found == job
    assert (found.backend, found.program_id, found.session_id, found.tags) == (None, None, None, [])
    assert job.id in repr(found)
    assert await now(found.status()) == "Queued"
    emulator.faults.clear()
    nothing = {**dict.fromkeys(strange), "status": "Failed"}
    emulator.faults.add("get_job", kind="null", replace=nothing, times=None)
    with pytest.raises(JobFailed) as failure:
        await now(found.wait())
    assert failure.value.job_id == job.id
    assert (failure.value.code, failure.value.reason, failure.value.solution) == (None, None, None)


async def test_a_status_only_in_the_state_is_found_there(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **STUDY))
    script(emulator, {"replace": {"status": None}})
    assert await now(job.status()) == "Queued"


async def test_a_real_qiskit_version_keeps_the_contract(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(validate="responses")
    job = await now(client.jobs.submit("sampler", **STUDY))
    version = "qiskit_ibm_runtime-0.50.0,qiskit-2.5.2*,qiskit_aer-0.17.2*"
    usage = {"value": 3.5, "unit": "RU", "qpu_charge_time_seconds": 14, "status": "complete"}
    emulator.faults.add("get_job_metrics", status=200, body={"qiskit_version": version, "usage": usage})
    metrics = await now(job.metrics())
    assert metrics.qiskit_version == version
    assert (metrics.usage.value, metrics.usage.qpu_charge_time_seconds) == (3.5, 14)


def test_a_timeout_of_a_completed_job_says_how_to_read_its_result() -> None:
    error = WaitTimeout(job_id="job-1", status="Completed", waited=3.0)
    assert "It has completed; read its result with client.jobs.get('job-1').result()" in str(error)
    assert "It continues" not in str(error)
    assert "It continues" in str(WaitTimeout(job_id="job-1", status="Running", waited=3.0))
