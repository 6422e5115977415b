from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


def test_health_counts_the_jobs(emulator: Emulator, control: httpx.Client, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "hold"
    submit(api)
    health = control.get("/health").json()
    assert health["status"] == "ok"
    assert health["jobs"] == {"Queued": 1}
    assert health["pace"] == {"queued": "hold", "running": "hold"}


def test_reset_goes_back_to_the_start(
    emulator: Emulator, control: httpx.Client, api: httpx.Client, submit: Submit
) -> None:
    control.post("/pace", json={"pace": "hold"})
    submit(api)
    control.post("/faults", json={"operation": "list_jobs"})
    control.post("/clock", json={"advance": 10})
    assert control.post("/reset", json={}).status_code == 204
    assert api.get("/jobs").json()["count"] == 0
    assert control.get("/pace").json() == {"pace": {"queued": "immediate", "running": "immediate"}}
    assert len(emulator.requests) == 1


def test_the_clock_can_be_read_and_advanced(control: httpx.Client) -> None:
    before = control.get("/clock").json()
    after = control.post("/clock", json={"advance": 2.5}).json()
    assert before["virtual"] is True
    assert after["now"] - before["now"] == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {"advance": -1}),
        ("/clock", {"advance": "soon"}),
        ("/clock", {}),
        ("/clock", {"advance": None}),
        ("/pace", {"pace": "quickly"}),
        ("/pace", {"pace": {"dreaming": "immediate"}}),
        ("/pace", {"pace": "reads:-1"}),
        ("/seed", {"seed": "x"}),
        ("/seed", []),
    ],
)
def test_wrong_control_requests_are_refused_with_the_reason(control: httpx.Client, path: str, body: Any) -> None:
    answer = control.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "text/plain; application/json"]
)
@pytest.mark.parametrize("path", ["/reset", "/seed", "/clock", "/pace", "/faults", "/jobs/x/interim_results"])
def test_requests_that_a_page_of_another_site_can_send_are_refused(
    emulator: Emulator, control: httpx.Client, path: str, kind: str | None
) -> None:
    emulator.faults.add("list_jobs")
    before = emulator.faults.list(), control.get("/health").json()["seed"]
    answer = control.post(path, content=b'{"seed": 3}', headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, "Content-Type: application/json" in answer.json()["error"]) == (415, True)
    assert (emulator.faults.list(), control.get("/health").json()["seed"]) == before


def test_the_content_type_may_have_a_charset(control: httpx.Client) -> None:
    answer = control.post("/seed", content=b'{"seed": 3}', headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.json() == {"seed": 3}


def test_the_seed_can_be_read_and_set(control: httpx.Client) -> None:
    assert control.get("/seed").json() == {"seed": 20260415}
    assert control.post("/seed", json={"seed": 3}).json() == {"seed": 3}


def test_requests_are_recorded_with_keys_and_tokens_blanked(
    emulator: Emulator, control: httpx.Client, api: httpx.Client
) -> None:
    token = api.headers["Authorization"].split()[1]
    api.get("/jobs", params={"limit": 3, "token": "secret-in-query"})
    api.post("/jobs", content=b'{"api_key": "secret-in-body"}', headers={"x-access-token": "secret-in-header"})
    recorded = control.get("/requests")
    assert emulator.api_key not in recorded.text
    assert token not in recorded.text
    assert "secret" not in recorded.text
    listed = control.get("/requests", params={"operation": "list_jobs"}).json()["requests"]
    assert [(one["method"], one["path"], one["query"], one["status"]) for one in listed] == [
        ("GET", "/api/v1/jobs", "limit=3&token=***", 200)
    ]
    assert listed[0]["headers"]["authorization"] == "Bearer ***"
    assert control.delete("/requests").status_code == 204
    assert control.get("/requests").json() == {"requests": []}


def test_an_api_key_sent_as_a_token_is_recorded_blanked(emulator: Emulator, api: httpx.Client) -> None:
    api.get("/jobs", headers={"Authorization": f"apikey {emulator.api_key}"})
    assert emulator.requests[-1].headers["authorization"] == "apikey ***"


def test_unknown_paths_and_methods_get_the_documented_error_body(api: httpx.Client) -> None:
    missing = api.get("/nothing/here")
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, 2404)
    wrong = api.patch("/jobs")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")
    assert wrong.json()["errors"][0]["message"]
