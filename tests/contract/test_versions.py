"""Every API version since 2024-01-01: its contract, and clients that use it with each response checked."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import oas_patch  # type: ignore[import-untyped]
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from qiskit_runtime_api.api import jobs as jobs_api
from qiskit_runtime_rest import ContractViolation, InvalidInput, NotFound
from qiskit_runtime_rest.config.api_versions import API_VERSION, SUNSETS, days_left
from qiskit_runtime_rest.contract import versions as documents
from qiskit_runtime_rest.contract.versions import contract_of, corrected_contract_of, vendored
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import Connect
from ..fixtures.service import BELL

OVERLAYS = sorted(Path(documents.__file__).parent.rglob("*.yaml"))
LATEST = "2026-04-15"


def test_the_versions_are_those_that_the_service_lists(connect: Connect) -> None:
    listed = connect().do(lambda client: client.versions())
    assert {entry["version"]: entry.get("sunset_date") for entry in listed} == dict(SUNSETS)
    assert API_VERSION == LATEST == vendored()["info"]["version"]


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_is_valid_and_gives_its_reasons(path: Path) -> None:
    overlay = oas_patch.load_file(str(path))
    assert "[ERROR]" not in oas_patch.validate(overlay, "log")
    assert all(action["description"] for action in overlay["actions"])
    assert {overlay["info"].get(key, LATEST) for key in ("x-since", "x-until")} <= SUNSETS.keys()


def operation_ids(document: Any) -> set[str]:
    return {operation["operationId"] for item in document["paths"].values() for operation in item.values()}


@pytest.mark.parametrize("version", SUNSETS)
def test_the_contract_of_a_version_is_valid_and_differs_as_the_changelog_says(version: str) -> None:
    document: Any = contract_of(version)
    assert {error.message for error in OpenAPIV30SpecValidator(document).iter_errors()} == {
        "'' is not one of ['wait_time_seconds']"  # published so
    }
    schemas = document["components"]["schemas"]
    assert document["info"]["version"] == version
    assert ("get_transpiled_circuits_jid" in operation_ids(document)) == (version < "2026-02-01")
    assert ("quantum_seconds" in schemas["UsageV3"]["properties"]) == (version < "2026-03-15")
    assert ("bss" in schemas["JobMetricsResponse"]["properties"]) == (version < "2026-03-15")
    assert ("circuits_execution_time_ns" in schemas["JobMetricsResponse"]["properties"]) == (version >= LATEST)
    devices = schemas["BackendsResponse"]["properties"]["devices"]["items"]
    assert (devices["type"] == "string") == (version < "2025-01-01")


def test_the_vendored_contract_stays_as_it_is() -> None:
    before = repr(vendored())
    contract_of("2024-01-01")
    corrected_contract_of("2025-01-01")
    assert repr(vendored()) == before
    assert repr(corrected_contract_of(LATEST)) != repr(contract_of(LATEST))


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(InvalidInput, match="2026-04-15"):
        contract_of("2025-01-02")


@pytest.mark.parametrize("version", SUNSETS)
def test_the_client_works_and_every_answer_keeps_the_contract(
    emulator: Emulator, connect: Connect, version: str
) -> None:
    face = connect(api_version=version, validate="responses")
    job = face.do(lambda client: client.sampler([BELL], backend="ibm_fez", shots=50, tags=["versions"]))
    assert sum(face.do(lambda _: job.result(timeout=600))[0].counts().values()) == 50
    assert face.do(lambda _: job.status()) == "Completed"
    metrics = face.do(lambda _: job.metrics())
    assert bool(metrics.circuits_execution_time_ns) == (version >= LATEST)
    assert [each.id for each in face.do(lambda client: client.jobs.list(tags=["versions"]))] == [job.id]
    assert "ibm_fez" in [backend.name for backend in face.do(lambda client: client.backends.list())]
    assert LATEST in [entry["version"] for entry in face.do(lambda client: client.versions())]
    assert "ibm_fez" in face.do(lambda client: client.instances.get()).backends
    assert face.do(lambda client: client.usage()).usage_consumed_seconds >= 0
    assert face.do(lambda client: client.jobs.get(job.id)).tags[0] == "versions"
    session = face.do(lambda client: client.sessions.create(backend="ibm_fez", mode="batch"))
    assert face.do(lambda _: session.status())
    face.do(lambda _: session.cancel())
    face.do(lambda _: job.delete())
    with pytest.raises(NotFound):
        face.do(lambda client: client.jobs.get(job.id))
    sent = {request.headers["ibm-api-version"] for request in emulator.requests if "/v1/" in request.path}
    assert sent == {version}


@pytest.mark.filterwarnings("ignore:get_job_transpiled_circuits is deprecated")
@pytest.mark.parametrize("version", SUNSETS)
def test_transpiled_circuits_are_read_in_the_versions_that_serve_them(connect: Connect, version: str) -> None:
    face = connect(api_version=version, validate="responses")
    job = face.do(lambda client: client.sampler([BELL], backend="ibm_fez", shots=5))
    face.do(lambda _: job.wait(timeout=600))
    if version < "2026-02-01":
        assert face.generated(jobs_api.get_job_transpiled_circuits, id=job.id).url
    else:
        with pytest.raises(NotFound):
            face.generated(jobs_api.get_job_transpiled_circuits, id=job.id)


@pytest.mark.parametrize(("served", "asked"), [("2024-01-01", LATEST), (LATEST, "2024-01-01")])
def test_a_response_in_the_form_of_another_version_is_a_violation(
    emulator: Emulator, connect: Connect, served: str, asked: str
) -> None:
    forms: dict[str, list[Any]] = {"2024-01-01": ["ibm_fez"], LATEST: [{"name": "ibm_fez"}]}
    emulator.faults.add("list_backends", status=200, body={"devices": forms[served]}, times=None)
    with pytest.raises(ContractViolation, match=r"\$\.devices\[0\].*") as caught:
        connect(api_version=asked, validate="responses").do(lambda client: client.backends.list())
    assert caught.value.api_version == asked


@pytest.mark.parametrize(
    ("sunset", "left"),
    [("2026-12-01", 10), ("2026-11-21T00:00:00Z", 0), ("2026-11-20", -1), (None, None), ("soon", None)],
)
def test_days_are_counted_to_the_sunset(sunset: str | None, left: int | None) -> None:
    assert days_left(sunset, today=datetime.date(2026, 11, 21)) == left
