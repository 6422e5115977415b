"""The check of one response against the contract, without a client or a service."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.contract.response_check import Checker
from qiskit_runtime_rest.errors import ConfigurationError, ContractViolation

BASE_URL = "https://service.example/api"
VERSION = "2026-04-15"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:4567::"
JOB: dict[str, Any] = {
    "id": "d4ro8fekp30qdo0en7us",
    "created": "2026-04-20T09:30:12.482Z",
    "program": {"id": "sampler"},
    "backend": "ibm_fez",
    "state": {"status": "Running"},
    "status": "Running",
    "cost": 600,
}


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(base_url=BASE_URL, api_version=VERSION)


def violation(
    checker: Checker,
    target: str,
    *,
    status: int = 200,
    method: str = "GET",
    version: str = VERSION,
    secrets: tuple[str, ...] = (),
    **content: Any,
) -> ContractViolation | None:
    url = target if target.startswith("https:") else f"{BASE_URL}{target}"
    request = httpx.Request(method, url, headers={"IBM-API-Version": version, "Authorization": "Bearer s3cr3t-token"})
    return checker.violation(httpx.Response(status, request=request, **content), secrets=secrets)


def problems(checker: Checker, target: str, **given: Any) -> tuple[str, ...]:
    found = violation(checker, target, **given)
    return () if found is None else tuple(found.problems)


WRONG_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    # name: (the changed parts of a job, the beginning of the message)
    "a wrong type": ({"cost": "much"}, "$.cost: is a string, not "),
    "a wrong type below": ({"state": {"status": 7}}, "$.state.status: is an integer, not string"),
    "an unknown word": ({"status": "Reticulating"}, "$.status: is not one of Queued, Running, Completed"),
    "null": ({"created": None}, "$.created: is null, not string"),
    "not a date": ({"created": "2026-99-99T00:00:00Z"}, '$.created: does not fit format: "date-time"'),
}


@pytest.mark.parametrize(("changed", "message"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_described_with_its_place(checker: Checker, changed: dict[str, Any], message: str) -> None:
    assert problems(checker, "/v1/jobs/x", json=JOB) == ()
    assert problems(checker, "/v1/jobs/x", json={**JOB, **changed})[0].startswith(message)


def test_a_violation_names_operation_status_and_version(checker: Checker) -> None:
    found = violation(checker, "/v1/jobs/x?exclude_params=true", json={**JOB, "cost": "much"})
    assert found is not None
    assert (found.operation, found.status, found.api_version) == ("GET /v1/jobs/{id}", 200, VERSION)
    assert found.answer["id"] == JOB["id"]
    assert "$.cost" in str(found)


def test_missing_properties_are_named(checker: Checker) -> None:
    assert set(problems(checker, "/v1/jobs/x", json={"id": "x"})) == {
        f"$: '{name}' is a required property" for name in ("created", "program", "state", "status", "cost")
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"html": "<html>Welcome to the hotel</html>"}, "$: is a string, not object"),
        ({"json": [1]}, "$: is an array, not object"),
        ({"content": b"\xff"}, "$: is a string, not object"),
        ({"content": b""}, "$: is a string, not object"),
    ],
)
def test_a_body_of_another_kind_is_a_violation(checker: Checker, content: dict[str, Any], message: str) -> None:
    assert problems(checker, "/v1/backends", **content) == (message,)


def test_an_undocumented_success_is_a_violation(checker: Checker) -> None:
    assert problems(checker, "/v1/backends", status=202, json={"devices": []}) == ("status 202: expected 200",)
    assert problems(checker, "/v1/jobs/x", method="DELETE", json={}) == ("status 200: expected 204",)
    assert problems(checker, "/v1/jobs/x", method="DELETE", status=204, text="?") == ("has a body; expected none",)


def test_a_documented_error_is_checked(checker: Checker) -> None:
    assert problems(checker, "/v1/jobs/x", status=404, json={"errors": "gone"}) == ("$.errors: is a string, not array",)


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ("/v1/jobs/x", {"status": 429, "json": {}}),
        ("/v1/jobs/x", {"status": 404, "html": "<html>", "headers": {"CF-RAY": "1"}}),
        ("/openapi.json", {"json": {}}),
        ("/v1/unknown", {"json": {}}),
        ("/v1/jobs/x", {"method": "PUT", "json": {}}),
        ("/v1/jobs/x", {"version": "2099-01-01", "json": {}}),
        ("https://other.example/api/v1/jobs/x", {"json": {}}),
        ("https://service.example/apiary/v1/jobs/x", {"json": {}}),
        ("/v1/jobs/x", {"stream": httpx.ByteStream(b"{}")}),
    ],
    ids=["limit", "network", "document", "path", "method", "version", "host", "prefix", "unread"],
)
def test_responses_outside_the_contract_are_not_judged(checker: Checker, target: str, given: dict[str, Any]) -> None:
    assert violation(checker, target, **given) is None


def test_results_may_be_any_text(checker: Checker) -> None:
    for text in ('{"results": []}', "Traceback", ""):
        assert problems(checker, "/v1/jobs/x/results", text=text) == ()


@pytest.mark.parametrize(
    ("version", "devices", "problem"),
    [
        ("2024-01-01", ["ibm_fez"], None),
        ("2024-01-01", [{"name": "ibm_fez"}], "$.devices[0]: is an object, not string"),
        (VERSION, ["ibm_fez"], "$.devices[0]: is a string, not object"),
    ],
)
def test_the_version_of_the_request_counts(
    checker: Checker, version: str, devices: list[Any], problem: str | None
) -> None:
    found = problems(checker, "/v1/backends", json={"devices": devices}, version=version)
    assert found == (() if problem is None else (problem,))


def test_no_more_than_twenty_problems_are_listed(checker: Checker) -> None:
    assert len(problems(checker, "/v1/backends", json={"devices": [7] * 99})) == 20


def test_secrets_are_blanked_in_problems_and_response(checker: Checker) -> None:
    secrets = ("s3cr3t-token", "s3cr3t-key-1")
    # The names of unknown fields are a part of the message for closed objects.
    body = {**dict.fromkeys(secrets, 1), "state": list(secrets)}
    found = violation(checker, "/v1/backends/x/status", json=body, secrets=secrets[1:])
    assert found is not None
    shown = f"{found} {vars(found)}"
    assert "***" in shown
    assert "s3cr3t" not in shown


def test_a_version_without_a_contract_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="2027-01-01"):
        Checker(base_url=BASE_URL, api_version="2027-01-01")


@pytest.mark.parametrize("module", ["openapi_schema_validator", "oas_patch"])
def test_without_the_extra_the_error_names_it(module: str) -> None:
    script = f"""
import sys
sys.modules[{module!r}] = None
from qiskit_runtime_rest import MissingExtra, RuntimeClient
try:
    RuntimeClient(api_key="k", instance={CRN!r}, validate="warn")
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=600)
    assert "pip install 'qiskit-runtime-rest[contract]'" in done.stdout
