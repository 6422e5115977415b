from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


@pytest.fixture(autouse=True)
def held(emulator: Emulator) -> None:
    emulator.pace = "hold"


@pytest.fixture
def ids(emulator: Emulator, api: httpx.Client, submit: Submit) -> list[str]:
    """A job, a batch with a job, a dedicated session without, a cancelled job: each a second after the other."""
    made = [submit(api, tags=["single"])]
    emulator.clock.advance(1)
    made.append(api.post("/sessions", json={"mode": "batch", "backend": "ibm_kingston"}).json()["id"])
    submit(api, session_id=made[-1], backend="ibm_kingston", tags=["inside"])
    emulator.clock.advance(1)
    made.append(api.post("/sessions", json={"mode": "dedicated", "backend": "ibm_fez"}).json()["id"])
    emulator.clock.advance(1)
    made.append(submit(api))
    api.post(f"/jobs/{made[-1]}/cancel")
    return made


def listed(api: httpx.Client, **query: Any) -> list[str]:
    answer = api.get("/workloads", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total_count"] == len(answer.json()["workloads"])
    return [workload["id"] for workload in answer.json()["workloads"]]


def test_single_jobs_sessions_and_batches_are_in_one_list(api: httpx.Client, ids: list[str]) -> None:
    workloads = api.get("/workloads").json()["workloads"]
    assert [workload["id"] for workload in workloads] == ids
    assert [workload["mode"] for workload in workloads] == ["job", "batch", "session", "job"]
    assert [workload["status"] for workload in workloads] == ["pending", "pending", "pending", "canceled"]
    assert [workload["tags"] for workload in workloads] == [["single"], ["inside"], [], []]
    assert [workload["accepting_jobs"] for workload in workloads] == [None, True, True, None]


def test_the_list_is_filtered(emulator: Emulator, api: httpx.Client, ids: list[str], connect: Connect) -> None:
    job, batch, session, cancelled = ids
    created = api.get(f"/jobs/{cancelled}").json()["created"]
    assert listed(api, sort="-createdAt") == ids[::-1]
    assert listed(api, backend="ibm_kingston") == [batch]
    assert listed(api, mode="session") == [session]
    assert listed(api, status=["canceled", "failed"]) == [cancelled]
    assert listed(api, search="insid") == [batch]
    assert listed(api, search=job[3:12]) == [job]
    assert listed(api, tags=["single"]) == [job]
    assert listed(api, created_after=created) == [cancelled]
    assert listed(api, created_before=created) == ids
    assert listed(api, user="me") == ids
    second_user = connect(emulator, key="emulator-api-key-not-a-secret-of-a-second-user")
    assert listed(second_user, user="me") == []
    assert listed(second_user) == ids


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_cursors_lead_to_the_end_and_back(api: httpx.Client, ids: list[str], sort: str) -> None:
    limit = 3
    in_order = ids if sort == "createdAt" else ids[::-1]
    page = api.get("/workloads", params={"limit": limit, "sort": sort}).json()
    forward = [page]
    while "next" in page:
        page = api.get(page["next"]["href"]).json()
        forward.append(page)
        assert len(forward) <= len(ids)
    assert [one["id"] for part in forward for one in part["workloads"]] == in_order
    assert {part["total_count"] for part in forward} == {4}
    assert "previous" not in forward[0]
    before = api.get(forward[-1]["previous"]["href"]).json()["workloads"]
    first_of_last = in_order.index(forward[-1]["workloads"][0]["id"])
    assert [one["id"] for one in before] == in_order[max(0, first_of_last - limit) : first_of_last]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 51},
        {"limit": "all"},
        {"sort": "name"},
        {"status": "done"},
        {"mode": "party"},
        {"user": "you"},
        {"next": "nonsense"},
        {"previous": "W10="},
    ],
)
def test_wrong_filters_are_refused(api: httpx.Client, query: dict[str, Any]) -> None:
    answer = api.get("/workloads", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 3220)


def test_tags_are_found_by_a_part_of_them(api: httpx.Client, submit: Submit) -> None:
    submit(api, tags=["calibration", "daily"])
    submit(api, tags=["recalibrated"])
    assert api.get("/tags", params={"type": "job", "search": "CALIB"}).json() == {
        "tags": ["calibration", "recalibrated"]
    }
    assert api.get("/tags", params={"type": "job", "search": "none of them"}).json() == {"tags": []}


@pytest.mark.parametrize("query", [{}, {"type": "job"}, {"search": "abc"}, {"type": "x"}])
def test_tags_are_searched_by_type(api: httpx.Client, query: dict[str, str]) -> None:
    assert api.get("/tags", params=query).status_code == 404
