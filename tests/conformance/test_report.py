"""Reports: secrets are masked, and messages about private responses leave out their values."""

from __future__ import annotations

import datetime
import json

import httpx
import pytest
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup

from qiskit_runtime_rest.conformance.exemptions import Exemption
from qiskit_runtime_rest.conformance.report import Finding, Mask, Report, in_full, without_response
from qiskit_runtime_rest.contract.versions import corrected, vendored
from qiskit_runtime_rest.errors import ApiError, InvalidInput


@pytest.mark.parametrize(
    "secret",
    [
        "crn:v1:bluemix:public:quantum-computing:us-east:a/0f1e2d3c4b5a69788796a5b4c3d2e1f0:3c7a1f52::",
        "crn%3Av1%3Abluemix%3Apublic",
        "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2ln",
        "IBMid-50ABCDEFGH",
        "somebody@example.com",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "my-own-key",
        "key/with slash",
        "key/with%20slash",
    ],
)
def test_secrets_and_personal_identifiers_are_masked(secret: str) -> None:
    mask = Mask({"API key": "my-own-key", "token": "key/with slash", "crn": None})
    assert secret not in mask(f"GET /v1/x?instance={secret} said '{secret}'")


def test_long_texts_are_cut() -> None:
    assert len(Mask()("x" * 5000)) == 401


def failures(body: object) -> list[Failure]:
    """The failures of a response to `list_backends`."""
    response = httpx.Response(200, json=body, request=httpx.Request("GET", "http://service/v1/backends"))
    response.elapsed = datetime.timedelta(0)
    try:
        schemathesis.openapi.from_dict(corrected(vendored()))["/v1/backends"]["GET"].validate_response(response)
    except FailureGroup as group:
        return [one for one in group.exceptions if isinstance(one, Failure)]
    except Failure as failure:
        return [failure]
    return []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"devices": {"s3cr3t": 1}}, "$.devices is an object, not array"),
        ({"devices": ["s3cr3t"]}, "$.devices[0] is a string, not object"),
        ({"s3cr3t": []}, "$ has no devices"),
        ([], "$ is an array, not object"),
    ],
)
def test_a_message_without_the_response_names_place_and_kind_of_error(body: object, message: str) -> None:
    assert [without_response(one) for one in failures(body)] == [message]
    assert [in_full(one) for one in failures(body)] != [message]


def test_errors_are_described_without_the_words_of_the_service() -> None:
    error = ApiError("s3cr3t", status=400, method="GET", url="http://service/v1/backends")
    assert without_response(error) == "GET http://service/v1/backends was answered 400."
    assert without_response(InvalidInput("our own words")) == "our own words"
    assert without_response(KeyError("s3cr3t")) == "KeyError"


def test_the_first_finding_of_a_kind_is_shown_with_the_number_of_all() -> None:
    report = Report(target="it", seed=7)
    for message in ("first", "second"):
        report.add(Finding(operation="get_job", failure="F", status=404, message=message, request="GET /", phase="p"))
    report.excused[Exemption(operation="list_tags", failure="F", says="", because="")] += 2
    report.answers["get_job", 404] += 1
    assert not report.passed
    assert "1 x" not in "\n".join(report.lines())
    assert "2 x get_job: F (404, p): first" in "\n".join(report.lines())
    assert report.unmet([("get_job", 404), ("get_job", 200)]) == [("get_job", 200)]
    document = json.loads(json.dumps(report.as_json()))
    assert document.keys() == {
        *("target", "seed", "passed", "requests", "seconds", "findings", "remarks", "excused", "answers")
    }
    assert document["findings"][0].keys() == {
        *("operation", "failure", "status", "message", "request", "phase", "count")
    }
    assert (document["excused"], document["answers"]) == ({"list_tags F": 2}, {"get_job 404": 1})
