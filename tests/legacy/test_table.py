"""The table agrees with the facts, which are repeated here independently."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qiskit_runtime_rest.legacy.sdk_table import SDK_USES
from qiskit_runtime_rest.legacy.table import FIELDS, HOSTS, ROUTES, find_host, find_route
from qiskit_runtime_rest.legacy.translation.translator import REQUEST_TRANSFORMATIONS, RESPONSE_TRANSFORMATIONS

CONTRACT = Path(__file__).parents[2] / "openapi.json"

BASES = {
    "runtime-us-east.quantum-computing.ibm.com": "",
    "api.quantum-computing.ibm.com": "/runtime",
    "auth.quantum-computing.ibm.com": "/api",
    "api.quantum.ibm.com": "/runtime",
    "auth.quantum.ibm.com": "/api",
    "us-east.quantum-computing.cloud.ibm.com": "",
    "eu-de.quantum-computing.cloud.ibm.com": "",
    "api-qcon.quantum-computing.ibm.com": "/api",
    "wss.quantum-computing.ibm.com": "",
    "cloud-transpiler.quantum-computing.ibm.com": "",
    "cloud-transpiler.quantum.ibm.com": "",
}

MOVED = """
GET    /users/me                         GET /v1/accounts/{id}
POST   /logout                           POST /v1/logout
GET    /instances                        GET /v1/instance
GET    /jobs                             GET /v1/jobs
POST   /jobs                             POST /v1/jobs
GET    /jobs/tags                        GET /v1/tags
GET    /jobs/{id}                        GET /v1/jobs/{id}
GET    /jobs/{id}/metrics                GET /v1/jobs/{id}/metrics
GET    /jobs/{id}/interim_results        GET /v1/jobs/{id}/interim_results
GET    /jobs/{id}/transpiled_circuits    GET /v1/jobs/{id}/transpiled_circuits
GET    /jobs/{id}/logs                   GET /v1/jobs/{id}/logs
GET    /jobs/{id}/results                GET /v1/jobs/{id}/results
POST   /jobs/{id}/cancel                 POST /v1/jobs/{id}/cancel
PUT    /jobs/{id}/tags                   PUT /v1/jobs/{id}/tags
DELETE /jobs/{id}                        DELETE /v1/jobs/{id}
POST   /sessions                         POST /v1/sessions
PATCH  /sessions/{id}                    PATCH /v1/sessions/{id}
GET    /sessions/{id}                    GET /v1/sessions/{id}
DELETE /sessions/{id}/close              DELETE /v1/sessions/{id}/close
GET    /workloads/me                     GET /v1/workloads
GET    /backends                         GET /v1/backends
GET    /backends/{id}/status             GET /v1/backends/{id}/status
GET    /backends/{id}/defaults           GET /v1/backends/{id}/defaults
GET    /backends/{id}/properties         GET /v1/backends/{id}/properties
GET    /backends/{id}/configuration      GET /v1/backends/{id}/configuration
GET    /analytics/usage                  GET /v1/analytics/usage
GET    /analytics/filters                GET /v1/analytics/filters
GET    /analytics/usage-grouped          GET /v1/analytics/usage_grouped
GET    /analytics/usage-grouped-by-date  GET /v1/analytics/usage_grouped_by_date
GET    /versions                         GET /v1/versions
"""
REMOVED_BUT_ANSWERED = """
GET    /usage           GET /v1/instances/usage
GET    /jobs/{id}/type  GET /v1/jobs/{id}
"""
OF_SDKS = """
GET    /version
GET    /Network
GET    /Network/{id}/Groups/{id}/Projects/{id}/devices/v/1
GET    /Network/{id}/Groups/{id}/Projects/{id}/devices/{id}/properties
GET    /Network/{id}/Groups/{id}/Projects/{id}/devices/{id}/defaults
GET    /Network/{id}/Groups/{id}/Projects/{id}/devices/{id}/queue/status
GET    /Network/{id}/Groups/{id}/Projects/{id}/devices/{id}/jobsLimit
POST   /Network/{id}/Groups/{id}/Projects/{id}/Jobs
GET    /Network/{id}/Groups/{id}/Projects/{id}/Jobs/status/v/1
GET    /Network/{id}/Groups/{id}/Projects/{id}/Jobs/v/1
GET    /Network/{id}/Groups/{id}/Projects/{id}/Jobs/{id}/v/1
GET    /Network/{id}/Groups/{id}/Projects/{id}/Jobs/{id}/status/v/1
GET    /Network/bookings/v2
GET    /Network/devices/{id}/bookings/v2
"""
REMOVED = """
GET    /health
POST   /auth/validate
GET    /sessions/{id}/extended
POST   /programs
GET    /programs
GET    /programs/{id}
PATCH  /programs/{id}
PUT    /programs/{id}/data
PUT    /programs/{id}/public
PUT    /programs/{id}/private
DELETE /programs/{id}
GET    /stream/jobs/{id}
"""
ALSO_NOW = {
    "GET /instances": ["GET /v1/instance", "GET and PUT /v1/instances/configuration", "GET /v1/instances/usage"],
    "GET /workloads/me": ["user=me"],
    "POST /sessions": ["max_session_ttl is max_ttl", "mode is required", "instance became the CRN"],
    "GET /jobs/tags": ["type and search are required"],
    "GET /backends": ["provider became the CRN", "devices are objects"],
    "GET /jobs": ["provider became the CRN"],
    "POST /jobs": ["hub, group and project became the CRN"],
    "GET /stream/jobs/{id}": ["GET /v1/jobs/{id}", "/results"],
    "GET /programs": ["Qiskit Serverless", "Functions"],
    "POST /users/loginWithToken": ["IBM Cloud API key", "https://iam.cloud.ibm.com/identity/token", "Service-CRN"],
}


def rows(table: str) -> list[list[str]]:
    return [re.split(r"\s{2,}|(?<=[A-Z]) ", line.strip(), maxsplit=2) for line in table.strip().splitlines()]


def filled(path: str) -> str:
    return path.replace("{id}", "a-1")


def same_shape(operation: str | None) -> str:
    return re.sub(r"\{\w+\}", "{}", operation or "")


def test_every_host_has_its_prefix() -> None:
    assert {host.name: host.prefix for host in HOSTS} == BASES


@pytest.mark.parametrize("name", BASES)
def test_hosts_are_found_with_ports_capitals_and_a_final_dot(name: str) -> None:
    for spelling in (name, name.upper(), f"{name}:443", f"{name}."):
        host = find_host(spelling)
        assert host is not None
        assert host.name == name
    assert find_host(f"x{name}") is None
    assert find_host("quantum.cloud.ibm.com") is None


@pytest.mark.parametrize("spelling", ["", "/facade/v1", "/runtime", "/api", "/v1", "/runtime/facade/v1"])
@pytest.mark.parametrize(("method", "path", "v1"), rows(MOVED))
def test_every_moved_call_is_found_with_all_prefixes(method: str, path: str, v1: str, spelling: str) -> None:
    match = find_route(method, spelling + filled(path))
    assert match is not None
    assert same_shape(match.route.v1) == same_shape(v1)
    assert set(match.names.values()) <= {"a-1"}
    assert match.route.removed is None


@pytest.mark.parametrize("spelling", ["", "/facade/v1", "/runtime"])
@pytest.mark.parametrize(("method", "path"), rows(REMOVED))
def test_every_removed_call_says_why(method: str, path: str, spelling: str) -> None:
    match = find_route(method, spelling + filled(path))
    assert match is not None
    assert match.route.v1 is None
    assert match.route.removed


@pytest.mark.parametrize(("method", "path", "v1"), rows(REMOVED_BUT_ANSWERED))
def test_some_removed_calls_are_answered_from_others(method: str, path: str, v1: str) -> None:
    match = find_route(method, filled(path))
    assert match is not None
    assert same_shape(match.route.v1) == same_shape(v1)
    assert match.route.removed


def test_the_calls_that_only_sdks_made_are_marked() -> None:
    marked = [(route.method, same_shape(route.path)) for route in ROUTES if route.sdk_only]
    assert marked == [(method, same_shape(path)) for method, path in rows(OF_SDKS)]


@pytest.mark.parametrize("path", ["/users/loginWithToken", "/users/logout"])
def test_the_auth_host_has_login_and_logout(path: str) -> None:
    match = find_route("POST", "/api" + path)
    assert match is not None
    assert match.route.serves == "auth"
    assert match.route.handler


@pytest.mark.parametrize("call", ALSO_NOW)
def test_calls_name_the_other_changes(call: str) -> None:
    method, _, path = call.partition(" ")
    match = find_route(method, filled(path))
    assert match is not None
    for words in ALSO_NOW[call]:
        assert words in match.route.instead


def test_login_and_reading_programs_are_the_public_calls() -> None:
    public = {f"{route.method} {route.path}" for route in ROUTES if route.public}
    assert public == {
        "POST /users/loginWithToken",
        "GET /programs",
        "GET /programs/{id}",
        "GET /versions",
        "GET /version",
    }


@pytest.mark.parametrize(
    ("name", "v1"),
    [
        ("x-access-token", "Authorization"),
        ("hub", None),
        ("group", None),
        ("project", None),
        ("provider", None),
        ("instance", None),
        ("start_session", None),
        ("session_time", None),
        ("max_session_ttl", "max_ttl"),
        ("programId", "program_id"),
        ("circuits", "pubs"),
        ("circuit_indices", "pubs"),
        ("parameter_values", "pubs"),
        ("observables", "pubs"),
        ("run_options", None),
        ("transpilation", None),
        ("apiToken", None),
    ],
)
def test_every_header_parameter_and_key_has_a_row(name: str, v1: str | None) -> None:
    field = next(field for field in FIELDS if field.name == name)
    assert field.v1 == v1
    assert field.instead


def test_every_named_operation_is_in_the_contract() -> None:
    document = json.loads(CONTRACT.read_text())
    there = {
        same_shape(f"{method.upper()} {path if path.startswith('/v1') else '/v1' + path}")
        for path, item in document["paths"].items()
        for method in item
    }
    for route in ROUTES:
        named = re.findall(r"\b(?:GET|POST|PUT|PATCH|DELETE) /v1[\w/{}]*", f"{route.v1} {route.instead}")
        assert all(same_shape(one) in there for one in named), route
    for field in FIELDS:
        named = re.findall(r"\b(?:GET|POST|PUT|PATCH|DELETE) /v1[\w/{}]*", field.instead)
        assert all(same_shape(one) in there for one in named), field


def test_what_is_not_classic_has_no_row() -> None:
    assert find_route("GET", "/nothing") is None
    assert find_route("DELETE", "/jobs/tags/x") is None
    assert find_route("PATCH", "/jobs") is None


def test_anchors_are_unique() -> None:
    anchors = [
        *(host.anchor for host in HOSTS),
        *(route.anchor for route in ROUTES),
        *(field.anchor for field in FIELDS),
        *(use.anchor for use in SDK_USES),
    ]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", anchor) for anchor in anchors)


def test_the_table_names_exactly_the_existing_transformations() -> None:
    assert {name for route in ROUTES for name in route.request} == set(REQUEST_TRANSFORMATIONS)
    assert {name for route in ROUTES for name in route.response} == set(RESPONSE_TRANSFORMATIONS)
