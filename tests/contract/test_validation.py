"""`validate=`: clients of both kinds, and generated functions, check each response against the contract."""

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
from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.testing import Emulator
from qiskit_runtime_rest.testing import connect as connected

from ..fixtures.faces import Connect, Face
from ..fixtures.service import BELL

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:4567::"


@pytest.fixture
def face(connect: Connect) -> Face:
    return connect(validate="responses")


def submitted(face: Face, **more: Any) -> Any:
    return face.do(lambda client: client.sampler([BELL], backend="ibm_fez", shots=20, **more))


def test_a_violation_is_an_error_with_place_operation_and_response(emulator: Emulator, face: Face) -> None:
    job = submitted(face)
    emulator.faults.add("get_job", kind="unknown_status", replace={"cost": "much"}, times=None)
    with pytest.raises(ContractViolation) as caught:
        face.do(lambda client: job.refresh())
    violation = caught.value
    assert "$.cost: is a string, not " in str(violation)
    assert (violation.operation, violation.status, violation.api_version) == ("GET /v1/jobs/{id}", 200, "2026-04-15")
    assert violation.answer["id"] == job.id
    assert "validate='off'" in str(violation)


def test_the_message_has_three_problems_at_most(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("get_job", status=200, body={"id": "x"}, times=None)
    with pytest.raises(ContractViolation) as caught:
        face.do(lambda client: client.jobs.get("x"))
    assert len(caught.value.problems) == 5
    assert str(caught.value).count("required property") == 3
    assert "; and more." in str(caught.value)


def test_generated_functions_are_checked_too(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("get_backend_status", status=200, body={"state": 1}, times=None)
    with pytest.raises(ContractViolation, match=r"GET /v1/backends/\{id\}/status"):
        face.generated(backends_api.get_backend_status, id="ibm_fez")


def test_clients_with_other_headers_or_timeouts_are_checked_too(emulator: Emulator, connect: Connect) -> None:
    emulator.faults.add("list_backends", status=200, body={"devices": ["ibm_fez"]}, times=None)
    face = connect(validate="responses")
    old = face.client.api.with_headers({"IBM-API-Version": "2024-01-01"})
    function = backends_api.list_backends.asyncio if face.is_async else backends_api.list_backends.sync
    assert face.do(lambda _: function(client=old)).devices == ["ibm_fez"]
    with pytest.raises(ContractViolation):
        face.do(lambda client: function(client=client.api.with_timeout(httpx.Timeout(5))))


def test_a_created_job_can_be_found_after_a_violation(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("create_job", kind="unknown_status", replace={"backend": 7}, times=None)
    with pytest.raises(ContractViolation) as caught:
        submitted(face)
    emulator.faults.clear()
    assert face.do(lambda client: client.jobs.get(caught.value.answer["id"])).backend == "ibm_fez"


def test_an_error_stays_an_error_with_the_violation_in_a_note(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("get_job", status=404, body={"errors": "gone"}, times=None)
    with pytest.raises(ApiError) as caught:
        face.do(lambda client: client.jobs.get("x"))
    assert not isinstance(caught.value, ContractViolation)
    assert any("breaks the contract" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("kind", ["rate_limited", "backend_reserved", "edge_error", "edge_block", "bad_gateway"])
def test_responses_of_limits_and_the_content_network_are_not_violations(
    emulator: Emulator, connect: Connect, kind: str
) -> None:
    seen: list[ContractViolation] = []
    face = connect(validate=seen.append)
    emulator.faults.add("get_job", kind=kind, times=None)
    with pytest.raises(ApiError):
        face.do(lambda client: client.jobs.get("x"))
    assert seen == []


def test_passing_faults_are_retried(emulator: Emulator, face: Face) -> None:
    emulator.faults.add("list_backends", kind="server_error", times=2)
    assert "ibm_fez" in [backend.name for backend in face.do(lambda client: client.backends.list())]


def test_results_are_not_checked(emulator: Emulator, face: Face) -> None:
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


def test_all_devices_of_the_embedded_service_keep_the_contract() -> None:
    with Emulator(devices=devices.names()) as service, connected(service, validate="responses") as client:
        asked = [(backend.configuration(), backend.status()) for backend in client.backends.list()]
    assert len(asked) > 60


def test_an_error_of_the_function_is_raised(emulator: Emulator, connect: Connect) -> None:
    def refuse(violation: ContractViolation) -> None:
        raise LookupError(violation.operation)

    face = connect(validate=refuse)
    emulator.faults.add("list_backends", status=200, body={}, times=None)
    with pytest.raises(LookupError, match="GET /v1/backends"):
        face.do(lambda client: client.backends.list())


def test_a_violation_contains_no_secrets(emulator: Emulator, face: Face) -> None:
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
    # The message about a closed object contains the names of unknown fields.
    emulator.faults.add("get_backend_status", status=200, body=dict.fromkeys(secrets, 1), times=None)
    for act in (lambda client: client.backends.list(), lambda client: client.backends.status("ibm_fez")):
        with pytest.raises(ContractViolation) as caught:
            face.do(act)
        shown = f"{caught.value} {caught.value!r} {vars(caught.value)} {pickle.dumps(caught.value)!r}"
        assert "***" in shown
        assert not [secret for secret in secrets if secret in shown]


def test_requests_outside_the_contract_are_not_checked(emulator: Emulator, face: Face) -> None:
    http = face.client.api.get_async_httpx_client() if face.is_async else face.client.api.get_httpx_client()
    assert face.do(lambda _: http.get(f"{emulator.base_url}/openapi.json")).is_success
    assert face.do(lambda _: http.get(f"{emulator.url}/_emulator/health")).is_success


def test_the_environment_can_turn_the_check_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def validate(**more: Any) -> Any:
        return Settings(api_key="k", instance=CRN, **more).validate

    assert validate() is None
    monkeypatch.setenv("QRR_VALIDATE", "warn")
    assert (validate(), validate(validate="responses"), validate(validate="off")) == ("warn", "responses", None)
    monkeypatch.setenv("QRR_VALIDATE", "off")
    assert validate() is None
    monkeypatch.setenv("QRR_VALIDATE", "requests")
    with pytest.raises(ConfigurationError, match=r"'requests': expected 'responses', 'warn', 'off' or a function"):
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


def python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=600)
    return done.stdout.strip()


def test_off_loads_nothing() -> None:
    assert python(OFF.format(crn=CRN, more="")) == "[]"
    assert "contract.response_check" in python(OFF.format(crn=CRN, more=", validate='warn'"))


def test_a_correct_response_gives_no_warning(connect: Connect) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        face = connect(validate="warn")
        job = submitted(face)
        face.do(lambda _: job.wait(timeout=600))
