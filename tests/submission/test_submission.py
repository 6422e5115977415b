from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_runtime_rest import (
    InvalidInput,
    JobRequest,
    NotFound,
    PendingJobsLimit,
    QuotaExceeded,
    RateLimited,
    RuntimeClient,
    SubmissionPolicy,
    SubmissionUnknown,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, now
from ..fixtures.service import BACKEND, ONES, STUDY, script, sent

pytestmark = pytest.mark.anyio


class Wrong:
    """Neither a text nor anything that has a name."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Promised(Wrong):
    """What an asynchronous client gives before it is awaited."""

    def __await__(self) -> Iterator[None]:
        return iter([None])


@pytest.fixture(autouse=True)
def idle(emulator: Emulator) -> None:
    """No job runs."""
    emulator.pace = "hold"


@pytest.fixture
def untagged(connect: Callable[..., Any]) -> Any:
    """A client whose submissions carry no tag but the caller's."""
    return connect(submission=SubmissionPolicy(tagged=False))


async def test_everything_that_is_asked_for_is_sent_under_the_contracts_names(
    untagged: Any, emulator: Emulator
) -> None:
    client = untagged
    session = await now(client.sessions.create(backend=BACKEND))
    await now(
        client.jobs.submit(
            "sampler",
            backend=BACKEND,
            params=STUDY["params"],
            tags=("a", "b"),
            session_id=session.id,
            private=True,
            max_execution_time=90.7,
            log_level="DEBUG",
            calibration_id="cal",
        )
    )
    request = sent(emulator, "create_job")[0]
    assert json.loads(request.body) == {
        "program_id": "sampler",
        "backend": BACKEND,
        "params": STUDY["params"],
        "tags": ["a", "b"],
        "session_id": session.id,
        "private": True,
        "cost": 91,
        "log_level": "debug",
        "calibration_id": "cal",
    }


async def test_what_is_left_out_is_not_sent(untagged: Any, emulator: Emulator) -> None:
    await now(untagged.jobs.submit("sampler", tags=None, session_id=None, private=None, log_level=None, **STUDY))
    assert json.loads(sent(emulator, "create_job")[0].body) == {"program_id": "sampler", **STUDY}


BAD_PARAMS: list[Any] = [None, [], "text", {"x": 1j}, {"x": float("nan")}, {"x": {1, 2}}]


@pytest.mark.parametrize(
    "bad",
    [
        *({"program_id": program} for program in ("", None, 5)),
        *({"backend": backend} for backend in ("", None, 5)),
        *({"params": params} for params in BAD_PARAMS),
        *({"tags": tags} for tags in ("green", ["x"] * 9, ["x" * 87], [5], 5)),
        *({"max_execution_time": limit} for limit in (0, 0.5, 10801, 10800.5, -1, "60", float("nan"), True, [60])),
        *({name: value} for name in ("session_id", "calibration_id") for value in (5, b"id", Wrong())),
        *({"private": value} for value in ("no", 1)),
        *({"log_level": level} for level in ("loud", 5)),
    ],
    ids=str,
)
async def test_a_bad_argument_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, bad: dict[str, Any]
) -> None:
    arguments = {"program_id": "sampler", **STUDY, **bad}
    with pytest.raises(InvalidInput, match=next(iter(bad)).rstrip("s")):
        await now(client.jobs.submit(arguments.pop("program_id"), **arguments))
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        ({"backend": Wrong()}, r"backend: expected a name, such as 'ibm_fez', .*, got Wrong"),
        ({"backend": Promised()}, r"backend: expected a name.*, got Promised\. Await it first"),
        ({"max_execution_time": "3"}, "'3': expected a number of seconds from 1 to 10800, got str"),
        ({"max_execution_time": timedelta(seconds=30)}, r"got timedelta: pass its total_seconds\(\)"),
        ({"max_execution_time": np.int64(10801)}, "must be between 1 and 10800 seconds"),
        ({"session_id": Wrong()}, r"session_id is Wrong, not str: pass the session's id, or submit with"),
        ({"private": "no"}, "private is str, not bool: pass True or False"),
        ({"program_id": None}, "program_id=None: expected a text"),
    ],
    ids=str,
)
async def test_the_error_for_a_bad_argument_says_what_to_pass(
    client: Any, emulator: Emulator, bad: dict[str, Any], advice: str
) -> None:
    arguments = {"program_id": "sampler", **STUDY, **bad}
    with pytest.raises(InvalidInput, match=advice):
        await now(client.jobs.submit(arguments.pop("program_id"), **arguments))
    assert emulator.requests == []


async def test_a_session_in_place_of_its_id_is_refused(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    with pytest.raises(InvalidInput, match="pass the session's id"):
        await now(client.sampler([ONES], backend=BACKEND, session_id=session))
    assert sent(emulator, "create_job") == []


@pytest.mark.parametrize("choose", [lambda backends: backends.least_busy(), lambda backends: backends.get(BACKEND)])
async def test_a_backend_is_named_by_its_handle(
    untagged: Any, emulator: Emulator, choose: Callable[[Any], Any]
) -> None:
    backend = await now(choose(untagged.backends))
    job = await now(untagged.sampler([ONES], backend=backend))
    session = await now(untagged.sessions.create(backend=backend))
    assert json.loads(sent(emulator, "create_job")[0].body)["backend"] == backend.name
    assert job.backend == session.backend == backend.name
    assert pickle.loads(pickle.dumps(JobRequest.sampler([ONES], backend=backend))).backend == backend.name


@pytest.mark.parametrize(
    ("limit", "cost"), [(30, 30), (np.int64(30), 30), (np.float32(30.5), 31), (30.5, 31), (Fraction(10799, 1), 10799)]
)
async def test_a_time_limit_is_any_number_in_whole_seconds(
    untagged: Any, emulator: Emulator, limit: Any, cost: int
) -> None:
    await now(untagged.jobs.submit("sampler", max_execution_time=limit, **STUDY))
    assert json.loads(sent(emulator, "create_job")[0].body)["cost"] == cost


async def test_a_missing_backend_is_refused(client: Any, emulator: Emulator) -> None:
    with pytest.raises(InvalidInput, match="expected a backend name"):
        await now(client.sampler([ONES]))
    assert emulator.requests == []


@pytest.mark.parametrize("limits", [{"tags": ["x" * 86] * 8}, {"max_execution_time": 1}, {"max_execution_time": 10800}])
async def test_what_is_just_allowed_is_sent(untagged: Any, limits: dict[str, Any]) -> None:
    assert (await now(untagged.jobs.submit("sampler", **STUDY, **limits))).id


async def test_a_job_is_sent_once_when_the_answer_is_lost(client: Any, emulator: Emulator) -> None:
    script(emulator, *[{"kind": "reset_after"}] * 3, operation="create_job")
    job = await now(client.jobs.submit("sampler", **STUDY))
    assert len(sent(emulator, "create_job")) == 1
    assert [found.id for found in await every(client.jobs.list())] == [job.id]


@pytest.mark.parametrize("trouble", ["server_error", "bad_gateway", "unavailable", "edge_error"])
async def test_a_job_is_sent_once_when_the_service_fails(client: Any, emulator: Emulator, trouble: str) -> None:
    script(emulator, *[{"kind": trouble, "when": "after"}] * 3, operation="create_job")
    job = await now(client.jobs.submit("sampler", **STUDY))
    assert len(sent(emulator, "create_job")) == 1
    assert [found.id for found in await every(client.jobs.list())] == [job.id]


async def test_a_job_is_sent_again_after_a_refusal_for_its_rate(client: Any, emulator: Emulator, clock: Any) -> None:
    script(emulator, *[{"kind": "rate_limited", "retry_after": 9}] * 2, operation="create_job")
    job = await now(client.jobs.submit("sampler", **STUDY))
    assert clock.slept == [9.0, 9.0]
    assert [found.id for found in await every(client.jobs.list())] == [job.id]


async def test_a_lasting_refusal_for_the_rate_is_raised(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("create_job", kind="rate_limited", times=None)
    with pytest.raises(RateLimited):
        await now(client.jobs.submit("sampler", **STUDY))


async def test_limits_that_stay_are_not_tried_again(client: Any, emulator: Emulator) -> None:
    pending = {"errors": [{"code": 3458, "message": "Too many pending jobs."}]}
    quota = {"errors": [{"code": 4317, "message": "The quota is used up."}]}
    script(emulator, {"status": 429, "body": pending}, {"status": 409, "body": quota}, operation="create_job")
    with pytest.raises(PendingJobsLimit):
        await now(client.jobs.submit("sampler", **STUDY))
    with pytest.raises(QuotaExceeded):
        await now(client.jobs.submit("sampler", **STUDY))
    assert len(sent(emulator, "create_job")) == 2


async def test_an_unknown_backend_is_not_found(client: Any) -> None:
    with pytest.raises(NotFound, match="device not found"):
        await now(client.sampler([ONES], backend="ibm_nowhere"))


@pytest.mark.parametrize("identifier", [None, 5])
async def test_an_answer_that_names_no_job_is_a_typed_error(untagged: Any, emulator: Emulator, identifier: Any) -> None:
    script(emulator, {"replace": {"id": identifier}}, operation="create_job")
    with pytest.raises(SubmissionUnknown, match="does not hold a job id"):
        await now(untagged.jobs.submit("sampler", **STUDY))


async def test_submissions_keep_to_their_number_a_minute(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(submissions_per_minute=5)
    for _ in range(5):
        await now(client.jobs.submit("sampler", **STUDY))
    assert clock.slept == []
    clock.sleep(20)
    for _ in range(6):
        await now(client.sampler([ONES], backend=BACKEND))
    assert clock.slept == pytest.approx([20, 40, 60])


async def test_what_cannot_be_sent_takes_no_place_and_is_not_written_down(
    connect: Callable[..., Any], emulator: Emulator, clock: Any, tmp_path: Path
) -> None:
    client = connect(submissions_per_minute=1, journal=tmp_path / "journal.sqlite")
    for wrong in ({1, 2}, float("nan"), "\ud800"):
        with pytest.raises(InvalidInput, match="JSON"):
            await now(client.jobs.submit("sampler", backend=BACKEND, params={"pubs": wrong}))
    assert await now(client.jobs.recover()) == []
    assert sent(emulator, "create_job") == []
    await now(client.jobs.submit("sampler", **STUDY))
    assert clock.slept == []


async def test_a_session_counts_towards_the_same_number_a_minute(
    connect: Callable[..., Any], emulator: Emulator, clock: Any
) -> None:
    client = connect(submissions_per_minute=2)
    session = await now(client.sessions.create(backend=BACKEND))
    await now(client.sampler([ONES], backend=BACKEND))
    await now(client.jobs.submit("sampler", **STUDY))
    await now(session.sampler([ONES]))
    assert clock.slept == pytest.approx([60])


@pytest.mark.parametrize(("per_minute", "waits"), [(0.5, [120, 120]), (1, [60, 60]), (None, [])])
async def test_less_than_one_a_minute_and_no_limit_at_all(
    connect: Callable[..., Any], clock: Any, per_minute: float | None, waits: list[float]
) -> None:
    client = connect(submissions_per_minute=per_minute)
    for _ in range(3):
        await now(client.jobs.submit("sampler", **STUDY))
    assert clock.slept == pytest.approx(waits)


async def test_a_client_with_a_rate_limit_never_meets_that_of_the_service(options: dict[str, Any]) -> None:
    with Emulator(virtual_clock=True, submissions_per_minute=5, pace="hold") as strict:
        clock = type(options["clock"])(strict)
        address = {name: getattr(strict, name) for name in ("base_url", "iam_url", "instance")}
        with RuntimeClient(**{**options, **address, "clock": clock, "submissions_per_minute": 5}) as client:
            for _ in range(12):
                client.jobs.submit("sampler", **STUDY)
        assert [request.status for request in sent(strict, "create_job")] == [200] * 12
        assert clock.slept == pytest.approx([60, 60])


def test_twenty_threads_share_one_client(blocking: RuntimeClient, emulator: Emulator) -> None:
    together = threading.Barrier(20)

    def work(number: int) -> tuple[str, str]:
        together.wait()
        job = blocking.jobs.submit("sampler", tags=[f"thread-{number}"], **STUDY)
        assert job.status() == "Queued"
        found = next(blocking.jobs.list(tags=[f"thread-{number}"]))
        return job.id, found.id

    with ThreadPoolExecutor(20) as pool:
        pairs = list(pool.map(work, range(20)))
    assert all(submitted == found for submitted, found in pairs)
    assert len({submitted for submitted, _ in pairs}) == 20
    assert len([request for request in emulator.requests if "/identity/" in request.path]) == 1
