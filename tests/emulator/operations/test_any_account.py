"""The service of `qrr offline`: any key and any instance are accepted, and programs find the instances they name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

from ..conftest import Connect

CRN = "crn:v1:bluemix:public:quantum-computing:eu-de:a/0a1b2c3d:11112222-3333-4444-5555-666677778888::"
OTHER_CRN = CRN.replace("0a1b2c3d", "9f9f9f")
KEY = "a-key-of-a-program-0123456789"


@pytest.fixture(scope="module")
def hospitable() -> Iterator[Emulator]:
    with Emulator(any_account=True, instances=["my-instance", CRN], virtual_clock=True) as emulator:
        yield emulator


@pytest.mark.parametrize("crn", [CRN, OTHER_CRN])
def test_any_key_and_any_crn_may_use_the_service(hospitable: Emulator, connect: Connect, crn: str) -> None:
    api = connect(hospitable, key=KEY, instance=crn)
    assert api.get("/instance").status_code == 200
    assert api.get("/backends").status_code == 200
    assert KEY not in json.dumps([one.as_json() for one in hospitable.requests])


@pytest.mark.parametrize("crn", ["", "my-instance", "crn:v1:bluemix:public:cloud-object-storage:global:a/0a:1-2::"])
def test_what_is_not_a_crn_of_the_service_is_refused(hospitable: Emulator, connect: Connect, crn: str) -> None:
    api = connect(hospitable, key=KEY)
    assert api.get("/backends", headers={"Service-CRN": crn}).status_code >= 400


def test_an_empty_key_is_refused(hospitable: Emulator) -> None:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ""}
    assert httpx.post(f"{hospitable.iam_url}/identity/token", data=form).status_code == 400


def test_the_search_finds_the_instances_that_programs_name(hospitable: Emulator, connect: Connect) -> None:
    api = connect(hospitable)
    items = api.post(f"{hospitable.url}/v3/resources/search", json={"query": "x"}).json()["items"]
    assert {"emulator", "my-instance"} <= {one["name"] for one in items}
    assert CRN in [one["crn"] for one in items]
    plan = items[-1]["service_plan_unique_id"]
    named = api.get(f"{hospitable.url}/api/v1/{plan}").json()["overview_ui"]["en"]["display_name"]
    assert named == "Premium"


def test_without_the_option_another_instance_is_unknown(emulator: Emulator, api: httpx.Client) -> None:
    assert api.get("/backends", headers={"Service-CRN": CRN}).status_code == 404


def test_the_resource_controller_lists_instances_and_sets_their_limits(emulator: Emulator, api: httpx.Client) -> None:
    url = f"{emulator.url}/v2/resource_instances"
    listed = api.get(url, params={"resource_id": "b6049020-80f4-11eb-a0f7-e35ec9b4054f"}).json()
    assert {one["name"]: one["crn"] for one in listed["resources"]} == emulator.instances
    assert api.get(url, params={"name": "no-such"}).json()["resources"] == []
    one = f"{url}/{quote(emulator.instance, safe='')}"
    changed = api.patch(one, json={"parameters": {"timestamp": 1, "instance_limit_seconds": 30}})
    assert changed.json()["extensions"] == {"instance_limit_seconds": 30}
    assert api.get("/instances/configuration").json()["instance_limit"] == 30
    assert api.patch(one, json={"parameters": {"instance_limit_seconds": None}}).status_code == 200
    assert api.get(one).json()["extensions"] == {"instance_limit_seconds": None}
    assert api.patch(one, json={"parameters": {"instance_limit_seconds": "soon"}}).status_code == 400
    assert api.get(f"{url}/unknown").status_code == 404
    assert api.get(url, headers={"Authorization": ""}).status_code == 401
