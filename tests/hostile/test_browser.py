"""A real browser that has a hostile page open, and hostile texts wherever the pages show one: Debian's Chromium."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright

from qiskit_runtime_rest.testing import Emulator

from ..browser.conftest import CHROMIUM, FLAGS
from ..fixtures.service import BACKEND, BELL
from .conftest import Root, credentials

EVIL = "evil.example"
STATE = ("POST", "/_emulator/reset"), ("POST", "/_emulator/faults"), ("DELETE", "/_emulator/requests")
SCRIPTS = (
    "<script>hit(1)</script>",
    "<img src=x onerror=hit(2)>",
    '"><svg/onload=hit(3)>',
    "javascript:hit(4)",
    "</script><script>hit(5)</script>",
    "'-hit(6)-'",
    "{{constructor.constructor('hit(7)')()}}",
    "<iframe srcdoc='<script>parent.hit(8)</script>'>",
    "<a href='javascript:hit(9)' autofocus onfocus=hit(9)>x",
    "<style>*{background:url(//evil.example/x)}</style>",
)


class HostilePage(http.server.BaseHTTPRequestHandler):
    """A page of another site."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>evil</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def hostile_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), HostilePage) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_address[1]
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def rebound() -> Iterator[Browser]:
    """A browser for which the names of another site stand for this machine, as after DNS rebinding.

    While it is open, no other event loop runs in this thread: it is closed before tests of other modules.
    """
    with sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP {EVIL} 127.0.0.1, MAP *.{EVIL} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rules])
        yield browser
        browser.close()


@pytest.fixture
def page(rebound: Browser) -> Iterator[Page]:
    context = rebound.new_context()
    yield context.new_page()
    context.close()


FETCH = """async ([method, url, options]) => {
    try {
        const answer = await fetch(url, {method, ...options});
        return [answer.type, answer.status, await answer.text()];
    } catch (error) { return ["failed", 0, String(error)]; }
}"""


@pytest.fixture(params=["emulator", "gateway", "replay", "recorder"])
def root(request: pytest.FixtureRequest, servers: dict[str, Root]) -> Root:
    return servers[request.param]


def test_a_rebound_name_reads_and_changes_nothing(page: Page, root: Root, service: Emulator) -> None:
    service.reset()
    port = urlsplit(root.url).port
    service.clear_requests()
    answer = page.goto(f"http://{EVIL}:{port}/")
    assert answer is not None
    assert answer.status == 403
    targets = [
        ("GET", f"{root.api}/v1/versions"),
        ("POST", f"{root.iam}/identity/token"),
        ("GET", "/_emulator/requests"),
        ("GET", "/_gateway/notes"),
        *STATE,
    ]
    for method, path in targets:
        kind, status, text = page.evaluate(FETCH, [method, path, {}])
        assert (kind, status) == ("basic", 403)
        assert "Refused" in text
    assert service.requests == []
    assert service.faults.list() == []


def test_a_page_of_another_site_reads_and_changes_nothing(
    page: Page, root: Root, hostile_port: int, service: Emulator, api: httpx.Client
) -> None:
    kept = api.post("/sessions", json={"mode": "batch", "backend": BACKEND}).json()["id"]
    service.clear_requests()
    page.goto(f"http://{EVIL}:{hostile_port}/")
    plain = {"headers": {"Content-Type": "text/plain"}, "body": '{"kind": "reset"}'}
    for method, path in [("GET", f"{root.api}/v1/versions"), ("POST", f"{root.iam}/identity/token"), *STATE]:
        for options in ({}, {"mode": "no-cors"}, {"credentials": "include"}, plain if method == "POST" else {}):
            kind, status, text = page.evaluate(FETCH, [method, f"{root.url}{path}", options])
            # An opaque answer shows nothing to the page.
            assert (kind, status, text) in [("failed", 0, text), ("opaque", 0, "")], (path, options)
    assert service.requests == []
    assert service.faults.list() == []
    assert api.get(f"/sessions/{kept}").status_code == 200


@pytest.mark.parametrize("path", [path for method, path in STATE if method == "POST"])
@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_a_form_of_another_site_changes_nothing(
    page: Page, hostile_port: int, service: Emulator, api: httpx.Client, path: str, encoding: str
) -> None:
    kept = api.post("/sessions", json={"mode": "batch", "backend": BACKEND}).json()["id"]
    page.goto(f"http://{EVIL}:{hostile_port}/")
    page.evaluate(
        """([url, encoding]) => {
            const form = document.createElement("form");
            Object.assign(form, {action: url, method: "POST", enctype: encoding});
            const field = document.createElement("input");
            Object.assign(field, {name: '{"kind": "reset", "x": "', value: '"}'});
            form.append(field);
            document.body.append(form);
            form.submit();
        }""",
        [f"{service.url}{path}", encoding],
    )
    page.wait_for_url(f"{service.url}{path}")
    assert "Refused" in page.content()
    assert api.get(f"/sessions/{kept}").status_code == 200
    assert service.faults.list() == []


@pytest.mark.parametrize(("kind", "path"), [("emulator", "/"), ("emulator", "/openapi/"), ("gateway", "/openapi/")])
def test_no_page_can_be_framed(page: Page, hostile_port: int, servers: dict[str, Root], kind: str, path: str) -> None:
    page.goto(f"http://{EVIL}:{hostile_port}/")
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    page.evaluate(
        """(url) => new Promise((resolve) => {
            const frame = document.createElement("iframe");
            frame.src = url;
            frame.onload = resolve;
            document.body.append(frame);
        })""",
        f"{servers[kind].url}{path}",
    )
    assert any("frame-ancestors" in text or "X-Frame-Options" in text for text in blocked), blocked


def _job(api: httpx.Client, **more: Any) -> None:
    params = {"pubs": [[BELL, None, 1]], "version": 2, "options": {}}
    api.post("/jobs", json={"program_id": "sampler", "backend": BACKEND, "params": params, **more})


STORED: dict[str, Callable[[httpx.Client, Emulator, str], Any]] = {
    "tags": lambda api, service, text: _job(api, tags=[text]),
    "programs": lambda api, service, text: _job(api, program_id=text),
    "backends": lambda api, service, text: _job(api, backend=text),
    "params": lambda api, service, text: _job(api, params={"pubs": [[text]], "version": 2, "options": {}}),
    "runtimes": lambda api, service, text: _job(api, runtime={"image": text}),
    "sessions": lambda api, service, text: _job(api, session_id=text),
    "paths": lambda api, service, text: api.get(f"/jobs/{quote(text, safe='')}"),
    "queries": lambda api, service, text: api.get("/tags", params={"search": text}),
    "headers": lambda api, service, text: api.get(
        "/jobs", headers={"User-Agent": text, "X-Qx-Client-Application": text}
    ),
    "crns": lambda api, service, text: api.get("/jobs", headers={"Service-CRN": text}),
    "bodies": lambda api, service, text: api.post("/jobs", content=text),
    "faults": lambda api, service, text: _fault(api, service, text),
    "interim results": lambda api, service, text: _interim(api, service, text),
}


def _fault(api: httpx.Client, service: Emulator, text: str) -> None:
    rule = {"kind": text, "status": 503, "html": text, "headers": {"X": text}}
    httpx.post(f"{service.url}/_emulator/faults", json=rule | {"operation": "list_tags", "times": 1})
    api.get("/tags", params={"search": "abc"})


def _interim(api: httpx.Client, service: Emulator, text: str) -> None:
    service.pace = "hold"
    _job(api)
    job = api.get("/jobs").json()["jobs"][0]["id"]
    httpx.post(f"{service.url}/_emulator/jobs/{job}/interim_results", json={"text": text})


@pytest.mark.parametrize("field", STORED)
def test_no_stored_text_becomes_markup(page: Page, service: Emulator, api: httpx.Client, field: str) -> None:
    service.pace = "hold"
    for text in SCRIPTS:
        STORED[field](api, service, text)
    hits: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        hits.append(dialog.message)
        dialog.dismiss()

    def watch(request: Request) -> None:
        if not request.url.startswith(service.url):
            hits.append(request.url)

    page.expose_function("hit", lambda number: hits.append(str(number)))
    page.on("dialog", dismiss)
    page.on("request", watch)
    page.goto(f"{service.url}/")
    page.locator("#jobs tbody").wait_for(state="attached")
    for row in page.locator("#requests tbody tr").all()[:12]:
        row.click()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    marked = page.evaluate(
        "() => document.querySelectorAll('iframe, svg[onload], img[onerror], a[href^=javascript], style').length"
    )
    assert (marked, hits) == (0, [])
    service.pace = "immediate"


def test_the_answers_themselves_are_no_pages(page: Page, service: Emulator, api: httpx.Client) -> None:
    """A text that a client sent comes back as JSON or plain text, which no browser takes for markup."""
    token = credentials(service, api)
    for path in (f"/jobs/{quote(SCRIPTS[0], safe='')}", "/tags?search=" + quote(SCRIPTS[1]), "/nothing/<script>"):
        answer = api.get(path, headers=token)
        assert answer.headers["Content-Type"].split(";")[0] in ("application/json", "text/plain")
    page.goto(f"{service.url}/{quote(SCRIPTS[0])}")
    assert page.evaluate("() => document.scripts.length") == 0
