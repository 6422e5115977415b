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
