"""The instance of the request, its account, and how clients find their instances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_used_up_quota_keeps_jobs_in_the_queue(connect: Connect, submit: Submit) -> None:
    with Emulator(quota_seconds=0, virtual_clock=True) as emulator:
        api = connect(emulator)
        job_id = submit(api)
        emulator.clock.advance(60)
        assert api.get(f"/jobs/{job_id}").json()["status"] == "Queued"
        assert api.post(f"/jobs/{job_id}/cancel").status_code == 204
        usage = api.get("/instances/usage").json()
        assert (usage["usage_limit_seconds"], usage["usage_limit_reached"]) == (0, True)


def test_a_used_up_quota_refuses_jobs_if_the_option_says_so(connect: Connect, bell: dict[str, Any]) -> None:
    with Emulator(quota_seconds=0, refuse_over_quota=True) as emulator:
        api = connect(emulator)
        assert code(api.post("/jobs", json=bell)) == (409, 4317)
        usage = api.get("/instances/usage").json()
        assert (usage["usage_limit_seconds"], usage["usage_limit_reached"]) == (0, True)


def test_the_limit_of_an_instance_can_be_set_and_removed(emulator: Emulator, connect: Connect) -> None:
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


def test_an_instance_that_used_up_its_own_limit_runs_no_jobs_until_the_limit_is_removed(
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
    assert usage["usage_limit_reached"]
    held = submit(api)
    elsewhere = connect(emulator, instance=emulator.instances["emulator-open"])
    other = submit(elsewhere)
    emulator.clock.advance(0)
    assert api.get(f"/jobs/{held}").json()["status"] == "Queued"
    assert elsewhere.get(f"/jobs/{other}").json()["status"] == "Completed"
    api.put("/instances/configuration", json={})
    emulator.clock.advance(0)
    assert api.get(f"/jobs/{held}").json()["status"] == "Completed"


def test_the_account_has_its_plans(emulator: Emulator, api: httpx.Client) -> None:
    account = emulator.instance.split(":")[6].removeprefix("a/")
    plans = api.get(f"/accounts/{account}").json()["plans"]
    assert [plan["subscription_name"] for plan in plans] == ["Premium", "Open", "Pay-As-You-Go"]
    mine = api.get("/instance").json()["plan_id"]
    assert [plan["plan_id"] for plan in api.get(f"/accounts/{account}", params={"plan_id": mine}).json()["plans"]] == [
        mine
    ]
    assert api.get(f"/accounts/{account}", params={"plan_id": "other"}).status_code == 404
    assert api.get("/accounts/somebody-else").status_code == 404
    assert api.get("/accounts/not%20an%20id").status_code == 400


def test_instances_are_discovered_by_search_and_catalog(emulator: Emulator, api: httpx.Client) -> None:
    found = api.post(f"{emulator.url}/v3/resources/search", params={"limit": 100}, json={"query": "x"}).json()
    assert {item["name"]: item["crn"] for item in found["items"]} == emulator.instances
    assert all(item["doc"]["extensions"] for item in found["items"])
    plans = [
        api.get(f"{emulator.url}/{item['service_plan_unique_id']}").json()["overview_ui"]["en"]["display_name"]
        for item in found["items"]
    ]
    assert plans == ["Premium", "Open", "Pay-As-You-Go"]
    assert api.post(f"{emulator.url}/v3/resources/search", headers={"Authorization": ""}).status_code == 401
