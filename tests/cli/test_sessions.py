from __future__ import annotations

import json

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.testing import Emulator

from .conftest import Run


def test_a_session_is_shown_closed_and_cancelled(qrr: Run, service: Emulator) -> None:
    with RuntimeClient() as client:
        closing = client.sessions.create(backend="ibm_fez", mode="batch").id
        ending = client.sessions.create(backend="ibm_fez", mode="batch").id
    assert "ibm_fez" in qrr("sessions", "get", closing).stdout
    assert json.loads(qrr("sessions", "get", closing, "--json").stdout)["accepting_jobs"] is True
    assert json.loads(qrr("sessions", "close", closing, "--json").stdout) == {"id": closing, "closed": True}
    assert json.loads(qrr("sessions", "get", closing, "--json").stdout)["accepting_jobs"] is False
    assert "is over" in qrr("sessions", "cancel", ending).stderr
    assert json.loads(qrr("sessions", "get", ending, "--json").stdout)["state"] == "closed"
    assert qrr("sessions", "get", "no-such-session").exit_code == 1


def test_sessions_are_listed_and_jobs_without_one_are_not(qrr: Run, service: Emulator, bell: str) -> None:
    qrr("submit", "sampler", bell, "--backend", "ibm_torino")
    with RuntimeClient() as client:
        batch = client.sessions.create(backend="ibm_brisbane", mode="batch").id
        dedicated = client.sessions.create(backend="ibm_brisbane").id
    lines = qrr("sessions", "list", "--backend", "ibm_brisbane").stdout.splitlines()
    assert lines[0].split()[:4] == ["session", "status", "mode", "backend"]
    assert {line.split()[0] for line in lines[1:]} == {batch, dedicated}
    chosen = qrr("sessions", "list", "--mode", "batch", "--backend", "ibm_brisbane", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in chosen] == [batch]
    assert len(qrr("sessions", "list", "--limit", "1", "--json").stdout.splitlines()) == 1
    assert "no sessions" in qrr("sessions", "list", "--backend", "no_such_device").stderr
