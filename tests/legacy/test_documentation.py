"""The OpenAPI document of the classic API agrees with the table, and the page at `/openapi/` shows it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.applications import Starlette

from qiskit_runtime_rest.legacy.gateway.documentation import routes
from qiskit_runtime_rest.legacy.messages import INVALID_CREDENTIALS, ClassicError
from qiskit_runtime_rest.legacy.table import ROUTES, document, find_route

METHODS = {"get", "post", "put", "patch", "delete"}
LIVING = [route for route in ROUTES if (route.v1 or route.handler) and not route.sdk_only]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, item[method])
        for path, item in document()["paths"].items()
        for method in item.keys() & METHODS
    ]


def test_the_document_is_valid_openapi() -> None:
    validate(document())


def test_document_and_table_list_the_same_calls() -> None:
    described = {(method, path) for method, path, _ in operations()}
    assert described == {(route.method, route.path) for route in LIVING}
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) == len(described)


def test_document_and_table_have_the_same_public_calls() -> None:
    public = {(method, path) for method, path, one in operations() if one.get("security", [None])[:1] in ([], [{}])}
    assert public == {(route.method, route.path) for route in LIVING if route.public}


def test_all_other_calls_accept_both_credentials() -> None:
    assert document()["security"] == [{"accessToken": []}, {"bearer": []}]
    schemes = document()["components"]["securitySchemes"]
    assert (schemes["accessToken"]["in"], schemes["accessToken"]["name"]) == ("header", "x-access-token")
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")


def test_every_name_in_a_path_is_described() -> None:
    for path, item in document()["paths"].items():
        described = [one["name"] for one in item.get("parameters", [])]
        assert described == re.findall(r"\{(\w+)\}", path)


def test_every_possible_error_status_is_described() -> None:
    for method, path, operation in operations():
        statuses = set(operation["responses"])
        match = find_route(method, path)
        assert match
        assert {"400"} <= statuses
        if operation.get("security") != []:
            assert "401" in statuses
        if match.route.v1 and match.route.serves == "runtime":
            assert {"403", "404", "410", "503"} <= statuses, path
        if "requestBody" in operation:
            assert "413" in statuses
        if match.names and match.route.handler:
            assert {"403", "404"} <= statuses


def test_errors_have_the_described_shape() -> None:
    schema = document()["components"]["schemas"]["Errors"]
    Draft202012Validator(schema).validate(ClassicError(INVALID_CREDENTIALS).response.json())


@pytest.fixture
def browser() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.mark.anyio
async def test_the_page_loads_files_of_its_server_only(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/openapi/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    # Contents of "data:" URLs are in the page itself.
    linked = re.findall(r'(?:href|src)="(?!data:)([^"]*)"', page.text)
    assert linked
    for link in linked:
        assert link.startswith("/openapi/")
        assert (await browser.get(link)).status_code == 200, link


@pytest.mark.anyio
async def test_the_page_shows_the_document(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/openapi/openapi.json")).json() == document()
    assert "/openapi/openapi.json" in (await browser.get("/openapi/static/documentation.js")).text
