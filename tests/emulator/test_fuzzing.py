"""Requests that nobody thought of: generated from the contract, valid and invalid ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from qiskit_runtime_rest.emulator.contract import Contract
from qiskit_runtime_rest.testing import Emulator

CONTRACT = Contract.load()
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]

# Refusals that the contract does not document for the operation, though it needs them. Everything else is.
UNDOCUMENTED = {
    401: "operations of backends, and the closing of sessions, document no refusal at all",
    404: "the same ones: the device or session is not there",
    400: "the same ones: a parameter breaks the contract",
}
DOCUMENT_NO_REFUSAL = {
    "list_backends",
    "get_backend_properties",
    "get_backend_configuration",
    "get_backend_status",
    "get_backend_defaults",
    "delete_session_close",
    "get_usage",
}
# Bodies invalid by the letter of the contract, and accepted.
ACCEPTED = {
    "create_job": "its oneOf over all programs is ambiguous: what counts is the schema of the job's program",
    "create_session": "its oneOf is ambiguous: what counts is whether interactive_ttl is there",
}


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Emulator]:
    with Emulator(pace="hold", token_seconds=10**6) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def credentials(fuzzed: Emulator) -> dict[str, str]:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": fuzzed.api_key}
    token = httpx.post(f"{fuzzed.iam_url}/identity/token", data=form, verify=False).json()["access_token"]
    return {
        "Authorization": f"Bearer {token}",
        "Service-CRN": fuzzed.instance,
        "IBM-API-Version": "2026-04-15",
    }


@pytest.fixture(scope="module")
def contract(fuzzed: Emulator) -> Any:
    document = httpx.get(f"{fuzzed.base_url}/openapi.json", verify=False).json()
    return schemathesis.openapi.from_dict(document)


def operations() -> list[tuple[str, str]]:
    """Method and path of each operation; logging out would end the session of all others."""
    described = CONTRACT.operations.values()
    return [(operation.path, operation.method) for operation in described if operation.id != "logout"]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), operations())
def test_every_answer_is_documented_and_none_is_a_server_error(
    fuzzed: Emulator,
    contract: Any,
    credentials: dict[str, str],
    path: str,
    method: str,
    mode: schemathesis.GenerationMode,
) -> None:
    operation = contract[path][method]
    name = str(operation.definition.raw["operationId"])
    documented = operation.definition.raw["responses"]
    pointer = CONTRACT.operations[method, path].body_pointer
    body_validator = CONTRACT.validator(pointer) if pointer and name not in ACCEPTED else None

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def send(case: schemathesis.Case) -> None:
        answer = case.call(base_url=fuzzed.base_url, headers=credentials)
        if str(answer.status_code) in documented:
            case.validate_response(answer, checks=CHECKS)
        else:
            assert name in DOCUMENT_NO_REFUSAL, (name, answer.status_code, answer.text[:300])
            assert answer.status_code in UNDOCUMENTED
            assert answer.json()["errors"][0]["message"]
        if body_validator is not None and answer.status_code < 400:
            assert body_validator.is_valid(json.loads(answer.request.body or "null"))

    try:
        send()
    except Unsatisfiable:
        pytest.skip("nothing of this operation can be made invalid")
