from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from qiskit_runtime_rest import InvalidInput, UnexpectedAnswer
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, first, now
from ..fixtures.service import BACKEND, STUDY, script, sent

pytestmark = pytest.mark.anyio


async def submitted(client: Any, emulator: Emulator, count: int, **fields: Any) -> list[str]:
    """The ids of so many held jobs, a second between them; nothing of it in the recorded requests."""
    emulator.pace = "hold"
    ids = []
    for _ in range(count):
        ids.append((await now(client.jobs.submit("sampler", **{**STUDY, **fields}))).id)
        emulator.clock.advance(1)
    emulator.clear_requests()
    return ids


def queries(emulator: Emulator) -> list[dict[str, list[str]]]:
    return [parse_qs(request.query) for request in sent(emulator, "list_jobs")]


async def test_all_pages_are_read_the_newest_job_first(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 5)
    jobs = await every(client.jobs.list(page_size=2))
    assert [job.id for job in jobs] == ids[::-1]
    assert [query["offset"] for query in queries(emulator)] == [["0"], ["2"], ["4"]]
    assert {query["limit"][0] for query in queries(emulator)} == {"2"}
    assert {(job.backend, job.program_id, job.raw["status"]) for job in jobs} == {(BACKEND, "sampler", "Queued")}


async def test_the_first_job_costs_one_request(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 5)
    listing = client.jobs.list(page_size=2)
    assert emulator.requests == []
    assert (await first(listing)).id == ids[-1]
    assert (await first(listing)).id == ids[-2]
    assert len(sent(emulator, "list_jobs")) == 1
    assert (await first(listing)).id == ids[-3]
    assert len(sent(emulator, "list_jobs")) == 2


@pytest.mark.parametrize(("paging", "sizes"), [({}, ["3"]), ({"page_size": 2}, ["2", "2"])])
async def test_a_limit_is_the_number_of_jobs_in_all(
    client: Any, emulator: Emulator, paging: dict[str, int], sizes: list[str]
) -> None:
    ids = await submitted(client, emulator, 5)
    assert [job.id for job in await every(client.jobs.list(limit=3, **paging))] == ids[:1:-1]
    assert [query["limit"][0] for query in queries(emulator)] == sizes


async def test_an_empty_list_costs_one_request(client: Any, emulator: Emulator) -> None:
    assert await every(client.jobs.list()) == []
    assert len(sent(emulator, "list_jobs")) == 1
    assert queries(emulator)[0]["limit"] == ["200"]


async def test_jobs_of_the_oldest_first(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 5)
    assert [job.id for job in await every(client.jobs.list(page_size=2, sort="ASC"))] == ids
    assert [job.id for job in await every(client.jobs.list(page_size=2, sort="DESC"))] == ids[::-1]


async def test_jobs_that_arrive_meanwhile_repeat_none_and_hide_none(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 5)
    seen = []
    listing = client.jobs.list(page_size=2)
    for _ in range(5):
        seen.append((await first(listing)).id)
        await submitted(client, emulator, 1)
    assert seen == ids[::-1]
    assert await every(listing) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("pending", [True, None])
async def test_whoever_ends_the_jobs_of_a_list_while_reading_it_meets_each_once(
    client: Any, emulator: Emulator, pending: bool | None, limit: int
) -> None:
    ids = await submitted(client, emulator, 7)
    seen = []
    listing = client.jobs.list(pending=pending, page_size=limit)
    for _ in ids:
        job = await first(listing)
        seen.append(job.id)
        await now(job.cancel())
        await now(job.delete())
    assert seen == ids[::-1]
    assert await every(listing) == []


async def test_a_count_that_is_the_pages_own_does_not_lead_back(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 5)
    script(emulator, *({"replace": {"count": count}} for count in (2, 2, 1)), operation="list_jobs")
    assert [job.id for job in await every(client.jobs.list(page_size=2))] == ids[::-1]
    assert len(sent(emulator, "list_jobs")) == 3


@pytest.mark.parametrize("limit", [40, 200])
async def test_a_list_that_repeats_itself_ends_with_an_error(client: Any, emulator: Emulator, limit: int) -> None:
    page = {"jobs": [{"id": f"job-{number}"} for number in range(limit)]}
    script(emulator, *[{"status": 200, "body": page}] * 12, operation="list_jobs")
    with pytest.raises(UnexpectedAnswer, match="repeats itself"):
        await every(client.jobs.list(page_size=limit))
    assert len(sent(emulator, "list_jobs")) == 1 + 400 // limit


@pytest.mark.parametrize("count", [None, "five", 10**9])
async def test_a_count_that_makes_no_sense_is_not_needed(client: Any, emulator: Emulator, count: Any) -> None:
    ids = await submitted(client, emulator, 5)
    script(emulator, *[{"replace": {"count": count}}] * 3, operation="list_jobs")
    assert [job.id for job in await every(client.jobs.list(page_size=2))] == ids[::-1]


async def test_each_filter_narrows_the_list(client: Any, emulator: Emulator) -> None:
    session = await now(client.sessions.create(backend=BACKEND))
    plain = (await submitted(client, emulator, 1))[0]
    tagged = (await submitted(client, emulator, 1, tags=["a", "b"]))[0]
    inside = (await submitted(client, emulator, 1, session_id=session.id))[0]
    elsewhere = (await submitted(client, emulator, 1, backend="ibm_kingston"))[0]
    other = (await now(client.jobs.submit("executor", **STUDY))).id
    await now((await now(client.jobs.get(plain))).cancel())

    async def listed(**filters: Any) -> set[str]:
        return {job.id for job in await every(client.jobs.list(**filters))}

    assert await listed(pending=False) == {plain}
    assert await listed(pending=True) == {tagged, inside, elsewhere, other}
    assert await listed(tags=["b"]) == await listed(tags=["a", "b"]) == {tagged}
    assert await listed(tags=["a", "c"]) == set()
    assert await listed(session_id=session.id) == {inside}
    assert await listed(backend="ibm_kingston") == {elsewhere}
    assert await listed(program="executor") == {other}
    assert await listed() == {plain, tagged, inside, elsewhere, other}


async def test_params_come_on_request_only(client: Any, emulator: Emulator) -> None:
    await submitted(client, emulator, 1)
    assert "params" not in (await every(client.jobs.list()))[0].raw
    assert (await every(client.jobs.list(params=True)))[0].raw["params"] == STUDY["params"]


async def test_the_time_of_creation_bounds_the_list(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 3)
    second = datetime.datetime.fromisoformat((await now(client.jobs.get(ids[1]))).raw["created"])
    half = datetime.timedelta(seconds=0.5)
    after = await every(client.jobs.list(created_after=second - half))
    assert [job.id for job in after] == [ids[2], ids[1]]
    written = (second + half).astimezone(datetime.timezone(datetime.timedelta(hours=5.5)))
    before = await every(client.jobs.list(created_before=str(written)))
    assert [job.id for job in before] == [ids[1], ids[0]]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-04-15T12:00:00Z", datetime.datetime(2026, 4, 15, 12, tzinfo=datetime.UTC)),
        ("15 April 2026, 2 pm +02:00", datetime.datetime(2026, 4, 15, 12, tzinfo=datetime.UTC)),
        ("April 15 2026 12:00 UTC", datetime.datetime(2026, 4, 15, 12, tzinfo=datetime.UTC)),
        ("15 Apr 2026", datetime.datetime(2026, 4, 15).astimezone()),
        ("2026-04-15 08:30", datetime.datetime(2026, 4, 15, 8, 30).astimezone()),
        (datetime.datetime(2026, 4, 15, 8, 30), datetime.datetime(2026, 4, 15, 8, 30).astimezone()),
    ],
)
async def test_a_date_as_people_write_it_is_sent_with_its_offset(
    client: Any, emulator: Emulator, written: Any, meant: datetime.datetime
) -> None:
    await every(client.jobs.list(created_after=written))
    moment = datetime.datetime.fromisoformat(queries(emulator)[0]["created_after"][0])
    assert moment.tzinfo is not None
    assert moment == meant


@pytest.mark.parametrize(
    ("written", "ago"),
    [("3 days ago", {"days": 3}), ("2h", {"hours": 2}), ("90 min", {"minutes": 90}), ("1 week", {"weeks": 1})],
)
async def test_a_time_ago_counts_from_now(
    client: Any, emulator: Emulator, clock: Any, written: str, ago: dict[str, int]
) -> None:
    await every(client.jobs.list(created_after=written))
    moment = datetime.datetime.fromisoformat(queries(emulator)[0]["created_after"][0])
    now_ = datetime.datetime.fromtimestamp(clock.time(), datetime.UTC)
    assert abs(now_ - datetime.timedelta(**ago) - moment) < datetime.timedelta(seconds=1)


@pytest.mark.parametrize(("written", "days"), [("today", 0), ("yesterday", 1)])
async def test_a_day_begins_at_midnight(client: Any, emulator: Emulator, clock: Any, written: str, days: int) -> None:
    await every(client.jobs.list(created_after=written))
    moment = datetime.datetime.fromisoformat(queries(emulator)[0]["created_after"][0])
    today = datetime.datetime.fromtimestamp(clock.time()).astimezone().date()
    assert (moment.date(), moment.hour, moment.minute) == (today - datetime.timedelta(days=days), 0, 0)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("page_size", size) for size in (0, 201, -1, "5", 1.5, None)),
        *(("limit", limit) for limit in (0, -1, "5", 1.5)),
        *(("sort", sort) for sort in ("newest", "asc", 1)),
        *(("tags", tags) for tags in ("green", ["x"] * 9, [5], 5)),
        *((name, moment) for name in ("created_after", "created_before") for moment in ("soonish", "", 5, "12:00 QST")),
    ],
)
async def test_a_bad_argument_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, argument: str, value: Any
) -> None:
    with pytest.raises(InvalidInput, match=argument.rstrip("s")):
        await every(client.jobs.list(**{argument: value}))
    assert emulator.requests == []


@pytest.mark.parametrize(
    "replace",
    [
        {"jobs": None},
        {"jobs": "none"},
        {"jobs": ["an-id"]},
        {"jobs": [None]},
        {"jobs.0.id": None},
        {"jobs.0": {}},
    ],
    ids=str,
)
async def test_a_list_of_another_shape_is_a_typed_error(
    client: Any, emulator: Emulator, replace: dict[str, Any]
) -> None:
    await submitted(client, emulator, 1)
    script(emulator, {"replace": replace}, operation="list_jobs")
    with pytest.raises(UnexpectedAnswer):
        await every(client.jobs.list())


async def test_nulls_in_a_job_of_the_list_do_not_break_it(client: Any, emulator: Emulator) -> None:
    ids = await submitted(client, emulator, 2)
    nothing = dict.fromkeys(f"jobs.0.{name}" for name in STRANGE)
    script(emulator, {"replace": nothing}, operation="list_jobs")
    job, _ = await every(client.jobs.list())
    assert job.id == ids[1]
    assert (job.backend, job.program_id, job.session_id, job.tags) == (None, None, None, [])
    assert job.id in repr(job)


STRANGE = ("backend", "state", "status", "program", "created", "cost", "tags", "user_id", "usage", "session_id")
