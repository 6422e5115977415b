"""Pages in a real browser: Debian's Chromium, driven by Playwright. No test may cause an error in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.testing import Emulator

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenPage = Callable[..., Page]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs the system's Chromium; run by `make browser`")


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator(seed=20260415, workers=1) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[RuntimeClient]:
    with RuntimeClient(
        api_key=emulator.api_key, instance=emulator.instance, base_url=emulator.base_url, iam_url=emulator.iam_url
    ) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, emulator: Emulator) -> Iterator[OpenPage]:
    """Open a path of the server; fails the test where the page reported an error or left its server.

    `at`: another server than the embedded service.
    `refused`: whether an answer 401, which the browser reports, is part of the test.
    """
    troubles: list[str] = []
    contexts: list[BrowserContext] = []

    def open_one(
        path: str,
        *,
        at: str = emulator.url,
        before: Callable[[Page], Any] = lambda page: None,
        refused: bool = False,
        **choices: Any,
    ) -> Page:
        contexts.append(browser.new_context(**choices))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: note(message.text, expected=refused and "status of 401" in message.text))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", refuse)
        page.on("request", lambda request: check_origin(request.url, at))
        before(page)
        page.goto(at + path)
        return page

    def note(text: str, *, expected: bool) -> None:
        if not expected:
            troubles.append(f"console: {text}")

    def refuse(dialog: Dialog) -> None:
        troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check_origin(url: str, at: str) -> None:
        if not url.startswith((f"{at}/", "data:")):
            troubles.append(f"left its server: {url}")

    yield open_one
    for context in contexts:
        context.close()
    assert troubles == []
