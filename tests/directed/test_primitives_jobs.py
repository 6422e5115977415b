"""Primitives that run as programs of the executor are jobs like all others."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import (
    ConfigurationError,
    Conflict,
    InvalidInput,
    InvalidRequest,
    JobFailed,
    JobRequest,
    NotFound,
    RuntimeClient,
    SubmissionWarning,
)
from qiskit_runtime_rest.results.result import unpack
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, inside, now
from ..fixtures.service import BACKEND, BELL, NOT_NATIVE, ONES, sent

pytestmark = pytest.mark.anyio

GOOD = BELL.replace("$0", "$87").replace("$1", "$88")
BITS = "I" * 87
LABELS = {name: f"{name[0]}{name[1]}{BITS}" for name in ("ZZ", "XX", "IZ")}


PROGRAM_NOT_FOUND = {"errors": [{"code": 3211, "message": "Program not found.", "solution": "", "more_info": ""}]}


def programs(emulator: Emulator) -> list[str]:
    return [json.loads(request.body)["program_id"] for request in sent(emulator, "create_job")]


async def test_the_sampler_has_the_same_result_by_both_programs(client: Any, emulator: Emulator) -> None:
    for via in ("service", "executor"):
        job = await now(client.sampler([GOOD, (ONES, None, 100)], backend=BACKEND, shots=100, via=via))
        result = await now(job.result())
        assert (result.kind, len(result)) == ("sampler", 2)
        counts = result[0].counts()
        assert sum(counts.values()) == 100
        assert counts["00"] + counts["11"] > 80
    assert programs(emulator) == ["sampler", "executor"]


async def test_the_estimator_has_the_same_result_by_both_programs(client: Any) -> None:
    found = []
    for via in ("service", "executor"):
        pubs = [(GOOD, [LABELS["ZZ"], {LABELS["XX"]: 2.0}, LABELS["IZ"]])]
        job = await now(client.estimator(pubs, backend=BACKEND, precision=0.03, resilience_level=1, via=via))
        result = await now(job.result())
        assert result.kind == "estimator"
        assert [round(value) for value in result[0].evs] == [1, 2, 0]
        assert result[0].metadata["target_precision"] == 0.03
        found.append(result[0])
    assert type(found[0]) is type(found[1])
    assert set(found[0].data) == set(found[1].data)
    assert set(found[0].metadata) <= set(found[1].metadata)


async def test_any_process_reads_the_result_by_the_id(client: Any, tmp_path: Path) -> None:
    job = await now(client.estimator([(GOOD, LABELS["ZZ"])], backend=BACKEND, precision=0.1, via="executor"))
    result = await now(job.result(save_to=tmp_path))
    again = await now(client.jobs.get(job.id))
    assert (await now(again.result())).raw == result.raw
    saved = tmp_path / f"{job.id}.executor.json"
    assert (await now(client.load_result(saved)))[0].evs == result[0].evs == pickle.loads(pickle.dumps(result))[0].evs
    assert pickle.loads(pickle.dumps(job)).id == job.id


async def test_a_session_runs_them(client: Any) -> None:
    async with inside(client.sessions.create(backend=BACKEND)) as session:
        job = await now(session.sampler(ONES, shots=5, via="executor"))
        assert (job.session_id, job.program_id) == (session.id, "executor")


async def test_several_numbers_of_shots_are_one_batch_behind_one_handle(client: Any, emulator: Emulator) -> None:
    pubs = [(ONES, None, 7), (GOOD, None, 9), (ONES, None, 7), ONES]
    job = await now(client.sampler(pubs, backend=BACKEND, shots=11, tags=["mine"], via="executor"))
    assert len(job.parts) == 3
    (batch,) = {part.session_id for part in job.parts}
    assert json.loads(sent(emulator, "create_session")[0].body)["mode"] == "batch"
    assert (await now(client.sessions.get(batch))).raw["accepting_jobs"] is False
    seen: list[str] = []
    assert await now(job.wait(on_status=lambda update: seen.append(update.job_id))) == "Completed"
    assert set(seen) == {part.id for part in job.parts}
    result = await now(job.result())
    assert [sum(pub.counts().values()) for pub in result] == [7, 9, 7, 11]
    assert pickle.loads(pickle.dumps(result)) == result
    assert (await now(job.status()), job.failure, job.program_id, job.backend) == (
        "Completed",
        None,
        "executor",
        BACKEND,
    )
    assert "mine" in job.tags
    again = pickle.loads(pickle.dumps(job))
    assert [part.id for part in again.parts] == [part.id for part in job.parts]
    assert again == job
    assert isinstance(await now(job.logs()), str)
    await now(job.replace_tags(["other"]))
    assert job.tags == ["other"]
    with pytest.raises(InvalidInput, match=r"job\.parts"):
        await now(job.metrics())
    with pytest.raises(Conflict):
        await now(job.cancel())


async def test_several_precisions_in_a_session_are_jobs_of_the_session(client: Any, emulator: Emulator) -> None:
    async with inside(client.sessions.create(backend=BACKEND)) as session:
        pubs = [(GOOD, LABELS["ZZ"], None, 0.1), (GOOD, "III", None, 0.2), (GOOD, LABELS["XX"], None, 0.1)]
        job = await now(session.estimator(pubs, via="executor"))
        assert {part.session_id for part in job.parts} == {session.id}
    assert len(sent(emulator, "create_session")) == 1
    result = await now(job.result())
    assert [pub.metadata["target_precision"] for pub in result] == [0.1, 0.2, 0.1]
    assert result[1].evs == 1.0
    json.dumps(result.to_dict())


async def test_waits_for_many_jobs_take_split_ones(client: Any) -> None:
    split = await now(client.sampler([(ONES, None, 2), (ONES, None, 3)], backend=BACKEND, via="executor"))
    single = await now(client.sampler(ONES, backend=BACKEND, shots=4, via="executor"))
    assert await now(client.jobs.wait_all([split, single])) == [split, single]
    assert [sum(pub.counts().values()) for pub in await now(split.result())] == [2, 3]
    ended = await every(client.jobs.as_completed([split, single]))
    assert {id(job) for job in ended} == {id(split), id(single)}


async def test_a_failed_part_fails_the_whole(client: Any) -> None:
    job = await now(client.sampler([(ONES, None, 2), (NOT_NATIVE, None, 3)], backend=BACKEND, via="executor"))
    with pytest.raises(JobFailed):
        await now(job.result())
    assert isinstance(job.failure, JobFailed)
    assert job.raw["status"] == "Failed"


async def test_a_split_job_is_cancelled_and_deleted_with_all_its_parts(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.sampler([(ONES, None, 2), (ONES, None, 3)], backend=BACKEND, via="executor"))
    assert await now(job.status()) == "Queued"
    await now(job.cancel())
    assert await now(job.status()) == "Cancelled"
    await now(job.delete())
    with pytest.raises(NotFound):
        await now(job.refresh())


async def test_an_error_in_the_middle_names_the_jobs_before(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("create_job", status=400, body=PROGRAM_NOT_FOUND, skip=1)
    with pytest.raises(InvalidRequest) as raised:
        await now(client.sampler([(ONES, None, 2), (ONES, None, 3)], backend=BACKEND, via="executor"))
    (job,) = await every(client.jobs.list())
    assert job.id in raised.value.__notes__[0]


async def test_a_client_runs_all_its_primitives_by_the_executor(connect: Any, emulator: Emulator) -> None:
    client = connect(primitives="executor")
    await now(client.sampler(ONES, backend=BACKEND, shots=2))
    await now(client.sampler(ONES, backend=BACKEND, shots=2, via="service"))
    async with inside(client.sessions.create(backend=BACKEND)) as session:
        await now(session.sampler(ONES, shots=2))
    await now(client.jobs.submit_all([JobRequest.sampler(ONES, backend=BACKEND)]))
    assert programs(emulator) == ["executor", "sampler", "executor", "executor"]
    many = JobRequest.sampler([(ONES, None, 1), (ONES, None, 2)], backend=BACKEND)
    (refused,) = await now(client.jobs.submit_all([many]))
    assert "2 jobs" in str(refused.error)


def test_the_choice_comes_from_the_environment_as_well(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setenv("QRR_PRIMITIVES", "executor")
    assert RuntimeClient(**options).settings.primitives == "executor"
    assert RuntimeClient(**options, primitives="service").settings.primitives == "service"
    with pytest.raises(ConfigurationError, match="'service' or 'executor'"):
        RuntimeClient(**options, primitives="qiskit")  # type: ignore[arg-type]


async def test_a_service_without_the_programs_is_noticed_once(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("create_job", status=404, body=PROGRAM_NOT_FOUND)
    with pytest.warns(SubmissionWarning, match="no program 'sampler' any more"):
        job = await now(client.sampler(ONES, backend=BACKEND, shots=2))
    assert job.program_id == "executor"
    await now(client.sampler(ONES, backend=BACKEND, shots=2))
    assert programs(emulator) == ["sampler", "executor", "executor"]


async def test_what_is_asked_for_by_name_is_not_replaced(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("create_job", status=404, body=PROGRAM_NOT_FOUND)
    with pytest.raises(NotFound):
        await now(client.sampler(ONES, backend=BACKEND, shots=2, via="service"))


async def test_requests_are_submitted_together_and_recognised_again(connect: Any, tmp_path: Path) -> None:
    def requests() -> list[JobRequest]:
        return [
            JobRequest.estimator([(GOOD, LABELS["ZZ"])], precision=0.1, backend=BACKEND, via="executor"),
            JobRequest.sampler(
                [ONES], shots=3, backend=BACKEND, via="executor", options={"twirling": {"enable_measure": True}}
            ),
        ]

    client = connect(journal=tmp_path / "journal")
    first = await now(client.jobs.submit_all(requests(), resume="study"))
    again = await now(client.jobs.submit_all(requests(), resume="study"))
    assert [one.error for one in first] == [None, None]
    assert [one.job.id for one in first] == [one.job.id for one in again]
    assert [(await now(one.job.result())).kind for one in again] == ["estimator", "sampler"]


async def test_results_are_decoded_elsewhere_and_responses_are_checked(connect: Any) -> None:
    client = connect(validate="responses")
    job = await now(client.estimator([(GOOD, LABELS["ZZ"])], backend=BACKEND, precision=0.1, via="executor"))
    with ThreadPoolExecutor(1) as pool:
        result = await now(job.result(executor=pool))
    assert pickle.loads(pickle.dumps(unpack(result.raw, "executor"))).items[0].evs == result[0].evs
    split = await now(client.sampler([(ONES, None, 2), (ONES, None, 3)], backend=BACKEND, via="executor"))
    with ThreadPoolExecutor(1) as pool:
        assert len(await now(split.result(executor=pool))) == 2


GATES = 30
LONG = f"""OPENQASM 3.0;
include "stdgates.inc";
sx $87; sx $88;
{"cz $87, $88; " * GATES}
rz(pi) $87; sx $87; rz(pi) $88; sx $88;
"""
"""Thirty gates that undo each other, between rotations that do, too: <ZZ> = 1 without noise."""


async def test_each_level_removes_the_errors_that_it_is_for(client: Any) -> None:
    found = {}
    for level in (0, 1, 2):
        pubs = [(LONG, [LABELS["ZZ"]])]
        job = await now(
            client.estimator(pubs, backend=BACKEND, precision=0.008, resilience_level=level, via="executor")
        )
        pub = (await now(job.result()))[0]
        found[level] = pub.evs[0], pub.stds[0]
    (bare, _), (readout, error), (best, best_error) = found.values()
    assert bare < readout - 3 * error
    assert readout < 1 - 5 * error
    assert abs(1 - best) < (1 - readout) / 2 + 3 * best_error


def test_a_client_does_not_load_the_room_before_it_is_used() -> None:
    script = "import sys; from qiskit_runtime_rest import RuntimeClient; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "qiskit_runtime_rest.client.logic.submit" in done.stdout.split()
    assert not [name for name in done.stdout.split() if "directed" in name]
