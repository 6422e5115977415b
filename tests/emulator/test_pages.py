"""The content of the pages; `tests/browser` shows them in a browser."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from importlib import resources
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.emulator import create_app
from qiskit_runtime_rest.emulator.faults import PRESETS, FaultRule
from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


@pytest.fixture
def overview(control: httpx.Client) -> Callable[[], Any]:
    return lambda: control.get("/overview").raise_for_status().json()


@pytest.mark.parametrize("path", ["/", "/openapi/"])
def test_a_page_may_load_from_its_own_server_only(emulator: Emulator, path: str) -> None:
    answer = httpx.get(emulator.url + path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    linked = re.findall(r'(?:href|src)="([^"]*)"', answer.text)
    assert linked
    for link in linked:
        assert httpx.get(emulator.url + link).status_code == 200, link


def test_our_own_files_are_small() -> None:
    folder = resources.files("qiskit_runtime_rest.emulator.pages") / "static"
    assert sum(len(file.read_bytes()) for file in folder.iterdir()) < 40_000


def test_the_overview_shows_jobs_newest_first_with_their_times(
    emulator: Emulator, api: httpx.Client, submit: Submit, overview: Callable[[], Any]
) -> None:
    emulator.pace = {"queued": "seconds:10", "running": "hold"}
    first = submit(api, tags=["a"])
    emulator.clock.advance(15)
    second = submit(api)
    emulator.clock.advance(5)
    state = overview()
    newest, oldest = state["jobs"]
    assert [newest["id"], oldest["id"]] == [second, first]
    assert (newest["status"], newest["queued_seconds"], newest["running_seconds"]) == ("Queued", pytest.approx(5), None)
    assert (oldest["status"], oldest["tags"]) == ("Running", ["a"])
    assert (oldest["queued_seconds"], oldest["running_seconds"]) == (pytest.approx(10), pytest.approx(10))
    assert state["counts"]["status"] == {"Queued": 1, "Running": 1}
    assert state["pace"] == {"queued": "seconds:10", "running": "hold"}


def test_the_overview_moves_no_job_on(
    emulator: Emulator, api: httpx.Client, submit: Submit, overview: Callable[[], Any]
) -> None:
    emulator.pace = "reads:2"
    submit(api)
    for _ in range(5):
        assert overview()["jobs"][0]["status"] == "Queued"


def test_at_most_200_rows_are_shown_and_all_counted(emulator: Emulator, overview: Callable[[], Any]) -> None:
    with httpx.Client(base_url=emulator.base_url) as client:
        for _ in range(210):
            client.get("/v1/versions")
    state = overview()
    assert state["counts"]["requests"] == 210
    numbers = [one.number for one in emulator.requests]
    assert [one["number"] for one in state["requests"]] == numbers[:9:-1]


def test_sessions_show_their_age_and_remaining_time(
    emulator: Emulator, api: httpx.Client, overview: Callable[[], Any]
) -> None:
    created = api.post("/sessions", json={"mode": "batch", "backend": "ibm_fez", "max_ttl": 100})
    emulator.clock.advance(30)
    session = overview()["sessions"][0]
    assert session["id"] == created.json()["id"]
    assert (session["age_seconds"], session["left_seconds"]) == (pytest.approx(30), pytest.approx(70))
    assert overview()["counts"]["open"] == 1


def test_requests_of_the_pages_are_not_recorded(
    emulator: Emulator, control: httpx.Client, overview: Callable[[], Any]
) -> None:
    for path in ("/", "/openapi/", "/favicon.ico", "/_emulator/pages/overview.js"):
        httpx.get(emulator.url + path)
    assert overview()["requests"] == []
    assert overview()["counts"]["requests"] == 0


def test_a_recorded_request_has_its_details(emulator: Emulator, control: httpx.Client) -> None:
    httpx.post(f"{emulator.iam_url}/identity/token", data={"apikey": "a secret"})
    number = emulator.requests[-1].number
    shown = control.get(f"/overview/requests/{number}").json()
    assert (shown["method"], shown["path"], shown["body"]) == ("POST", "/identity/token", "apikey=***")
    assert control.get(f"/overview/requests/{number + 1}").status_code == 404


def test_a_recorded_request_has_its_answer_without_secrets(
    emulator: Emulator, api: httpx.Client, control: httpx.Client
) -> None:
    shown = control.get(f"/overview/requests/{emulator.requests[-1].number}").json()
    assert shown["path"] == "/identity/token"
    assert json.loads(shown["response_body"])["access_token"] == "***"
    assert shown["response_headers"]["content-type"].startswith("application/json")
    api.get("/backends/ibm_fez/configuration")
    assert len(control.get(f"/overview/requests/{emulator.requests[-1].number}").json()["response_body"]) == 16 * 1024


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_each_preset_is_recognized_among_the_active_rules(
    emulator: Emulator, control: httpx.Client, overview: Callable[[], Any], preset: Any
) -> None:
    chosen = {"operation": "list_jobs", "times": None, "probability": 0.5}
    answer = control.post("/faults", json={**chosen, **preset.rule})
    assert answer.status_code == 201
    assert [one.name for one in PRESETS if one.made(emulator.faults.list()[0])] == [preset.name]
    assert overview()["faults"][0]["preset"] == preset.name


def test_another_rule_is_not_a_preset() -> None:
    rule = FaultRule.parse({"kind": "rate_limited", "retry_after": 17})
    assert not any(preset.made(rule) for preset in PRESETS)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_each_exported_value_is_one_word_for_a_shell() -> None:
    app = create_app()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://emulator", headers={"Host": "x.example;id"}
    ) as one:
        state = (await one.get("/_emulator/overview")).json()
    app.state.parts.service.close()
    lines = "\n".join(one["exports"] for one in state["instances"]).splitlines()
    assert "export IAM_URL='http://x.example;id'" in lines
    for line in lines:
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        assert len(list(words)) == 2, line


def test_without_swagger_ui_the_service_runs_and_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "swagger_ui", None)
    with Emulator() as emulator:
        assert httpx.get(emulator.url).status_code == 200
        answer = httpx.get(f"{emulator.url}/openapi/")
    assert answer.status_code == 501
    assert "pip install" in answer.text


def test_the_bodies_of_a_private_job_stay_hidden_after_its_result_was_read(
    emulator: Emulator, api: httpx.Client, control: httpx.Client, bell: dict[str, Any]
) -> None:
    emulator.faults.add("create_job", kind="bad_gateway", times=1)
    assert api.post("/jobs", json={**bell, "private": True}).status_code == 502
    ids = [api.post("/jobs", json={**bell, "private": private}).json()["id"] for private in (True, False)]
    emulator.clock.advance(60)
    for job_id in ids:
        assert api.get(f"/jobs/{job_id}/results").status_code == 200
    # A spoilt answer, two jobs, and two results; the third and the last are of the job that is not private.
    shown = [control.get(f"/overview/requests/{one.number}").json() for one in emulator.requests[-5:]]
    hidden = "(hidden: the job is private)"
    assert [one["body"] == hidden for one in shown] == [True, True, False, False, False]
    assert [one["response_body"] == hidden for one in shown] == [True, True, False, True, False]
    assert "samples" in shown[4]["response_body"]
