"""Limits: pending jobs, the quota, QPU time, and the rate limit shared by all processes of a user."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.lowlevel
import anyio.to_thread
import pytest

from qiskit_runtime_api.api.instances import replace_instance_configuration
from qiskit_runtime_api.models import InstanceConfigurationUpdate
from qiskit_runtime_rest import (
    ConfigurationError,
    PendingJobsLimit,
    QuotaExceeded,
    RateLimited,
    RuntimeClient,
    SubmissionPolicy,
    SubmissionWarning,
)
from qiskit_runtime_rest.config import state_file as state
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, ONES, environment, script, sent
from .submissions import break_down, recorded, request

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("idle")]


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


async def test_a_used_up_quota_is_final_and_says_when_the_period_ends(
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


async def test_after_the_quota_is_used_up_nothing_more_is_sent(
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


async def test_clients_of_a_user_share_the_rate_limit(connect: Callable[..., Any], clock: Any, tmp_path: Path) -> None:
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
    client.sampler(sys.argv[3], backend="ibm_fez")
"""


async def test_processes_of_a_user_share_the_rate_limit(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path
) -> None:
    path = tmp_path / "state.sqlite"
    command = [sys.executable, "-c", SUBMITS, str(path), str(clock.time() - 20), ONES]
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}
    await anyio.to_thread.run_sync(lambda: subprocess.run(command, env=variables, check=True))
    await now(connect(submissions_per_minute=1, state_path=path).sampler(ONES, backend=BACKEND))
    assert clock.slept == pytest.approx([40])


async def test_with_a_broken_state_file_a_process_limits_itself(
    connect: Callable[..., Any], clock: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(submissions_per_minute=1, state_path=tmp_path / "state.sqlite")
    await now(client.sampler(ONES, backend=BACKEND))
    break_down(tmp_path / "state.sqlite", "INSERT", "pace")
    for _ in range(3):
        await now(client.sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) >= 119
    assert caplog.text.count("in this process only") == 1


async def test_a_locked_state_file_is_an_error_for_the_journal_only(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.sqlite"
    await now(connect(journal=path).sampler(ONES, backend=BACKEND))
    monkeypatch.setattr(state, "LOCK_SECONDS", 0.0)
    monkeypatch.setattr(state, "OPTIONAL_SECONDS", 0.0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigurationError, match=r"locked: another program"):
            await now(connect(journal=path).sampler(ONES, backend=BACKEND))
        assert len(sent(emulator, "create_job")) == 1
        paced = connect(submissions_per_minute=1, state_path=path)
        for _ in range(2):
            await now(paced.sampler(ONES, backend=BACKEND))
    assert sum(clock.slept) == pytest.approx(60)
