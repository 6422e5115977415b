"""Requests generated from the classic document, sent to the gateway in front of the embedded service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from qiskit_runtime_rest.legacy.gateway.server import SECRET_HEADER, LoopbackGateway
from qiskit_runtime_rest.legacy.table import document
from qiskit_runtime_rest.testing import Emulator

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

# The first two revoke credentials that other tests use; the last is a WebSocket.
APART = {"logout", "revokeTokens", "streamJob"}

BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
# Path and body of a request that creates a resource of this kind.
MADE_BY: dict[str, tuple[str, dict[str, Any]]] = {
    "jobs": ("/jobs", {"program_id": "sampler", "backend": "ibm_fez", "params": {"circuits": BELL}}),
    "sessions": ("/sessions", {"backend": "ibm_fez"}),
    "programs": ("/programs", {"name": "fuzzed", "data": "QUJD"}),
}


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(pace="hold", token_seconds=10**6) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def gateway(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackGateway]:
    settings = {"base_url": service.base_url, "iam_url": service.iam_url, "instance": service.instance}
    store = tmp_path_factory.mktemp("gateway") / "legacy.sqlite"
    with LoopbackGateway(settings=settings, store=Path(store)) as running:
        yield running


@pytest.fixture(scope="module")
def caller(service: Emulator, gateway: LoopbackGateway) -> Iterator[httpx.Client]:
    headers = {SECRET_HEADER: gateway.secret, "x-access-token": service.api_key}
    with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", headers=headers, timeout=60, verify=False) as client:
        yield client


@pytest.fixture(scope="module")
def described() -> Any:
    return schemathesis.openapi.from_dict(document())


def operations() -> list[tuple[str, str]]:
    return [
        (method, path)
        for path, item in document()["paths"].items()
        for method in item
        if method != "parameters" and item[method]["operationId"] not in APART
    ]


def names_of(path: str, caller: httpx.Client) -> dict[str, str]:
    """Values for the names in a path, so that not every response is 404."""
    kind = path.split("/")[1]
    if "{name}" in path:
        return {"name": "ibm_fez"}
    if "{id}" not in path:
        return {}
    where, body = MADE_BY[kind]
    response = caller.post(where, json=body)
    assert response.is_success, response.text
    return {"id": response.json()["id"]}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), operations())
def test_every_response_is_documented_and_none_is_a_server_error(
    caller: httpx.Client,
    described: Any,
    method: str,
    path: str,
    mode: schemathesis.GenerationMode,
) -> None:
    operation = described[path][method]
    # v1 validates the other requests, and its contract is tested elsewhere; the gateway validates programs.
    here = path.startswith("/programs")
    checks = [*CHECKS, negative_data_rejection] if here else CHECKS
    names = names_of(path, caller)

    @given(case=operation.as_strategy(generation_mode=mode), named=st.booleans())
    @settings(
        max_examples=10 if here else 3,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: schemathesis.Case[Any], named: bool) -> None:
        if named and names:
            case.path_parameters = names
        response = case.call(base_url=str(caller.base_url), headers=dict(caller.headers))
        case.validate_response(response, checks=checks)

    try:
        send()
    except Unsatisfiable:
        pytest.skip("no invalid request can be generated for this operation")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("GET", "/programs/a%0Ab"), ("PUT", "/jobs"), ("POST", "/openapi/")]
)
def test_an_unknown_call_gets_a_classic_error(caller: httpx.Client, method: str, path: str) -> None:
    response = caller.request(method, path)
    assert response.status_code in (404, 405)
    assert response.json()["errors"][0]["message"]


@pytest.mark.parametrize("key", ["line\nbreak", "caf\u00e9", "\U0001f511"])
def test_an_impossible_key_is_refused_as_a_key(caller: httpx.Client, key: str) -> None:
    response = caller.post("/users/loginWithToken", json={"apiToken": key})
    assert response.status_code in (400, 401)
    assert "hub" not in response.json()["errors"][0]["message"]
    assert key not in response.text
