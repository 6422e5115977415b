"""Walks along the contract's links: what an answer makes possible next, in orders that nobody thought of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    ignored_auth,
    response_schema_conformance,
    use_after_free,
)

from qiskit_runtime_rest.emulator.contract import Contract
from qiskit_runtime_rest.testing import Emulator
from tests.emulator.contract_gaps import documented_status, operation_id

CHECKS = [
    not_a_server_error,
    documented_status,
    content_type_conformance,
    response_schema_conformance,
    use_after_free,
    ensure_resource_availability,
]
# Where each kind of walk begins, and what such walks must have met, or they would show nothing.
STATIONS = {
    "/v1/jobs": {
        ("create_job", 200),
        ("get_job", 200),
        ("get_job_results_jid", 204),
        ("get_job_metrics_jid", 200),
        ("get_jog_logs_jid", 200),
        ("cancel_job_jid", 204),
        ("cancel_job_jid", 409),
        ("delete_job", 204),
        ("get_job", 404),
        ("get_job_results_jid", 404),
        ("get_job_metrics_jid", 404),
        ("get_jog_logs_jid", 404),
    },
    "/v1/sessions": {("create_session", 200), ("get_session", 200), ("delete_session_close", 204)},
}


def linked_contract(start: str) -> Any:
    """Give the operations at and below a path, their bodies narrowed to the examples so that walks get somewhere."""
    document = json.loads(Contract.load().text)
    content = document["paths"][start]["post"]["requestBody"]["content"]["application/json"]
    bodies = [example["value"] for example in content.pop("examples").values()]
    for body in bodies:
        body.pop("session_id", None)  # There is no such session here.
    content["schema"] = {"enum": bodies}
    contract = schemathesis.openapi.from_dict(document).include(path_regex=f"^{start}")
    # The walks log in; made-up credentials would hide all else behind 401.
    contract.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE], with_security_parameters=False)
    # No further links than those of the contract.
    contract.config.phases.stateful.inference.algorithms = []
    return contract


@pytest.fixture(scope="module")
def holding() -> Iterator[Emulator]:
    with Emulator(pace="hold", seed=7, virtual_clock=True) as emulator:
        yield emulator


@pytest.fixture
def credentials(holding: Emulator, connect: Any) -> dict[str, str]:
    client: httpx.Client = connect(holding)
    return {name: client.headers[name] for name in ("Authorization", "Service-CRN", "IBM-API-Version")}


@pytest.mark.parametrize("start", STATIONS)
def test_no_walk_along_the_links_leaves_the_contract(
    holding: Emulator, credentials: dict[str, str], start: str
) -> None:
    met: Counter[tuple[str, int]] = Counter()
    machine = linked_contract(start).as_state_machine()

    class Walk(machine):
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"base_url": holding.base_url, "headers": credentials}

        def after_call(self, response: schemathesis.Response, case: schemathesis.Case) -> None:
            super().after_call(response, case)
            met[operation_id(case), response.status_code] += 1

        def validate_response(self, response: schemathesis.Response, case: schemathesis.Case, **sent: Any) -> None:
            # Without credentials, and with wrong ones, each request is sent again: once for each answer will do.
            checks = CHECKS if met[operation_id(case), response.status_code] > 1 else [*CHECKS, ignored_auth]
            case.validate_response(response, checks=checks, transport_kwargs=sent, recorder=self.recorder)

    Walk.run(
        settings=settings(
            max_examples=30,
            stateful_step_count=16,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
    )
    assert not STATIONS[start] - met.keys(), met
