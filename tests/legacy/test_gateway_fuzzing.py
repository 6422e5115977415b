"""Calls that nobody thought of, generated from the classic document, to the gateway before the embedded service."""

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

# These end the credentials of all others; the last is a WebSocket.
APART = {"logout", "revokeTokens", "streamJob"}

BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
# What makes a thing that paths of this kind name.
MADE_BY: dict[str, tuple[str, dict[str, Any]]] = {
    "jobs": ("/jobs", {"program_id": "sampler", "backend": "ibm_torino", "params": {"circuits": BELL}}),
    "sessions": ("/sessions", {"backend": "ibm_torino"}),
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
    """What the names in a path can stand for, so that more than "not found" is answered."""
    kind = path.split("/")[1]
    if "{name}" in path:
        return {"name": "ibm_torino"}
    if "{id}" not in path:
        return {}
    where, body = MADE_BY[kind]
    answer = caller.post(where, json=body)
    assert answer.is_success, answer.text
    return {"id": answer.json()["id"]}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), operations())
def test_every_answer_is_documented_and_none_is_a_server_error(
    caller: httpx.Client,
    described: Any,
    method: str,
    path: str,
    mode: schemathesis.GenerationMode,
) -> None:
    operation = described[path][method]
    # What v1 is asked is v1's to judge, and its contract is tried elsewhere; programs are judged here.
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
        answer = case.call(base_url=str(caller.base_url), headers=dict(caller.headers))
        case.validate_response(answer, checks=checks)

    try:
        send()
    except Unsatisfiable:
        pytest.skip("nothing of this operation can be made invalid")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("GET", "/programs/a%0Ab"), ("PUT", "/jobs"), ("POST", "/openapi/")]
)
def test_what_the_classic_api_had_no_call_for_is_answered_by_a_classic_error(
    caller: httpx.Client, method: str, path: str
) -> None:
    answer = caller.request(method, path)
    assert answer.status_code in (404, 405)
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("key", ["line\nbreak", "caf\u00e9", "\U0001f511"])
def test_a_key_that_cannot_be_one_is_refused_for_what_it_is(caller: httpx.Client, key: str) -> None:
    answer = caller.post("/users/loginWithToken", json={"apiToken": key})
    assert answer.status_code in (400, 401)
    assert "hub" not in answer.json()["errors"][0]["message"]
    assert key not in answer.text
