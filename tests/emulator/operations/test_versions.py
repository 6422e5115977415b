from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
VERSIONS = ["2024-01-01", "2025-01-01", "2025-05-01", "2026-02-01", "2026-02-15", "2026-03-15", "2026-04-15"]


@pytest.fixture
def job_id(emulator: Emulator, api: httpx.Client, submit: Callable[..., str]) -> str:
    job_id = submit(api)
    emulator.clock.advance(0)
    return job_id


def test_the_oldest_version_lists_names_of_devices(emulator: Emulator, connect: Connect) -> None:
    devices = connect(emulator, version="2024-01-01").get("/backends").json()["devices"]
    assert "ibm_fez" in devices


def test_without_the_header_the_oldest_version_applies(emulator: Emulator, connect: Connect) -> None:
    api = connect(emulator)
    del api.headers["IBM-API-Version"]
    assert "ibm_fez" in api.get("/backends").json()["devices"]


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_later_versions_list_devices(api: httpx.Client, version: str) -> None:
    devices = api.get("/backends", headers={"IBM-API-Version": version}).json()["devices"]
    assert all(device["name"] for device in devices)


@pytest.mark.parametrize("version", VERSIONS)
def test_usage_has_the_form_of_its_version(api: httpx.Client, job_id: str, version: str) -> None:
    header = {"IBM-API-Version": version}
    job = api.get(f"/jobs/{job_id}", headers=header).json()
    listed = api.get("/jobs", headers=header).json()["jobs"][0]
    metrics = api.get(f"/jobs/{job_id}/metrics", headers=header).json()
    old = version < "2026-03-15"
    seconds = job["usage"]["qpu_charge_time_seconds"]
    for usage in (job["usage"], listed["usage"], metrics["usage"]):
        assert usage.get("quantum_seconds") == usage.get("seconds") == (seconds if old else None)
    assert metrics.get("bss") == ({"seconds": seconds} if old else None)
    in_usage = version < "2026-04-15"
    assert ("circuits_execution_time_ns" in metrics["usage"], "circuits_execution_time_ns" in metrics) == (
        in_usage,
        not in_usage,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_transpiled_circuits_were_dropped(api: httpx.Client, job_id: str, version: str) -> None:
    answer = api.get(f"/jobs/{job_id}/transpiled_circuits", headers={"IBM-API-Version": version})
    assert answer.status_code == (200 if version < "2026-02-01" else 404)
    if answer.status_code == 200:
        assert "OPENQASM" in httpx.get(answer.json()["url"]).text


@pytest.mark.parametrize("version", VERSIONS)
def test_deprecated_versions_announce_their_end(api: httpx.Client, version: str) -> None:
    headers = api.get("/instance", headers={"IBM-API-Version": version}).headers
    assert ("Deprecation" in headers, "Sunset" in headers) == (version != VERSIONS[-1],) * 2


def test_the_versions_are_listed_in_the_form_of_the_version(api: httpx.Client) -> None:
    names = api.get("/versions", headers={"IBM-API-Version": "2024-01-01"}).json()["versions"]
    described = api.get("/versions").json()["versions"]
    assert names == [entry["version"] for entry in described] == VERSIONS
    assert described[0] == {"version": "2024-01-01", "status": "deprecated", "sunset_date": "2027-01-01"}


@pytest.mark.parametrize("version", ["2025-01-02", "2027-01-01", "newest", "", "2026-04-15T00:00:00Z"])
def test_an_unknown_version_is_refused(api: httpx.Client, version: str) -> None:
    answer = api.get("/jobs", headers={"IBM-API-Version": version})
    assert answer.status_code == 400
    assert "IBM-API-Version" in answer.json()["errors"][0]["message"]


def test_refusals_have_a_status_of_their_operation_unless_the_service_was_seen_to_send_another(
    api: httpx.Client,
) -> None:
    assert api.put("/jobs/unknown/tags", json={}).status_code == 404
    assert api.get("/instances/usage", headers={"Service-CRN": "crn:x"}).status_code == 404


def test_the_contract_is_published(emulator: Emulator, api: httpx.Client) -> None:
    newest = api.get(f"{emulator.base_url}/openapi.json").json()
    assert len([1 for item in newest["paths"].values() for _ in item]) == 33
    assert api.get(f"{emulator.base_url}/openapi-2026-04-15.json").json() == newest
    assert api.get(f"{emulator.base_url}/openapi-2025-01-01.json").json()["info"]["version"] == "2025-01-01"
    assert api.get(f"{emulator.base_url}/openapi-2020-01-01.json").status_code == 404
