"""Every operation of the contract, by one tenant with the ids of another: it sees and changes nothing of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from attrs import frozen

from qiskit_runtime_rest.emulator.api import ROUTES
from qiskit_runtime_rest.emulator.routing import Route
from qiskit_runtime_rest.emulator.state.identity import USERS
from qiskit_runtime_rest.emulator.state.instances import DEFAULT_INSTANCES
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BACKEND, BELL
from .conftest import credentials

OPERATIONS = [route for route in ROUTES if route.contracted]
TENANTS = ("emulator", "emulator-paygo")

OF_THE_ACCOUNT = {
    *("get_analytics_usage", "get_analytics_usage_grouped", "get_analytics_usage_grouped_by_date"),
    "get_analytics_filters",
}
"""Operations that answer for all instances of the account, whichever asks."""


@frozen
class Tenant:
    """An instance with a user, a job in each state, and a session."""

    name: str
    http: httpx.Client
    crn: str
    marker: str
    jobs: tuple[str, ...]
    session: str

    def sees(self) -> dict[str, Any]:
        """All that it can read."""
        paths = [
            *("jobs", "workloads", "instance", "instances/usage", "instances/configuration"),
            *(f"tags?search={self.marker}", f"sessions/{self.session}"),
            *(f"jobs/{job}" for job in self.jobs),
            *(f"jobs/{job}/{part}" for job in self.jobs for part in ("metrics", "interim_results")),
        ]
        answers = {path: self.http.get(f"/{path}") for path in paths}
        return {path: answer.text if answer.is_success else answer.status_code for path, answer in answers.items()}


@pytest.fixture(scope="module")
def tenants() -> Iterator[dict[str, Tenant]]:
    with Emulator(workers=1, virtual_clock=True, pace="hold", seed=20260415) as emulator:
        crns = {one.name: one.crn for one in DEFAULT_INSTANCES}
        made = {
            name: _tenant(emulator, name, crns[name], user.api_key) for name, user in zip(TENANTS, USERS, strict=True)
        }
        yield made
        for tenant in made.values():
            tenant.http.close()


def _tenant(emulator: Emulator, name: str, crn: str, key: str) -> Tenant:
    http = httpx.Client(base_url=f"{emulator.base_url}/v1", timeout=120, verify=False, trust_env=False)
    http.headers.update(credentials(emulator, http, key=key, instance=crn))
    marker = f"<{name}>"
    body = {"program_id": "sampler", "backend": BACKEND, "tags": [marker]}
    params = {"pubs": [[f"{BELL}// {marker}\n", None, 10]], "version": 2, "options": {}}

    def submit(**more: Any) -> str:
        answer = http.post("/jobs", json=body | {"params": params} | more)
        return str(answer.raise_for_status().json()["id"])

    emulator.pace = "hold"
    session = http.post("/sessions", json={"mode": "batch", "backend": BACKEND}).raise_for_status().json()["id"]
    queued = (submit(), submit(session_id=session))
    emulator.pace = "immediate"
    done = (submit(), submit(private=True))
    emulator.clock.advance(1)
    emulator.pace = "hold"
    return Tenant(name, http, crn, marker, (*queued, *done), session)


def requests(route: Route, other: Tenant) -> Iterator[dict[str, Any]]:
    """Requests with all that is the other's wherever something can be put."""
    ids = other.jobs if "/jobs/" in route.path else (other.session,) if "/sessions/" in route.path else (other.crn,)
    bodies: dict[str, Any] = {
        "create_job": {
            "program_id": "sampler",
            "backend": BACKEND,
            "session_id": other.session,
            "params": {"pubs": [[BELL, None, 1]], "version": 2, "options": {}},
        },
        "update_session": {"accepting_jobs": False},
        "replace_job_tags": {"tags": ["taken"]},
        "create_session": {"mode": "batch", "backend": BACKEND},
        "replace_instance_configuration": {"instance_limit": 1},
    }
    queries: dict[str, list[dict[str, Any]]] = {
        "list_jobs": [{"tags": other.marker}, {"session_id": other.session}, {"limit": 200}],
        "list_tags": [{"search": other.marker}],
        "list_workloads": [{"limit": 50}, {"search": other.marker}, {"session": other.session}],
    }
    for one in ids if "{id}" in route.path else ("",):
        for query in queries.get(route.name, [{}]):
            yield {
                "method": route.method,
                "url": route.path.removeprefix("/v1").replace("{id}", one),
                "params": query,
                "json": bodies.get(route.name),
            }


@pytest.mark.parametrize("name", TENANTS)
@pytest.mark.parametrize("route", OPERATIONS, ids=lambda route: route.name)
def test_no_operation_crosses_to_another_tenant(tenants: dict[str, Tenant], route: Route, name: str) -> None:
    own, other = tenants[name], next(one for one in tenants.values() if one.name != name)
    before = other.sees()
    for request in requests(route, other):
        answer = own.http.request(**request)
        assert answer.status_code < 500, answer.text
        if request["url"].endswith((*other.jobs, other.session)) or "/jobs/" in route.path:
            assert answer.status_code == 404, request
        if route.name not in OF_THE_ACCOUNT and answer.is_success:
            for secret in (other.marker, other.session, *other.jobs):
                assert secret not in answer.text
    if route.name == "logout":
        own.http.headers.update(_fresh(own))
    assert other.sees() == before


def _fresh(tenant: Tenant) -> dict[str, str]:
    key = USERS[TENANTS.index(tenant.name)].api_key
    url = str(tenant.http.base_url.copy_with(path="/identity/token"))
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key}
    return {"Authorization": f"Bearer {tenant.http.post(url, data=form).json()['access_token']}"}


def test_there_are_33_operations() -> None:
    assert len(OPERATIONS) == 33
