"""The documentation of the classic API at the gateway's `/openapi/`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qiskit_runtime_rest.base.serving import ThreadedServer, listen, url_of
from qiskit_runtime_rest.legacy.gateway.server import gateway_app, gateway_server
from qiskit_runtime_rest.legacy.table import document
from qiskit_runtime_rest.legacy.translation.translator import Translator
from qiskit_runtime_rest.testing import Emulator

OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser


@pytest.fixture
def gateway(emulator: Emulator, tmp_path: Path) -> Iterator[str]:
    settings = {"base_url": emulator.base_url, "iam_url": emulator.iam_url, "instance": emulator.instance}
    translator = Translator(settings=settings, store=tmp_path / "legacy.sqlite")
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)
    server = ThreadedServer(listener, functools.partial(gateway_server, gateway_app(translator)), name="gateway")
    yield url
    server.close()


def tried(page: Page, path: str) -> Locator:
    """The answer to `GET path`, asked by the page."""
    summary = page.locator(".opblock-get").filter(has=page.locator(f'[data-path="{path}"]'))
    summary.locator(".opblock-summary-control").click()
    summary.get_by_role("button", name="Try it out").click()
    summary.get_by_role("button", name="Execute").click()
    return summary.locator(".live-responses-table .response")


def test_every_call_of_the_document_is_listed(gateway: str, open_page: OpenPage) -> None:
    calls = [method for path in document()["paths"].values() for method in path if method != "parameters"]
    page = open_page("/openapi/", at=gateway)
    expect(page.locator(".opblock")).to_have_count(len(calls))


def test_a_call_is_answered_once_a_key_was_given(gateway: str, emulator: Emulator, open_page: OpenPage) -> None:
    page = open_page("/openapi/", at=gateway)
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_role("textbox").first.fill(emulator.api_key)
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("button", name="Close").first.click()
    answer = tried(page, "/backends")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text("ibm_fez")


@pytest.mark.parametrize("width", [400, 1600])
def test_the_page_fits(gateway: str, open_page: OpenPage, pytestconfig: pytest.Config, width: int) -> None:
    page = open_page("/openapi/", at=gateway, viewport={"width": width, "height": 900})
    expect(tried(page, "/programs").locator(".response-col_status")).to_contain_text("200")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    folder = pytestconfig.rootpath / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"classic-reference-{width}.png")
