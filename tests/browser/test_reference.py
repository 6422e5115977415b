"""The interactive API documentation at `/openapi/`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from qiskit_runtime_rest.testing import Emulator

OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser


def test_an_operation_can_be_tried_out_without_logging_in(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/openapi/")
    expect(page.get_by_role("status")).to_contain_text("logged in")
    operation = page.locator("#operations-Backends-list_backends")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text("ibm_fez")
    request = emulator.requests[-1]
    assert (request.operation, request.status) == ("list_backends", 200)
    assert request.headers["service-crn"] == emulator.instance
    assert request.headers["ibm-api-version"] == "2026-04-15"


def test_a_refused_token_is_replaced_for_the_next_try(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/openapi/", refused=True)
    expect(page.get_by_role("status")).to_contain_text("logged in")
    emulator.faults.add("list_backends", kind="expired_token")
    operation = page.locator("#operations-Backends-list_backends")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    with page.expect_response("**/identity/token"):
        operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("401")
    operation.get_by_role("button", name="Execute").click()
    expect(answer.locator(".response-col_status")).to_contain_text("200")


def test_only_this_server_is_offered(emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/openapi/")
    expect(page.locator(".servers option")).to_have_count(1)
    expect(page.locator(".servers option")).to_have_attribute("value", emulator.base_url)


def test_all_operations_are_listed(open_page: OpenPage) -> None:
    page = open_page("/openapi/")
    expect(page.locator(".opblock")).to_have_count(33)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1600])
def test_the_documentation_fits(open_page: OpenPage, pytestconfig: pytest.Config, scheme: str, width: int) -> None:
    page = open_page("/openapi/", color_scheme=scheme, viewport={"width": width, "height": 900})
    expect(page.get_by_role("status")).to_contain_text("logged in")
    page.locator("#operations-Backends-list_backends .opblock-summary-control").click()
    expect(page.locator("#operations-Backends-list_backends .opblock-body")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    folder = pytestconfig.rootpath / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"reference-{width}-{scheme}.png", full_page=True)
