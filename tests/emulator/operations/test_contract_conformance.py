"""Every operation responds as the contract says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

from qiskit_runtime_rest.contract.versions import corrected
from qiskit_runtime_rest.emulator.api import ROUTES
from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


@pytest.fixture(scope="module")
def document(running: Emulator) -> Any:
    return corrected(httpx.get(f"{running.base_url}/openapi.json", verify=False).json())


@pytest.fixture
def conforms(document: Any) -> Callable[[str, str, httpx.Response], None]:
    registry: Any = Registry().with_resource("urn:c", DRAFT4.create_resource(document))

    def check(method: str, path: str, answer: httpx.Response) -> None:
        responses = document["paths"][path][method]["responses"]
        status = str(answer.status_code)
        assert status in responses, (method, path, status, answer.text[:300])
        content = responses[status].get("content", {})
        if not content:
            assert answer.content == b""
            return
        if "application/json" in content and answer.headers["content-type"].startswith("application/json"):
            place = path.replace("~", "~0").replace("/", "~1")
            pointer = f"#/paths/{place}/{method}/responses/{status}/content/application~1json/schema"
            validator = OAS30Validator(
                {"$ref": f"urn:c{pointer}"}, registry=registry, format_checker=oas30_format_checker
            )
            problems = [
                f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(answer.json())
            ]
            assert not problems, (method, path, problems[:5])

    return check


def test_every_operation_of_the_contract_has_a_route_and_no_other_has(document: Any) -> None:
    routed = {(route.method.lower(), route.path) for route in ROUTES if route.contracted}
    assert routed == {(method, path) for path, item in document["paths"].items() for method in item}


@pytest.fixture
def state(emulator: Emulator, api: httpx.Client, submit: Submit) -> dict[str, str]:
    job_id = submit(api, tags=["conformance"], calibration_id="x")
    emulator.clock.advance(0)
    emulator.pace = "hold"
    session = api.post("/sessions", json={"mode": "batch", "backend": "ibm_fez", "max_ttl": 100}).json()["id"]
    queued = submit(api, session_id=session)
    return {
        "job": job_id,
        "queued": queued,
        "session": session,
        "account": emulator.instance.split(":")[6].removeprefix("a/"),
    }


CALLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("get", "/v1/versions", "/versions", {}),
    ("get", "/v1/jobs", "/jobs", {"params": {"exclude_params": "false"}}),
    ("get", "/v1/jobs/{id}", "/jobs/{job}", {}),
    ("get", "/v1/jobs/{id}", "/jobs/{queued}", {}),
    ("get", "/v1/jobs/{id}", "/jobs/unknown", {}),
    ("get", "/v1/jobs/{id}", "/jobs/{job}", {"params": {"exclude_params": "perhaps"}}),
    ("get", "/v1/jobs/{id}/results", "/jobs/{job}/results", {}),
    ("get", "/v1/jobs/{id}/results", "/jobs/{queued}/results", {}),
    ("get", "/v1/jobs/{id}/interim_results", "/jobs/{job}/interim_results", {}),
    ("get", "/v1/jobs/{id}/logs", "/jobs/{job}/logs", {}),
    ("get", "/v1/jobs/{id}/transpiled_circuits", "/jobs/{job}/transpiled_circuits", {}),
    ("get", "/v1/jobs/{id}/metrics", "/jobs/{job}/metrics", {}),
    ("get", "/v1/jobs/{id}/metrics", "/jobs/{queued}/metrics", {}),
    ("put", "/v1/jobs/{id}/tags", "/jobs/{job}/tags", {"json": {"tags": ["a"]}}),
    ("put", "/v1/jobs/{id}/tags", "/jobs/{job}/tags", {"json": {"tags": 1}}),
    ("post", "/v1/jobs/{id}/cancel", "/jobs/{queued}/cancel", {}),
    ("post", "/v1/jobs/{id}/cancel", "/jobs/{job}/cancel", {}),
    ("delete", "/v1/jobs/{id}", "/jobs/{job}", {}),
    ("delete", "/v1/jobs/{id}", "/jobs/{queued}", {}),
    ("post", "/v1/jobs", "/jobs", {"json": {"program_id": "sampler", "backend": "ibm_fez"}}),
    ("post", "/v1/jobs", "/jobs", {"json": {}}),
    ("get", "/v1/tags", "/tags", {"params": {"type": "job", "search": "conf"}}),
    ("get", "/v1/tags", "/tags", {}),
    ("post", "/v1/sessions", "/sessions", {"json": {"mode": "dedicated"}}),
    ("post", "/v1/sessions", "/sessions", {"json": {}}),
    ("get", "/v1/sessions/{id}", "/sessions/{session}", {}),
    ("patch", "/v1/sessions/{id}", "/sessions/{session}", {"json": {"accepting_jobs": False}}),
    ("patch", "/v1/sessions/{id}", "/sessions/{session}", {"json": {}}),
    ("delete", "/v1/sessions/{id}/close", "/sessions/{session}/close", {}),
    ("get", "/v1/backends", "/backends", {"params": {"fields": "wait_time_seconds"}}),
    ("get", "/v1/backends/{id}/status", "/backends/ibm_fez/status", {}),
    ("get", "/v1/backends/{id}/defaults", "/backends/ibm_fez/defaults", {}),
    ("get", "/v1/instance", "/instance", {}),
    ("get", "/v1/instances/usage", "/instances/usage", {}),
    ("get", "/v1/instances/configuration", "/instances/configuration", {}),
    ("put", "/v1/instances/configuration", "/instances/configuration", {"json": {"instance_limit": 5}}),
    ("put", "/v1/instances/configuration", "/instances/configuration", {"json": {"instance_limit": "5"}}),
    ("get", "/v1/accounts/{id}", "/accounts/{account}", {}),
    ("get", "/v1/accounts/{id}", "/accounts/nobody", {}),
    ("get", "/v1/workloads", "/workloads", {"params": {"limit": 1}}),
    ("get", "/v1/workloads", "/workloads", {"params": {"limit": 0}}),
    ("get", "/v1/analytics/usage", "/analytics/usage", {}),
    ("get", "/v1/analytics/usage", "/analytics/usage", {"params": {"simulators": "no"}}),
    ("get", "/v1/analytics/usage_grouped", "/analytics/usage_grouped", {"params": {"group_by": "plan"}}),
    (
        "get",
        "/v1/analytics/usage_grouped_by_date",
        "/analytics/usage_grouped_by_date",
        {"params": {"group_by": "instance"}},
    ),
    ("get", "/v1/analytics/filters", "/analytics/filters", {}),
    ("post", "/v1/logout", "/logout", {}),
]


@pytest.mark.parametrize(("method", "path", "url", "request_with"), CALLS)
def test_a_response_is_documented(
    api: httpx.Client,
    state: dict[str, str],
    conforms: Callable[[str, str, httpx.Response], None],
    method: str,
    path: str,
    url: str,
    request_with: dict[str, Any],
) -> None:
    answer = api.request(method, url.format_map(state), **request_with)
    conforms(method, path, answer)
    assert not answer.is_server_error


@pytest.mark.parametrize("path", sorted({(method, path) for method, path, _, _ in CALLS}))
def test_without_a_token_each_operation_sends_its_documented_error(api: httpx.Client, path: tuple[str, str]) -> None:
    method, template = path
    answer = api.request(method, template.removeprefix("/v1").replace("{id}", "x"), headers={"Authorization": ""})
    if template == "/v1/versions":
        assert answer.status_code == 200
        return
    assert answer.status_code == 401
