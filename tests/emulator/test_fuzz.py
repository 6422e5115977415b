"""Any request, to any operation or control route, is answered, and never with an error of the emulator itself."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qiskit_runtime_rest.emulator.api import ROUTES
from qiskit_runtime_rest.emulator.contract import Contract
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BELL

Connect = Callable[..., httpx.Client]
CONTRACT = Contract.load()

DATES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2016-12-31T23:59:60Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01t00:00:00z",
    "2026-01-01T00:00:00.123456789123Z",
    "2026-02-29T00:00:00Z",
    "0001-01-01",
    "9999-12-31",
)
TEXTS = (
    *DATES,
    "",
    "\x00",
    "\ud800",
    "Ω",
    "x" * 5000,
    "a\r\nX-Y: z",
    "true",
    "NaN",
    "9" * 30,
    "9" * 5000,
    "-1",
    "e" * 3,
)
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**400, -(10**400), 1e308, -0.0, 0.5, float("inf"), float("nan"))
DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP]
VALUES: tuple[Any, ...] = (*TEXTS, *NUMBERS, None, True, False, [], {}, [[]], [None], {"a": []}, DEEP)

BODIES: dict[str, Any] = {
    "create_job": {
        "program_id": "sampler",
        "backend": "ibm_torino",
        "params": {"pubs": [[BELL, None, 100]], "options": {}, "version": 2, "schema_version": "v0.1"},
        "tags": ["a"],
        "cost": 100,
        "session_id": "unknown",
        "log_level": "info",
        "private": False,
    },
    "create_session": {"mode": "batch", "backend": "ibm_torino", "max_ttl": 100, "interactive_ttl": 1, "active_ttl": 1},
    "update_session": {"accepting_jobs": True},
    "replace_job_tags": {"tags": ["a"]},
    "replace_instance_configuration": {"instance_limit": 100},
}
PROGRAMS = ("sampler", "estimator", "executor", "noise-learner", "noise-learner-v3", "other")
CONTROL: dict[tuple[str, str], Any] = {
    ("POST", "seed"): {"seed": 5},
    ("POST", "clock"): {"advance": 1},
    ("POST", "pace"): {"pace": {"queued": "hold", "running": "hold"}},
    ("POST", "faults"): {"operation": "get_versions", "kind": "delay", "delay": 0, "times": 1, "when": "before"},
    ("POST", "jobs/{id}/interim_results"): {"a": 1},
    ("POST", "reset"): {},
    ("GET", "health"): None,
    ("GET", "seed"): None,
    ("GET", "clock"): None,
    ("GET", "pace"): None,
    ("GET", "faults"): None,
    ("DELETE", "faults"): None,
    ("DELETE", "faults/{id}"): None,
    ("GET", "requests"): None,
    ("DELETE", "requests"): None,
    ("GET", "jobs/{id}/circuits"): None,
}
FAULT_FIELDS: dict[str, Any] = {
    "probability": 0.5,
    "skip": 1,
    "seed": 5,
    "reset": False,
    "status": 503,
    "headers": {"A": "b"},
    "body": {},
    "html": "",
    "replace": {"a": 1},
    "retry_after": 1,
    "keep": 0.5,
    "chunks": 2,
    "pause": 0,
}

values = st.sampled_from(VALUES)
texts = st.sampled_from(TEXTS)


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """The places in a JSON document."""
    yield ()
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        for rest in paths(part):
            yield (step, *rest)


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    part = replaced(document[path[0]], path[1:], value)
    if isinstance(document, dict):
        return {**document, path[0]: part}
    return [*document[: path[0]], part, *document[path[0] + 1 :]]


@st.composite
def spoilt(draw: st.DrawFn, document: Any) -> Any:
    """The document with up to two of its parts replaced."""
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(sorted(paths(document), key=str)))
        document = replaced(document, place, draw(values))
    return document


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(pace="hold", virtual_clock=True, recorded_requests=10) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def api(service: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=120, verify=False) as client:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": service.api_key}
        token = client.post("/identity/token", data=form).json()["access_token"]
        client.headers.update(
            {"Authorization": f"Bearer {token}", "Service-CRN": service.instance, "IBM-API-Version": "2026-04-15"}
        )
        yield client


def answered(api: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    answer = api.request(method, path, **request)
    # The live service answers an unknown mode with 500, so the embedded one does, too.
    if answer.status_code >= 500 and "Internal server error" not in answer.text:
        raise AssertionError(f"{answer.status_code} for {method} {path[:200]}: {str(request)[:2000]}: {answer.text}")
    return answer


def encoded(body: Any) -> dict[str, Any]:
    return {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}


REQUESTS = [route for route in ROUTES if route.name != "logout"]
many = settings(max_examples=120, suppress_health_check=list(HealthCheck), deadline=None)


@many
@given(data=st.data())
def test_no_request_to_an_operation_fails_the_service(api: httpx.Client, data: st.DataObject) -> None:
    route = data.draw(st.sampled_from(REQUESTS))
    operation = CONTRACT.operations.get((route.method, route.path)) if route.contracted else None
    steps = [data.draw(texts) if step.startswith("{") else step for step in route.full_path.split("/")]
    path = "/".join(quote(step, errors="surrogatepass") for step in steps)
    names = [parameter.name for parameter in operation.parameters if parameter.place == "query"] if operation else ["a"]
    query = data.draw(st.dictionaries(st.sampled_from(names), texts, max_size=3)) if names else {}
    path += "?" + "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in query.items())
    request: dict[str, Any] = {}
    if operation and operation.body_pointer:
        body = BODIES[operation.id]
        if operation.id == "create_job":
            body = body | {"program_id": data.draw(st.sampled_from(PROGRAMS))}
        request = encoded(data.draw(spoilt(body)))
    answered(api, route.method, path, **request)
    for check in ("/api/v1/instance", "/api/v1/instances/usage", "/api/v1/jobs?limit=5", "/api/v1/workloads"):
        answered(api, "GET", check)


@many
@given(data=st.data())
def test_no_request_to_the_control_plane_fails_the_service(api: httpx.Client, data: st.DataObject) -> None:
    (method, path), body = data.draw(st.sampled_from(sorted(CONTROL.items())))
    path = path.replace("{id}", quote(data.draw(texts), safe="", errors="surrogatepass"))
    if path == "faults" and body is not None:
        more = data.draw(st.sets(st.sampled_from(sorted(FAULT_FIELDS)), max_size=3))
        body = body | {name: FAULT_FIELDS[name] for name in more}
    answered(api, method, f"/_emulator/{path}", **({} if body is None else encoded(data.draw(spoilt(body)))))
    # A rule that was accepted can be applied.
    rules = answered(api, "GET", "/_emulator/faults").json()["faults"]
    if any(rule["delay"] + rule["pause"] * rule["chunks"] < 1 and not rule["reset"] for rule in rules):
        try:
            given_status = {rule["status"] for rule in rules}
            answer = api.get("/api/v1/versions", timeout=20)
            assert answer.status_code in {200, *given_status}
        except httpx.RemoteProtocolError:
            assert any(rule["keep"] is not None or rule["reset"] for rule in rules)
    answered(api, "DELETE", "/_emulator/faults")
    answered(api, "GET", "/_emulator/clock")


def raw(service: Emulator, request: bytes) -> bytes:
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("{url}/api/v1/versions", 200),
        ("{url}/api/v1/versions?x=http://y", 200),
        ("{url}", 200),
        ("{url}/nothing", 404),
        ("http://other.example/api/v1/versions", 403),
        ("http://[/", 400),
        ("ftp://127.0.0.1/", 400),
        ("*", 400),
        ("127.0.0.1:80", 400),
        ("//x:y/", 404),
        ("/api/v1/versions/%00%ff%0d%0a", 404),
    ],
)
def test_every_form_of_a_target_has_its_answer(service: Emulator, target: str, status: int) -> None:
    host = service.url.removeprefix("http://")
    request = f"GET {target.format(url=service.url)} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert raw(service, request.encode()).split(b"\r\n")[0].split()[1] == str(status).encode()


def test_a_clock_stays_within_the_dates_that_can_be_written(api: httpx.Client, service: Emulator) -> None:
    refused = api.post("/_emulator/clock", json={"advance": 1e15})
    assert refused.status_code == 400
    assert "9900" in refused.json()["error"]
    service.clock.advance(200 * 365 * 86_400)
    body = BODIES["create_job"] | {"session_id": None}
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": service.api_key}
    token = api.post("/identity/token", data=form).json()["access_token"]
    params = {"pubs": [[BELL, None, 100]], "options": {}, "version": 2}
    body = {"program_id": "sampler", "backend": body["backend"], "params": params}
    answer = api.post("/api/v1/jobs", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert len(answer.json()["id"]) == 20
    service.reset()
