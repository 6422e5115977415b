from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


def create(api: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/sessions", json={"mode": "dedicated", "backend": "ibm_fez"} | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def state(api: httpx.Client, session_id: str) -> str:
    return str(api.get(f"/sessions/{session_id}").json()["state"])


def test_a_new_session_is_open_and_accepts_jobs(api: httpx.Client) -> None:
    session = create(api, max_ttl=100)
    assert (session["state"], session["accepting_jobs"], session["mode"]) == ("open", True, "dedicated")
    assert (session["backend_name"], session["max_ttl"]) == ("ibm_fez", 100)
    assert [entry["status"] for entry in session["timestamps"]] == ["open"]
    assert api.get(f"/sessions/{session['id']}").json() == session


def test_the_default_time_to_live_is_eight_hours(api: httpx.Client) -> None:
    assert create(api)["max_ttl"] == 28800


def test_the_backend_may_be_named_twice(api: httpx.Client) -> None:
    assert create(api, backend_name="ibm_fez")["backend_name"] == "ibm_fez"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": "batch", "max_ttl": 0},
        {"mode": "batch", "interactive_ttl": "long"},
        {"mode": "batch", "interactive_ttl": 0},
        [],
    ],
)
def test_a_session_that_breaks_the_contract_is_refused(api: httpx.Client, body: Any) -> None:
    assert api.post("/sessions", json=body).status_code == 400


def test_jobs_activate_a_session_and_it_is_inactive_between_them(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    session_id = create(api)["id"]
    fresh = api.get(f"/sessions/{session_id}").json()
    assert not {"started_at", "activated_at", "elapsed_time"} & fresh.keys()
    job_id = submit(api, session_id=session_id)
    emulator.clock.advance(0)
    assert api.get(f"/jobs/{job_id}").json()["session_id"] == session_id
    assert [job["id"] for job in api.get("/jobs", params={"session_id": session_id}).json()["jobs"]] == [job_id]
    assert state(api, session_id) == "active"
    emulator.clock.advance(61)
    assert state(api, session_id) == "inactive"
    submit(api, session_id=session_id)
    assert state(api, session_id) == "active"
    session = api.get(f"/sessions/{session_id}").json()
    assert {"started_at", "activated_at", "last_job_started"} <= set(session)
    assert session["elapsed_time"] == 61


def test_a_session_closes_at_its_maximum_time_to_live_and_its_queued_jobs_fail(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = "hold"
    session_id = create(api, max_ttl=100)["id"]
    job_id = submit(api, session_id=session_id)
    emulator.clock.advance(100)
    assert state(api, session_id) == "closed"
    assert api.get(f"/jobs/{job_id}").json()["status"] == "Failed"


def test_a_session_that_accepts_no_jobs_runs_its_queue_and_closes(
    emulator: Emulator, api: httpx.Client, submit: Submit, bell: dict[str, Any]
) -> None:
    emulator.pace = "hold"
    session_id = create(api)["id"]
    job_id = submit(api, session_id=session_id)
    assert api.patch(f"/sessions/{session_id}", json={"accepting_jobs": False}).status_code == 204
    assert state(api, session_id) == "open"
    refused = api.post("/jobs", json=bell | {"session_id": session_id})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, 4001)
    emulator.pace = "immediate"
    emulator.clock.advance(0)
    assert api.get(f"/jobs/{job_id}").json()["status"] == "Completed"
    assert state(api, session_id) == "closed"


def test_an_idle_session_that_accepts_no_jobs_closes(api: httpx.Client) -> None:
    session_id = create(api)["id"]
    api.patch(f"/sessions/{session_id}", json={"accepting_jobs": False})
    assert state(api, session_id) == "closed"
    closed = api.get(f"/sessions/{session_id}").json()
    assert (closed["state_reason"], "closed_at" in closed) == ("session_closed_early", True)
    assert api.patch(f"/sessions/{session_id}", json={"accepting_jobs": True}).status_code == 204
    assert api.get(f"/sessions/{session_id}").json() == {**closed, "accepting_jobs": True}


@pytest.mark.parametrize(("mode", "seconds"), [("batch", 1), ("dedicated", 60)])
def test_a_session_is_inactive_after_its_interactive_time_without_jobs(
    emulator: Emulator, api: httpx.Client, submit: Submit, mode: str, seconds: int
) -> None:
    session = create(api, mode=mode)
    assert (session["state_reason"], session["interactive_ttl"]) == ("session_created", seconds)
    submit(api, session_id=session["id"])
    emulator.clock.advance(0)
    emulator.clock.advance(seconds)
    after = api.get(f"/sessions/{session['id']}").json()
    assert (after["state"], after["state_reason"]) == ("inactive", "session_inactivated_by_interactive_ttl")


def test_closing_a_session_fails_its_queued_jobs(
    emulator: Emulator, api: httpx.Client, submit: Submit, bell: dict[str, Any]
) -> None:
    emulator.pace = "hold"
    session_id = create(api)["id"]
    job_id = submit(api, session_id=session_id)
    assert api.delete(f"/sessions/{session_id}/close").status_code == 204
    failed = api.get(f"/jobs/{job_id}").json()["state"]
    assert (failed["status"], failed["reason_code"]) == ("Failed", 1217)
    assert failed["reason"] == "Session has been closed"
    assert api.get(f"/jobs/{job_id}/logs").status_code == 404
    assert state(api, session_id) == "closed"
    assert api.post("/jobs", json=bell | {"session_id": session_id}).status_code == 409
    assert api.delete(f"/sessions/{session_id}/close").status_code == 204


def test_a_job_must_be_for_the_sessions_backend(api: httpx.Client, bell: dict[str, Any]) -> None:
    session_id = create(api)["id"]
    assert api.post("/jobs", json=bell | {"session_id": session_id, "backend": "ibm_kingston"}).status_code == 400


def test_unknown_sessions_are_not_found(api: httpx.Client, bell: dict[str, Any]) -> None:
    assert api.get("/sessions/nowhere").status_code == 404
    assert api.patch("/sessions/nowhere", json={"accepting_jobs": False}).status_code == 404
    assert api.delete("/sessions/nowhere/close").status_code == 404
    assert api.post("/jobs", json=bell | {"session_id": "nowhere"}).status_code == 404


def test_the_open_plan_has_batches_only(emulator: Emulator, connect: Callable[..., httpx.Client]) -> None:
    api = connect(emulator, instance=emulator.instances["emulator-open"])
    assert api.post("/sessions", json={"mode": "dedicated", "backend": "ibm_fez"}).status_code == 400
    assert create(api, mode="batch")["mode"] == "batch"
