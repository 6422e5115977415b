"""Requests that nobody thought of: generated from the contract, valid and invalid ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_schema_conformance,
    unsupported_method,
)

from qiskit_runtime_rest.emulator.contract import Contract, Operation
from qiskit_runtime_rest.testing import Emulator
from tests.emulator.contract_gaps import ACCEPTED, documented_status, operation_id

CONTRACT = Contract.load()
CHECKS = [not_a_server_error, documented_status, content_type_conformance, response_schema_conformance]
# What costs further requests for each one, or is asked of chosen values only.
THOROUGH = [*CHECKS, ignored_auth, missing_required_header, unsupported_method, allow_header_conformance]

CHOSEN = schemathesis.openapi.from_dict(json.loads(CONTRACT.text))
CHOSEN.config.phases.fuzzing.enabled = False
# The tests log in; made-up credentials would hide all else behind 401.
CHOSEN.config.generation.update(with_security_parameters=False)

WRONG_CREDENTIALS = (
    {"Authorization": ""},
    {"Authorization": "Bearer not.a.token"},
    {"Service-CRN": ""},
    {"Service-CRN": "crn:v1:bluemix:public:quantum-computing:us-east:a/0:0::"},
)


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
    pointer = CONTRACT.operations[method, path].body_pointer
    body_validator = CONTRACT.validator(pointer) if pointer and name not in ACCEPTED else None

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def send(case: schemathesis.Case) -> None:
        answer = case.call(base_url=fuzzed.base_url, headers=credentials)
        case.validate_response(answer, checks=CHECKS)
        if body_validator is not None and answer.status_code < 400:
            assert body_validator.is_valid(json.loads(answer.request.body or "null"))

    try:
        send()
    except Unsatisfiable:
        pytest.skip("nothing of this operation can be made invalid")


@CHOSEN.exclude(operation_id="logout").parametrize()
@settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_examples_and_values_at_each_limit_are_answered_as_documented(
    fuzzed: Emulator, credentials: Mapping[str, str], case: schemathesis.Case
) -> None:
    answer = case.call(base_url=fuzzed.base_url, headers=credentials)
    checks = THOROUGH if operation_id(case) in ACCEPTED else [*THOROUGH, negative_data_rejection]
    case.validate_response(answer, checks=checks, transport_kwargs={"headers": dict(credentials)})


@pytest.mark.parametrize("operation", CONTRACT.operations.values(), ids=lambda operation: operation.id)
def test_every_operation_but_the_list_of_versions_refuses_wrong_credentials(
    fuzzed: Emulator, credentials: dict[str, str], operation: Operation
) -> None:
    url = f"{fuzzed.base_url}{operation.path.format(id='ibm_torino')}"
    with httpx.Client(headers=credentials, verify=False) as client:
        statuses = {client.request(operation.method, url, headers=wrong).status_code for wrong in WRONG_CREDENTIALS}
    assert statuses <= ({200} if operation.id == "get_versions" else {401, 403})
