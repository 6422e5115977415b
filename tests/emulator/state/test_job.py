from __future__ import annotations

import json

import pytest

from qiskit_runtime_rest.emulator.state.job import Job, Status, charge, ends_at
from qiskit_runtime_rest.emulator.state.progress import Step

JOB = Job(id="d1", number=1, instance="crn", user_id="u", program_id="sampler", backend="b", created=90.0, cost=60)
RUNNING = JOB.start(100.0)


@pytest.mark.parametrize(
    ("step", "now", "computed_at", "end"),
    [
        ("immediate", 105.0, None, None),
        ("immediate", 105.0, 104.0, ("completed", 104.0)),
        ("seconds:10", 105.0, 104.0, None),
        ("seconds:10", 120.0, 104.0, ("completed", 110.0)),
        ("seconds:10", 120.0, 119.0, ("completed", 119.0)),
        ("hold", 159.9, 104.0, None),
        ("hold", 160.0, 104.0, ("limit", 160.0)),
        ("immediate", 160.0, None, None),
        ("immediate", 200.0, 160.0, ("completed", 160.0)),
        ("immediate", 200.0, 161.0, ("completed", 161.0)),
        ("seconds:100", 300.0, 104.0, ("limit", 160.0)),
        ("reads:1", 300.0, 104.0, None),
    ],
)
def test_a_running_job_ends_with_its_outcome_and_progress_or_at_its_time_limit(
    step: str, now: float, computed_at: float | None, end: tuple[str, float] | None
) -> None:
    assert ends_at(RUNNING, Step.parse(step), now=now, computed_at=computed_at) == end


@pytest.mark.parametrize(
    ("shots", "seconds"), [(512, 2), (4096, 3), (8192, 4), (100_000, 28), (600_000, 158), (1_000_000, 262)]
)
def test_charges_are_those_that_were_measured(shots: int, seconds: int) -> None:
    assert charge(shots * 260e-6) == seconds


def test_a_job_is_charged_from_its_start_on() -> None:
    assert JOB.cancel(95.0).qpu_seconds == 0
    assert RUNNING.cancel(105.0).qpu_seconds == 2
    assert RUNNING.stop_at_limit(160.0).qpu_seconds == 2


def test_a_job_goes_from_state_to_state() -> None:
    assert (RUNNING.status, RUNNING.started, RUNNING.ended) == (Status.RUNNING, 100.0, False)
    assert RUNNING.requeue() == JOB
    assert (RUNNING.complete(110.0).status, RUNNING.complete(110.0).finished) == (Status.COMPLETED, 110.0)
    failed = RUNNING.fail(110.0, code=1517, reason="why", solution="")
    assert (failed.status, failed.reason_code, failed.reason_solution) == (Status.FAILED, 1517, None)
    assert (JOB.cancel(95.0).status, JOB.cancel(95.0).ran_too_long) == (Status.CANCELLED, False)
    stopped = RUNNING.stop_at_limit(160.0)
    assert (stopped.status, stopped.ran_too_long) == (Status.CANCELLED, True)
    assert stopped.reason == "Job %!v(MISSING) ran longer than %!v(MISSING)"


def test_a_record_in_json_holds_the_whole_job() -> None:
    job = RUNNING.stop_at_limit(160.0)
    assert Job.from_record(json.loads(json.dumps(job.as_record()))) == job
