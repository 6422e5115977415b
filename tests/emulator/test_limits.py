from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


@pytest.fixture(scope="module")
def limited() -> Iterator[Emulator]:
    with Emulator(
        pace="hold", virtual_clock=True, submissions_per_minute=5, pending_jobs=7, max_body_bytes=10_000
    ) as emulator:
        yield emulator


@pytest.fixture
def api(limited: Emulator, connect: Connect) -> httpx.Client:
    limited.reset()
    return connect(limited)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_five_jobs_a_minute_and_user_are_taken(
    limited: Emulator, api: httpx.Client, submit: Submit, bell: dict[str, Any], connect: Connect
) -> None:
    for _ in range(5):
        submit(api)
        limited.clock.advance(1)
    refused = api.post("/jobs", json=bell)
    assert code(refused) == (429, "1202")
    assert refused.headers["retry-after"] == "55"
    submit(connect(limited, key="emulator-api-key-not-a-secret-of-a-second-user"))
    limited.clock.advance(55)
    submit(api)


def test_only_so_many_jobs_may_be_pending(
    limited: Emulator, api: httpx.Client, submit: Submit, bell: dict[str, Any]
) -> None:
    for _ in range(7):
        submit(api)
        limited.clock.advance(30)
    assert code(api.post("/jobs", json=bell)) == (429, "3458")


def test_a_refused_job_is_not_counted(limited: Emulator, api: httpx.Client, submit: Submit) -> None:
    for _ in range(5):
        assert api.post("/jobs", json={}).status_code == 400
    submit(api)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_above_the_limit_is_refused(api: httpx.Client, chunked: bool) -> None:
    content = (b" " * 6000 for _ in range(2)) if chunked else b" " * 12_000
    answer = api.post("/jobs", content=content)
    assert code(answer) == (413, "1001")


def test_a_used_up_quota_refuses_jobs(connect: Connect, submit: Submit, bell: dict[str, Any]) -> None:
    with Emulator(quota_seconds=0) as emulator:
        api = connect(emulator)
        assert code(api.post("/jobs", json=bell)) == (409, "4317")
        usage = api.get("/instances/usage").json()
        assert (usage["usage_limit_seconds"], usage["usage_limit_reached"]) == (0, True)


def test_the_limit_set_on_an_instance_is_told_and_can_be_lifted(emulator: Emulator, connect: Connect) -> None:
    api = connect(emulator)
    assert api.get("/instances/configuration").json() == {}
    assert api.put("/instances/configuration", json={"instance_limit": 60}).status_code == 204
    assert api.get("/instances/configuration").json() == {"instance_limit": 60.0}
    assert api.get("/instances/usage").json()["usage_limit_seconds"] == 60
    assert api.get("/instance").json()["instance_limit_seconds"] == "60"
    assert api.put("/instances/configuration", json={"instance_limit": 0}).status_code == 400
    assert api.put("/instances/configuration", json={}).status_code == 204
    assert api.get("/instances/configuration").json() == {}


def test_usage_counts_against_the_limit_for_28_days(emulator: Emulator, connect: Connect, submit: Submit) -> None:
    api = connect(emulator)
    submit(api)
    emulator.clock.advance(0)
    assert api.get("/instances/usage").json()["usage_consumed_seconds"] > 0
    emulator.clock.advance(28 * 86_400)
    assert connect(emulator).get("/instances/usage").json()["usage_consumed_seconds"] > 0
    emulator.clock.advance(1)
    assert connect(emulator).get("/instances/usage").json()["usage_consumed_seconds"] == 0


def test_an_instance_that_used_up_its_own_limit_takes_no_jobs(
    emulator: Emulator, connect: Connect, submit: Submit, bell: dict[str, Any]
) -> None:
    api = connect(emulator)
    api.put("/instances/configuration", json={"instance_limit": 1})
    bell["params"]["options"] = {"default_shots": 8000}
    bell["params"]["pubs"] = [pub[:1] for pub in bell["params"]["pubs"]]
    submit(api, params=bell["params"])
    emulator.clock.advance(0)
    usage = api.get("/instances/usage").json()
    assert usage["usage_consumed_seconds"] > usage["usage_limit_seconds"] == 1
    assert code(api.post("/jobs", json=bell)) == (409, "4317")
    elsewhere = connect(emulator, instance=emulator.instances["emulator-open"])
    submit(elsewhere)
