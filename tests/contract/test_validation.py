"""`validate=`: each answer checked against the contract, in both kinds of client and through generated functions."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import httpx
import pytest

from qiskit_runtime_api.api import backends as backends_api
from qiskit_runtime_api.api import jobs as jobs_api
from qiskit_runtime_rest import (
    ApiError,
    ConfigurationError,
    ContractViolation,
    ContractWarning,
    NotFound,
    RuntimeClient,
    Settings,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.contract_clients import BELL, Connect
from ..fixtures.contract_faces import Face

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:4567::"


@pytest.fixture
def face(connect: Connect) -> Face:
    return connect(validate="responses")


def submitted(face: Face, **more: Any) -> Any:
    return face.do(lambda client: client.sampler([BELL], backend="ibm_torino", shots=20, **more))


SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    # what: (the answer to get_job, changed in these places; what is told of it)
    "a wrong type": ({"cost": "much"}, "$.cost: is a string, not "),
    "a wrong type below": ({"state.status": 7}, "$.state.status: is an integer, not string"),
    "an unknown word": ({"status": "Reticulating"}, "$.status: is not one of Queued, Running, Completed"),
    "null": ({"created": None}, "$.created: is null, not string"),
    "no date": ({"created": "2026-99-99T00:00:00Z"}, '$.created: does not fit format: "date-time"'),
}


@pytest.mark.parametrize(("replace", "told"), SPOILED.values(), ids=SPOILED)
def test_a_violation_is_an_error_that_says_where_and_what(
    emulator: Emulator, face: Face, replace: dict[str, Any], told: str
) -> None:
    job = submitted(face)
    emulator.faults.add("get_job", kind="unknown_status", replace=replace, times=None)
    with pytest.raises(ContractViolation) as caught:
        face.do(lambda client: job.refresh())
    violation = caught.value
    assert told in str(violation)
    assert any(problem.startswith(told) for problem in violation.problems)
    assert (violation.operation, violation.status, violation.api_version) == ("GET /v1/jobs/{id}", 200, "2026-04-15")
    assert violation.answer["id"] == job.id
    assert "validate='off'" in str(violation)


def test_a_property_that_is_missing_is_named(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("get_job", status=200, body={"id": "x"}, times=None)
    with pytest.raises(ContractViolation) as caught:
        face.do(lambda client: client.jobs.get("x"))
    assert {f"$: '{name}' is a required property" for name in ("created", "program", "state", "status", "cost")} == set(
        caught.value.problems
    )
    assert str(caught.value).count("required property") == 3
    assert "; and more." in str(caught.value)


def test_generated_functions_are_checked_too(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("get_backend_status", status=200, body={"state": 1}, times=None)
    with pytest.raises(ContractViolation, match=r"GET /v1/backends/\{id\}/status"):
        face.generated(backends_api.get_backend_status, id="ibm_torino")


def test_so_is_what_is_sent_with_headers_or_timeout_of_its_own(emulator: Emulator, connect: Connect) -> None:
    emulator.faults.add("list_backends", status=200, body={"devices": ["ibm_torino"]}, times=None)
    face = connect(validate="responses")
    old = face.client.api.with_headers({"IBM-API-Version": "2024-01-01"})
    function = backends_api.list_backends.asyncio if face.is_async else backends_api.list_backends.sync
    assert face.do(lambda _: function(client=old)).devices == ["ibm_torino"]
    with pytest.raises(ContractViolation):
        face.do(lambda client: function(client=client.api.with_timeout(httpx.Timeout(5))))


def test_what_is_created_is_not_lost(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("create_job", kind="unknown_status", replace={"backend": 7}, times=None)
    with pytest.raises(ContractViolation) as caught:
        submitted(face)
    emulator.faults.clear()
    assert face.do(lambda client: client.jobs.get(caught.value.answer["id"])).backend == "ibm_torino"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"html": "<html>Welcome to the hotel</html>"}, "$: is a string, not object"),
        ({"body": [1]}, "$: is an array, not object"),
    ],
)
def test_a_success_that_is_something_else_is_a_violation(
    emulator: Emulator, face: Face, body: dict[str, Any], told: str
) -> None:
    emulator.faults.add("list_backends", status=200, times=None, **body)
    with pytest.raises(ContractViolation) as caught:
        face.do(lambda client: client.backends.list())
    assert caught.value.problems == (told,)


def test_a_success_that_the_contract_does_not_list_is_a_violation(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("list_backends", status=202, body={"devices": []}, times=None)
    with pytest.raises(ContractViolation, match="status 202: expected 200"):
        face.do(lambda client: client.backends.list())


def test_a_success_of_another_kind_is_a_violation(emulator: Emulator, face: Face) -> None:
    job = submitted(face)
    face.do(lambda _: job.wait(timeout=600))
    emulator.faults.add("delete_job", status=200, body={"deleted": True}, times=None)
    with pytest.raises(ContractViolation, match="status 200: expected 204"):
        face.do(lambda _: job.delete())


def test_errors_stay_errors_and_tell_the_violation_besides(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("get_job", status=404, body={"errors": "gone"}, times=None)
    with pytest.raises(ApiError) as caught:
        face.do(lambda client: client.jobs.get("x"))
    assert not isinstance(caught.value, ContractViolation)
    assert any("breaks the contract" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("kind", ["rate_limited", "backend_reserved", "edge_error", "edge_block", "bad_gateway"])
def test_what_limits_and_the_content_network_answer_is_not_held_against_the_contract(
    emulator: Emulator, connect: Connect, kind: str
) -> None:
    seen: list[ContractViolation] = []
    face = connect(validate=seen.append)
    emulator.faults.add("get_job", kind=kind, times=None)
    with pytest.raises(ApiError):
        face.do(lambda client: client.jobs.get("x"))
    assert seen == []


def test_passing_faults_are_retried_as_ever(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("list_backends", kind="server_error", times=2)
    assert "ibm_torino" in [backend.name for backend in face.do(lambda client: client.backends.list())]


def test_results_go_to_their_reader_as_they_come(emulator: Emulator, face: Face) -> None:
    job = submitted(face, private=True)
    assert sum(face.do(lambda _: job.result(timeout=600))[0].counts().values()) == 20
    again = submitted(face)
    face.do(lambda _: again.wait(timeout=600))
    assert face.generated(jobs_api.get_job_results, id=again.id) is not None


def test_a_violation_can_be_a_warning(emulator: Emulator, connect: Connect) -> None:
    face = connect(validate="warn")
    job = submitted(face)
    emulator.faults.add("get_job", kind="unknown_status", times=None)
    with pytest.warns(ContractWarning, match=r"\$\.status: is not one of"):
        assert face.do(lambda _: job.status()) == "Reticulating"


def test_a_violation_can_go_to_a_function(emulator: Emulator, connect: Connect) -> None:
    seen: list[ContractViolation] = []
    face = connect(validate=seen.append)
    job = submitted(face)
    emulator.faults.add("get_job", kind="unknown_status", times=1)
    assert face.do(lambda _: job.status()) == "Reticulating"
    emulator.faults.add("get_job", status=404, body={"errors": 7}, times=None)
    with pytest.raises(NotFound):
        face.do(lambda _: job.status())
    assert [violation.status for violation in seen] == [200, 404]


def test_the_function_may_be_asynchronous_where_the_client_is(emulator: Emulator, connect: Connect) -> None:
    seen: list[ContractViolation] = []

    async def note(violation: ContractViolation) -> None:
        seen.append(violation)

    face = connect(validate=note)
    job = submitted(face)
    emulator.faults.add("get_job", kind="unknown_status", times=None)
    if face.is_async:
        assert face.do(lambda _: job.status()) == "Reticulating"
        assert len(seen) == 1
    else:
        with pytest.raises(ConfigurationError, match="AsyncRuntimeClient"):
            job.status()


def test_what_the_embedded_service_says_of_all_its_devices_keeps_the_contract(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    with RuntimeClient(**options, validate="responses") as client:
        asked = [(backend.configuration(), backend.status()) for backend in client.backends.list()]
    assert len(asked) > 60


def test_what_the_function_raises_goes_through(emulator: Emulator, connect: Connect) -> None:
    def refuse(violation: ContractViolation) -> None:
        raise LookupError(violation.operation)

    face = connect(validate=refuse)
    emulator.faults.add("list_backends", status=200, body={}, times=None)
    with pytest.raises(LookupError, match="GET /v1/backends"):
        face.do(lambda client: client.backends.list())


def test_secrets_are_in_no_violation(emulator: Emulator, face: Face) -> None:
    sent: list[str] = []
    http = face.client.api.get_async_httpx_client() if face.is_async else face.client.api.get_httpx_client()

    def note(request: httpx.Request) -> None:
        sent.extend(value.partition(" ")[2] for value in request.headers.get_list("Authorization"))

    async def note_async(request: httpx.Request) -> None:
        note(request)

    http.event_hooks = {"request": [note_async if face.is_async else note]}
    face.do(lambda client: client.backends.list())
    secrets = (sent[0], emulator.api_key)
    echo = {"devices": [{"name": " ".join(secrets), **dict.fromkeys(secrets, 1), "status": secrets[0]}]}
    emulator.faults.add("list_backends", status=200, body=echo, times=None)
    # Of a closed object, the names that it should not have are told.
    emulator.faults.add("get_backend_status", status=200, body=dict.fromkeys(secrets, 1), times=None)
    for act in (lambda client: client.backends.list(), lambda client: client.backends.status("ibm_torino")):
        with pytest.raises(ContractViolation) as caught:
            face.do(act)
        shown = f"{caught.value} {caught.value!r} {vars(caught.value)} {pickle.dumps(caught.value)!r}"
        assert "***" in shown
        assert not [secret for secret in secrets if secret in shown]


def test_what_is_outside_the_contract_is_left_alone(emulator: Emulator, face: Face) -> None:
    http = face.client.api.get_async_httpx_client() if face.is_async else face.client.api.get_httpx_client()
    assert face.do(lambda _: http.get(f"{emulator.base_url}/openapi.json")).is_success
    assert face.do(lambda _: http.get(f"{emulator.url}/_emulator/health")).is_success


def test_the_environment_can_ask_for_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def validate(**more: Any) -> Any:
        return Settings(api_key="k", instance=CRN, **more).validate

    assert validate() is None
    monkeypatch.setenv("QRR_VALIDATE", "warn")
    assert (validate(), validate(validate="responses"), validate(validate="off")) == ("warn", "responses", None)
    monkeypatch.setenv("QRR_VALIDATE", "off")
    assert validate() is None
    monkeypatch.setenv("QRR_VALIDATE", "requests")
    with pytest.raises(ConfigurationError, match=r"'requests' is none of 'responses', 'warn', 'off'"):
        validate()


def test_a_version_without_a_contract_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="2027-01-01"):
        RuntimeClient(api_key="k", instance=CRN, api_version="2027-01-01", validate="responses")


OFF = """
import sys
from qiskit_runtime_rest import RuntimeClient
client = RuntimeClient(api_key="k", instance={crn!r}{more})
client.api.get_httpx_client()
print([name for name in sys.modules if name.startswith(("qiskit_runtime_rest.contract", "openapi_schema_validator"))])
"""

MISSING = """
import sys
sys.modules[{module!r}] = None
from qiskit_runtime_rest import MissingExtra, RuntimeClient
try:
    RuntimeClient(api_key="k", instance={crn!r}, validate="responses")
except MissingExtra as error:
    print(error)
"""


def python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


def test_off_loads_nothing() -> None:
    assert python(OFF.format(crn=CRN, more="")) == "[]"
    assert "contract.response_check" in python(OFF.format(crn=CRN, more=", validate='warn'"))


@pytest.mark.parametrize("module", ["openapi_schema_validator", "oas_patch"])
def test_without_the_extra_the_error_names_it(module: str) -> None:
    assert "pip install 'qiskit-runtime-rest[contract]'" in python(MISSING.format(crn=CRN, module=module))


def test_an_answer_that_keeps_the_contract_says_nothing(connect: Connect) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        face = connect(validate="warn")
        job = submitted(face)
        face.do(lambda _: job.wait(timeout=600))
