"""The index of jobs agrees with a look at all jobs, whatever has happened to them."""

from __future__ import annotations

import random

import pytest

from qiskit_runtime_rest.emulator.state.clock import Clock
from qiskit_runtime_rest.emulator.state.identifiers import Identifiers
from qiskit_runtime_rest.emulator.state.job import Job
from qiskit_runtime_rest.emulator.state.job_index import JobIndex
from qiskit_runtime_rest.emulator.state.jobs import JobFilter, Jobs
from qiskit_runtime_rest.emulator.state.storage import MemoryStorage

INSTANCES = ("a", "b")


@pytest.fixture
def jobs(clock: Clock, storage: MemoryStorage, identifiers: Identifiers) -> Jobs:
    return Jobs(clock=clock, storage=storage, identifiers=identifiers)


def create(jobs: Jobs, **fields: object) -> Job:
    given = {"instance": "a", "user_id": "u", "program_id": "sampler", "backend": "d", **fields}
    return jobs.create(params=None, **given)


def tamper(jobs: Jobs, clock: Clock, chance: random.Random) -> None:
    """One change, as requests and the execution make them."""
    job = chance.choice(list(jobs.accounted()))
    match chance.choice(["create", "start", "end", "cancel", "tags", "delete"]):
        case "create":
            tags = tuple(chance.sample(["red", "green", "blue"], 2))
            session_id = chance.choice([None, "s1", "s2"])
            create(
                jobs, instance=chance.choice(INSTANCES), mock=chance.random() < 0.3, tags=tags, session_id=session_id
            )
        case "start" if job.status == "Queued":
            jobs.save(job.start(clock.now()))
        case "end" if job.status == "Running":
            jobs.end(job.fail(clock.now(), code=1, reason="no", solution=""))
        case "cancel" if not job.ended:
            jobs.cancel(job)
        case "tags":
            jobs.replace_tags(job, chance.sample(["red", "yellow"], 1))
        case "delete" if job.ended and not job.deleted:
            jobs.delete(job)


def test_it_knows_what_a_look_at_all_jobs_finds(jobs: Jobs, clock: Clock) -> None:
    chance = random.Random(5)
    create(jobs)
    for _ in range(600):
        tamper(jobs, clock, chance)
        clock.advance(1)
    for index in (jobs.index, JobIndex({job.id: job for job in jobs.accounted()})):
        for instance in INSTANCES:
            own = [job for job in jobs.accounted() if job.instance == instance]
            visible = [job for job in own if not job.deleted]
            assert list(index.ids(instance, pending=False, mocks=True)) == [job.id for job in visible]
            pending = [job.id for job in visible if not job.ended and not job.mock]
            assert list(index.ids(instance, pending=True, mocks=False)) == pending
            for mock, positions in enumerate(index.outside_sessions(instance, mocks=True)):
                alone = [job for job in visible if job.mock == bool(mock) and job.session_id is None]
                assert positions == [(job.created, job.id) for job in alone] != []
            assert set(index.tags(instance)) == {tag for job in visible for tag in job.tags}
            assert pending
            assert len(visible) < len(own)
            assert index.used_seconds(instance, since=0) == sum(job.qpu_seconds for job in own) > 0

        everything = list(jobs.accounted())
        for session_id in ("s1", "s2"):
            own = [job for job in everything if job.session_id == session_id and not job.deleted]
            assert list(index.ids_in_session(session_id)) == [job.id for job in own] != []
        ran = {job.id for job in everything if job.started is not None and job.finished is not None}
        assert set(index.ran) == ran != set()


def test_charges_leave_the_sum_when_their_period_is_over(jobs: Jobs, clock: Clock) -> None:
    for _ in range(3):
        clock.advance(10)
        job = create(jobs).start(clock.now())
        jobs.save(job)
        jobs.cancel(job)
    now = clock.now()
    assert [jobs.index.used_seconds("a", since=now - ago) for ago in (20, 19, 0, -1)] == [6, 4, 2, 0]


def test_a_page_has_its_part_of_the_list_and_the_count_of_all(jobs: Jobs) -> None:
    made = [create(jobs, backend="d" if number % 2 else "e").id for number in range(6)]
    page, count = jobs.page(instance="a", offset=1, limit=2)
    assert ([job.id for job in page], count) == ([made[4], made[3]], 6)
    page, count = jobs.page(instance="a", where=JobFilter(backend="e"), ascending=True, offset=1, limit=5)
    assert ([job.id for job in page], count) == ([made[2], made[4]], 3)


def test_the_last_runs_of_a_device_are_remembered_in_the_order_of_their_ends(jobs: Jobs, clock: Clock) -> None:
    for seconds in (3, 1, 2):
        job = create(jobs).start(clock.now())
        jobs.save(job)
        clock.advance(seconds)
        jobs.cancel(job)
    assert list(jobs.index.runs("d")) == [3, 1, 2]


def test_the_times_of_a_filter_are_in_its_span(jobs: Jobs) -> None:
    job = create(jobs)
    for name, away in (("created_after", 1), ("created_before", -1)):
        assert JobFilter(**{name: job.created}).matches(job)  # type: ignore[arg-type]
        assert not JobFilter(**{name: job.created + away}).matches(job)  # type: ignore[arg-type]


@pytest.mark.parametrize(("logs", "result"), [("a log", "a log"), ("", "no")])
def test_the_result_of_a_failed_job_is_its_log_or_the_reason(jobs: Jobs, clock: Clock, logs: str, result: str) -> None:
    failed = create(jobs).start(clock.now()).fail(clock.now(), code=1, reason="no", solution="")
    jobs.end(failed, logs=logs)
    assert jobs.take_result(failed) == result
