"""What IBM's guides to the REST API do, step by step and with plain HTTP, in programs of our own.

The guides are "Set up to use IBM Quantum Platform with REST API", "Sampler with the REST API", "Estimator with the REST
API" and "Execution modes using REST API". They send no API version.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

BACKEND = "ibm_fez"
SECONDS = 300
HEAD = 'OPENQASM 3.0; include "stdgates.inc";'

# An X and a CX, in the gates of the device.
FLIPPED = f"""{HEAD} qubit[5] q; bit[2] c;
x q[0]; rz(pi/2) q[1]; sx q[1]; rz(pi/2) q[1]; cz q[0], q[1]; rz(pi/2) q[1]; sx q[1]; rz(pi/2) q[1];
c[0] = measure q[0]; c[1] = measure q[1];"""
TURNED = f"""{HEAD} input float[64] phi; input float[64] theta; qubit[2] q; bit[2] c;
rx(theta) q[0]; rx(phi) q[1]; c[0] = measure q[0]; c[1] = measure q[1];"""
SHORT = {"default_shots": 200}
PRECISE = {"default_precision": 0.05}
DECOUPLED = {
    "dynamical_decoupling": {
        "enable": True,
        "sequence_type": "XpXm",
        "extra_slack_distribution": "middle",
        "scheduling_method": "alap",
    }
}
TWIRLED = {
    "twirling": {
        "enable_gates": True,
        "enable_measure": True,
        "num_randomizations": "auto",
        "shots_per_randomization": "auto",
        "strategy": "active-accum",
    }
}
EXTRAPOLATED = {
    "resilience": {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "zne": {"extrapolator": ["exponential", "linear"], "noise_factors": [1, 3, 5]},
    }
}
SUM = {"IIIIZ": 1, "IIIZZ": 2.3}
"""Its value after `FLIPPED`: qubit 0 is 1, and so is qubit 1."""


@pytest.fixture(scope="module")
def api(emulator: Emulator) -> Iterator[httpx.Client]:
    """A client with the headers of the guides, whose token comes from a form with a misspelt media type."""
    form = f"grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey={emulator.api_key}"
    typed = {"Content-Type": "application/x-www-form-urlendcoded"}
    with httpx.Client(base_url=f"{emulator.base_url}/v1", timeout=60, verify=False) as client:
        token = client.post(f"{emulator.iam_url}/identity/token", content=form, headers=typed).json()
        assert {"access_token", "refresh_token", "token_type", "expires_in", "expiration"} <= token.keys()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        client.headers["Service-CRN"] = emulator.instance
        yield client


def submit(api: httpx.Client, program: str, params: dict[str, Any], **fields: Any) -> str:
    response = api.post("/jobs", json={"program_id": program, "backend": BACKEND, "params": params, **fields})
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def results(api: httpx.Client, job_id: str) -> list[Any]:
    deadline = time.monotonic() + SECONDS
    while (state := api.get(f"/jobs/{job_id}").json()["state"])["status"] in ("Queued", "Running"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert state == {"status": "Completed"}
    found: list[Any] = api.get(f"/jobs/{job_id}/results").json()["results"]
    return found


def share(samples: list[str], outcome: str) -> float:
    return samples.count(outcome) / len(samples)


def test_devices_are_listed_and_a_token_is_invalidated(emulator: Emulator, api: httpx.Client) -> None:
    assert BACKEND in api.get("/backends").json()["devices"]
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": emulator.api_key}
    token = httpx.post(f"{emulator.iam_url}/identity/token", data=form, verify=False).json()["access_token"]
    own = {"Authorization": f"Bearer {token}"}
    assert api.post("/logout", headers=own).status_code == 204
    assert api.get("/backends", headers=own).status_code == 401


def test_a_sampler_job_with_one_pub_and_one_with_shots(api: httpx.Client) -> None:
    default, chosen = results(api, submit(api, "sampler", {"pubs": [[FLIPPED], [FLIPPED, None, 500]]}))
    assert [len(one["data"]["c"]["samples"]) for one in (default, chosen)] == [4096, 500]
    assert share(chosen["data"]["c"]["samples"], "0x3") > 0.8


@pytest.mark.parametrize("options", [DECOUPLED, TWIRLED], ids=["decoupled", "twirled"])
def test_a_sampler_job_with_error_suppression(api: httpx.Client, options: dict[str, Any]) -> None:
    [one] = results(api, submit(api, "sampler", {"pubs": [[FLIPPED]], "options": {**options, **SHORT}}))
    assert share(one["data"]["c"]["samples"], "0x3") > 0.8


@pytest.mark.parametrize("values", [{"theta": 3.14, "phi": 0.0}, [0.0, 3.14]], ids=["by name", "by place"])
def test_a_sampler_job_with_parameters(api: httpx.Client, values: Any) -> None:
    [one] = results(api, submit(api, "sampler", {"pubs": [[TURNED, values, 500]]}))
    assert share(one["data"]["c"]["samples"], "0x1") > 0.8


@pytest.mark.parametrize(
    "options", [{}, EXTRAPOLATED, DECOUPLED, TWIRLED], ids=["plain", "extrapolated", "decoupled", "twirled"]
)
def test_an_estimator_job_with_a_weighted_sum(api: httpx.Client, options: dict[str, Any]) -> None:
    [one] = results(api, submit(api, "estimator", {"pubs": [[FLIPPED, SUM, None]], "options": {**options, **PRECISE}}))
    more = {"evs_extrapolated", "stds_extrapolated"} if options is EXTRAPOLATED else {"ensemble_standard_error"}
    assert {"evs", "stds", *more} <= one["data"].keys()
    assert one["data"]["evs"] == pytest.approx(-1 + 2.3, abs=0.7)
    assert {"shots", "target_precision", "circuit_metadata", "resilience", "num_randomizations"} <= one[
        "metadata"
    ].keys()


def test_a_session_runs_jobs_of_all_forms_until_it_is_closed(api: httpx.Client) -> None:
    created = api.post("/sessions", json={"backend": BACKEND, "mode": "dedicated"})
    assert created.status_code == 200, created.text
    session = created.json()["id"]
    letters = ["IIIII", "IIIIZ", "IIIZI", "IIIZZ"]
    jobs: dict[str, tuple[str, dict[str, Any]]] = {
        "many observables": ("estimator", {"pubs": [[FLIPPED, letters]], "options": PRECISE, "resilience_level": 0}),
        "with values": (
            "estimator",
            {
                "pubs": [[TURNED, [["II"], ["IZ"], ["ZI"], ["ZZ"]], [[0.0, 0.0], [0.0, 3.14]]]],
                "options": PRECISE,
                "resilience_level": 0,
            },
        ),
        "many circuits": (
            "estimator",
            {"pubs": [[FLIPPED, "IIIIZ"], [FLIPPED, "IIIZZ"]], "options": PRECISE, "resilience_level": 0},
        ),
        "values": ("sampler", {"pubs": [[TURNED, [[0.0, 0.0], [0.0, 3.14], [3.14, 3.14]]]], "options": SHORT}),
        "with shots": ("sampler", {"pubs": [[TURNED, [0.0, 3.14]], [FLIPPED, None, 100]], "options": SHORT}),
    }
    ids = {name: submit(api, program, params, session_id=session) for name, (program, params) in jobs.items()}
    found = {name: results(api, job_id) for name, job_id in ids.items()}
    assert found["many observables"][0]["data"]["evs"] == pytest.approx([1, -1, -1, 1], abs=0.4)
    for row, signs in zip(found["with values"][0]["data"]["evs"], [[1, 1], [1, -1], [1, 1], [1, -1]], strict=True):
        assert row == pytest.approx(signs, abs=0.4)
    assert [one["data"]["evs"] for one in found["many circuits"]] == pytest.approx([-1, 1], abs=0.4)
    assert [share(samples, "0x3") > 0.8 for samples in found["values"][0]["data"]["c"]["samples"]] == [
        False,
        False,
        True,
    ]
    assert len(found["with shots"][1]["data"]["c"]["samples"]) == 100
    assert api.delete(f"/sessions/{session}/close").status_code == 204
    assert api.get(f"/sessions/{session}").json()["state"] == "closed"


def test_a_batch_is_a_session_of_another_mode(api: httpx.Client) -> None:
    batch = api.post("/sessions", json={"backend": BACKEND, "mode": "batch"}).json()["id"]
    job_id = submit(api, "sampler", {"pubs": [[FLIPPED]], "options": SHORT}, session_id=batch)
    assert len(results(api, job_id)) == 1
    assert api.get(f"/jobs/{job_id}").json()["session_id"] == batch
