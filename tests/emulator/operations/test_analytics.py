from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]
DAY = 86_400.0


@pytest.fixture
def ran(emulator: Emulator, api: httpx.Client, connect: Connect, submit: Submit) -> list[dict[str, Any]]:
    """Two single jobs, two jobs of one batch a day later, one job in another instance: each waits 5 s, runs 10 s."""
    emulator.pace = {"queued": "seconds:5", "running": "seconds:10"}
    elsewhere = connect(emulator, instance=emulator.instances["emulator-open"])
    single = [submit(api), submit(api, backend="ibm_kingston")]
    emulator.clock.advance(DAY)
    api, elsewhere = connect(emulator), connect(emulator, instance=emulator.instances["emulator-open"])
    batch = api.post("/sessions", json={"mode": "batch", "backend": "ibm_fez"}).json()["id"]
    inside = [submit(api, session_id=batch) for _ in range(2)]
    other = submit(elsewhere)
    emulator.clock.advance(20)
    return [
        *(api.get(f"/jobs/{job_id}").json() for job_id in (*single, *inside)),
        elsewhere.get(f"/jobs/{other}").json(),
    ]


def charged(*jobs: dict[str, Any]) -> float:
    return sum(float(job["usage"]["qpu_charge_time_seconds"]) for job in jobs)


def test_all_metrics_add_up_over_the_jobs_that_ran(
    emulator: Emulator, connect: Connect, ran: list[dict[str, Any]]
) -> None:
    one, two, three, four, five = ran
    metrics = connect(emulator).get("/analytics/usage").json()
    expected = {
        "usage": charged(*ran),
        "jobs": 5,
        "sessions": 1,
        "sessions_usage": charged(three, four),
        "batch_sessions": 1,
        "batch_sessions_usage": charged(three, four),
        "avg_batch_sessions_usage": charged(three, four),
        "dedicated_sessions": 0,
        "max_dedicated_sessions_usage": 0,
        "individual_jobs": 3,
        "individual_jobs_usage": charged(one, two, five),
        "avg_individual_jobs_usage": charged(one, two, five) / 3,
        "queue_time": 25,
        "avg_queue_time": 5,
        "max_queue_time": 5,
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_the_counted_jobs_can_be_chosen(emulator: Emulator, connect: Connect, ran: list[dict[str, Any]]) -> None:
    api = connect(emulator)

    def jobs(**query: Any) -> int:
        return int(api.get("/analytics/usage", params=query).json()["jobs"])

    assert jobs(instance=emulator.instances["emulator-open"]) == 1
    assert jobs(instance=[emulator.instances["emulator-open"], emulator.instance]) == 5
    assert jobs(backend="ibm_kingston") == 1
    assert jobs(user_id="nobody") == 0
    assert jobs(plan="open") == 1
    assert jobs(interval_start=ran[2]["created"]) == 3
    assert jobs(interval_end=ran[2]["created"]) == 2


@pytest.mark.parametrize(
    ("group", "counts"), [("instance", [1, 4]), ("backend", [1, 4]), ("plan", [1, 4]), ("user_id", [5])]
)
def test_usage_is_grouped(
    emulator: Emulator, connect: Connect, ran: list[dict[str, Any]], group: str, counts: list[int]
) -> None:
    data = connect(emulator).get("/analytics/usage_grouped", params={"group_by": group}).json()["data"]
    assert sorted(row["jobs"] for row in data) == counts
    assert sum(row["usage"] for row in data) == pytest.approx(charged(*ran))


def test_usage_is_grouped_by_day(emulator: Emulator, connect: Connect, ran: list[dict[str, Any]]) -> None:
    api = connect(emulator)
    answer = api.get("/analytics/usage_grouped_by_date", params={"group_by": "instance"}).json()
    rows = {(row["interval_start"][:10], row["key"]): row["jobs"] for row in answer["data"]}
    first, second = ran[0]["created"][:10], ran[2]["created"][:10]
    assert rows == {
        (first, emulator.instance): 2,
        (second, emulator.instance): 2,
        (second, emulator.instances["emulator-open"]): 1,
    }
    assert answer["interval_start"] < answer["interval_end"]


def test_the_filters_list_the_values_in_use(emulator: Emulator, connect: Connect, ran: list[dict[str, Any]]) -> None:
    filters = connect(emulator).get("/analytics/filters").json()
    assert filters["backends"] == [{"name": "ibm_fez"}, {"name": "ibm_kingston"}]
    assert [one["id"] for one in filters["instances"]] == [emulator.instance, emulator.instances["emulator-open"]]
    assert filters["plans"] == [{"name": "open"}, {"name": "premium"}]
    assert [one["id"] for one in filters["users"]] == [ran[0]["user_id"]]
    subscription = filters["subscriptions"][0]["id"]
    usage = connect(emulator).get("/analytics/usage", params={"subscription_id": subscription}).json()
    assert usage["jobs"] in {1, 4}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("usage", {"interval_start": "yesterday"}, 404),
        ("usage", {"subscription_id": "x"}, 404),
        ("usage_grouped", {}, 404),
        ("usage_grouped", {"group_by": "mood"}, 404),
        ("usage_grouped_by_date", {"group_by": "backend"}, 400),
        (
            "usage_grouped_by_date",
            {"group_by": "instance", "interval_start": "2026-02-01T00:00:00Z", "interval_end": "2026-01-01T00:00:00Z"},
            400,
        ),
    ],
)
def test_wrong_queries_are_refused(api: httpx.Client, path: str, query: dict[str, str], status: int) -> None:
    answer = api.get(f"/analytics/{path}", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, 3220)
