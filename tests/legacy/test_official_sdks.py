"""What the official SDKs asked the classic API when they logged in, and what they could not do without."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from qiskit_runtime_rest.legacy.translation.old_decoders import for_old_decoder
from qiskit_runtime_rest.testing import Emulator

from .test_gateway import BELL, SAMPLE

OPEN, PAID = "ibm-q/open/main", "my-hub/my-group/my-project"
HGP = "/api/Network/ibm-q/Groups/open/Projects/main"
DEVICES = ["ibm_fez", "ibm_kingston", "ibm_marrakesh"]


@pytest.fixture
def mapped(open_gateway: Callable[..., Any], emulator: Emulator) -> Any:
    """A gateway with two instances; a call that names none is for the paid one."""
    gateway = open_gateway(instances={OPEN: emulator.instances["emulator-open"], PAID: emulator.instance})
    gateway.login(emulator.api_key)
    return gateway


def application(version: str) -> dict[str, str]:
    return {"X-Qx-Client-Application": f"qiskit-version-2/qiskit_ibm_runtime-{version},qiskit-1.4.6/qiskit"}


def submit(gateway: Any, place: str, **changes: Any) -> str:
    named = dict(zip(("hub", "group", "project"), place.split("/"), strict=True))
    response = gateway.http.post("/jobs", json=SAMPLE | {"backend": "ibm_fez"} | named | changes)
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def test_an_authentication_server_says_so_without_credentials(open_gateway: Callable[..., Any]) -> None:
    versions = open_gateway().http.get("/api/version").json()
    assert versions["new_api"] is True
    assert versions["api-auth"]


@pytest.mark.parametrize(("header", "scheme"), [({}, "http"), ({"X-Forwarded-Proto": "https"}, "https")])
def test_the_user_has_the_urls_by_which_the_gateway_was_found(mapped: Any, header: dict[str, str], scheme: str) -> None:
    user = mapped.http.get("/api/users/me", headers=header).json()
    here = mapped.url.replace("http", scheme, 1)
    assert user["urls"] == {
        "http": f"{here}/api",
        "ws": here.replace("http", "ws", 1),
        "services": {"runtime": f"{here}/runtime"},
    }
    assert [one["name"] for one in user["instances"]] == [OPEN, PAID]
    assert user["email"]
    assert user["plans"]


def test_behind_the_name_of_a_classic_host_the_urls_are_the_classic_ones(
    open_gateway: Callable[..., Any], emulator: Emulator
) -> None:
    name = "auth.quantum-computing.ibm.com"
    gateway = open_gateway(allow_hosts=[name])
    gateway.login(emulator.api_key)
    urls = gateway.http.get("/api/users/me", headers={"Host": name}).json()["urls"]
    assert urls["http"] == "https://api.quantum-computing.ibm.com/api"
    assert urls["services"]["runtime"] == "https://runtime-us-east.quantum-computing.ibm.com"


def test_the_urls_need_a_login(mapped: Any) -> None:
    refused = mapped.http.get("/users/me", headers={"x-access-token": "qrr-access-unknown"})
    assert refused.status_code == 401


def test_the_instances_of_the_mapping_are_hubs_groups_and_projects(mapped: Any) -> None:
    hubs = {hub["name"]: hub["groups"] for hub in mapped.http.get("/api/Network").json()}
    assert list(hubs) == ["ibm-q", "my-hub"]
    assert hubs["ibm-q"]["open"]["projects"]["main"]["isDefault"]
    assert not hubs["my-hub"]["my-group"]["projects"]["my-project"]["isDefault"]


def test_without_a_mapping_the_open_instance_stands_for_that_of_the_settings(gateway: Any) -> None:
    (hub,) = gateway.http.get("/api/Network").json()
    assert hub["groups"]["open"]["projects"] == {"main": {"name": "main", "isDefault": True}}
    assert gateway.http.get("/instances").json()["instances"][0]["name"] == OPEN


def test_the_devices_of_2019_are_whole_configurations_of_the_instance_in_the_path(mapped: Any) -> None:
    configurations = mapped.http.get(f"{HGP}/devices/v/1").json()
    assert sorted(one["backend_name"] for one in configurations) == DEVICES
    assert all(one["n_qubits"] > 100 and one["coupling_map"] for one in configurations)


def test_a_device_of_2019_has_properties_defaults_a_queue_and_limits(mapped: Any) -> None:
    device = f"{HGP}/devices/ibm_fez"
    filtered = {"version": 1, "filter": json.dumps({"where": {"last_update_date": {"lt": "2030-01-01T00:00:00Z"}}})}
    properties = mapped.http.get(f"{device}/properties", params=filtered).json()
    assert all(any(one["name"] == "frequency" for one in qubit) for qubit in properties["qubits"])
    assert not any(gate["gate"].startswith("measure") for gate in properties["gates"])
    assert mapped.http.get(f"{device}/defaults").json()["cmd_def"] == []
    assert mapped.http.get(f"{device}/queue/status").json()["lengthQueue"] == 0
    assert mapped.http.get(f"{device}/jobsLimit").json() == {"maximumJobs": -1, "runningJobs": 0}
    assert mapped.http.get("/api/Network/devices/ibm_fez/bookings/v2").json() == []
    assert mapped.http.get("/api/Network/bookings/v2").json() == []


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("GET", "/status/v/1"), ("GET", "/abc/v/1")])
def test_jobs_of_2019_are_gone_and_say_what_to_run_instead(mapped: Any, method: str, path: str) -> None:
    gone = mapped.http.request(method, f"{HGP}/Jobs{path}")
    assert gone.status_code == 410
    assert "provider.runtime.run('circuit-runner'" in gone.json()["errors"][0]["solution"]


def test_frequencies_that_v1_does_not_say_are_noted(mapped: Any) -> None:
    assert mapped.http.get("/backends/ibm_fez/properties").status_code == 200
    assert {"qubits.frequency", "gates"} <= {note.field for note in mapped.translator.notes}


@pytest.mark.parametrize(("version", "has_pulses"), [("0.11.0", True), ("0.18.0", True), ("0.19.0", False)])
def test_sdks_that_build_no_target_without_pulses_get_a_device_without_channels(
    mapped: Any, version: str, has_pulses: bool
) -> None:
    found = mapped.http.get("/backends/ibm_fez/configuration", headers=application(version)).json()
    assert ("n_uchannels" in found and "discriminators" in found) is has_pulses
    assert len(found.get("qubit_lo_range", [])) == (found["n_qubits"] if has_pulses else 0)


def test_the_usage_is_told_by_instance(mapped: Any) -> None:
    usage = mapped.http.get("/usage", params={"provider": OPEN}).json()
    (row,) = usage["byInstance"]
    assert row["instance"] == OPEN
    assert row["quota"] == 600
    assert row["pendingJobs"] == 0 < row["maxPendingJobs"]
    assert usage["period"]["start"] < usage["period"]["end"]


def test_a_job_is_of_the_runtime_and_its_usage_has_its_classic_names(mapped: Any) -> None:
    job_id = submit(mapped, PAID)
    assert mapped.results(job_id).status_code == 200
    assert mapped.http.get(f"/facade/v1/jobs/{job_id}/type").json() == {"type": "RUNTIME"}
    usage = mapped.http.get(f"/jobs/{job_id}/metrics").json()["usage"]
    assert usage["quantum_seconds"] == usage["seconds"] > 0


def test_ids_of_jobs_and_sessions_are_valid_without_their_instance(mapped: Any) -> None:
    job_id = submit(mapped, OPEN, start_session=True)
    assert mapped.results(job_id).status_code == 200
    shown = mapped.http.get(f"/jobs/{job_id}").json()
    assert (shown["hub"], shown["session_id"]) == ("ibm-q", job_id)
    assert mapped.http.get(f"/sessions/{job_id}").json()["id"] == job_id
    made = mapped.http.post("/sessions", json={"mode": "batch", "instance": OPEN, "backend": "ibm_fez"}).json()
    assert mapped.http.get(f"/sessions/{made['id']}").json()["id"] == made["id"]
    assert mapped.http.delete(f"/sessions/{made['id']}/close").status_code == 204


def test_the_jobs_of_all_instances_are_listed_unless_one_is_named(mapped: Any) -> None:
    ids = [submit(mapped, place) for place in (OPEN, PAID, OPEN)]
    listed = mapped.http.get("/jobs").json()
    assert [job["id"] for job in listed["jobs"]] == ids[::-1]
    assert (listed["count"], {job["hub"] for job in listed["jobs"]}) == (3, {"ibm-q", "my-hub"})
    pages = [mapped.http.get("/jobs", params={"limit": 1, "offset": start}).json()["jobs"] for start in range(4)]
    assert [job["id"] for page in pages for job in page] == ids[::-1]
    oldest = mapped.http.get("/jobs", params={"sort": "ASC", "limit": 2}).json()["jobs"]
    assert [job["id"] for job in oldest] == ids[:2]
    named = mapped.http.get("/jobs", params={"provider": PAID}).json()["jobs"]
    assert [job["id"] for job in named] == [ids[1]]


def test_an_instance_that_the_caller_may_not_use_has_no_jobs(
    open_gateway: Callable[..., Any], emulator: Emulator
) -> None:
    other = emulator.instance[:-10] + "00000000::"
    gateway = open_gateway(instances={PAID: emulator.instance, "no/such/one": other})
    gateway.login(emulator.api_key)
    job_id = submit(gateway, PAID, params={"circuits": [BELL]})
    assert [job["id"] for job in gateway.http.get("/jobs").json()["jobs"]] == [job_id]


WRAPPED = {
    "__type__": "SamplerPubResult",
    "__value__": {
        "data": {
            "__type__": "DataBin",
            "__value__": {
                "field_names": ["c", "evs"],
                "shape": [],
                "fields": {"c": {"__type__": "BitArray", "__value__": {}}, "evs": 1.0},
            },
        },
    },
}


@pytest.mark.parametrize("version", ["0.21.0", "0.23.0"])
def test_old_decoders_get_types_of_fields_and_results_that_they_know(version: str) -> None:
    headers = {name.lower(): value for name, value in application(version).items()}
    changed = for_old_decoder(json.dumps(WRAPPED).encode(), headers)
    assert changed["__type__"] == "PubResult"
    bit_array, number = changed["__value__"]["data"]["__value__"]["field_types"]
    assert "BitArray" in bit_array
    assert "BitArray" not in number


@pytest.mark.parametrize("version", ["0.20.0", "0.24.0", "0.40.1", "1.23.0"])
def test_other_decoders_get_results_as_they_are(version: str) -> None:
    headers = {name.lower(): value for name, value in application(version).items()}
    assert for_old_decoder(json.dumps(WRAPPED).encode(), headers) is None
    assert for_old_decoder(b'{"results": []}', application("0.23.0")) is None
