from __future__ import annotations

import datetime
import json

import pytest

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.config.api_versions import days_left
from qiskit_runtime_rest.testing import Emulator

from .conftest import Run


def test_backends_are_listed(qrr: Run) -> None:
    lines = qrr("backends").stdout.splitlines()
    assert lines[0].split()[:2] == ["backend", "qubits"]
    torino = next(line for line in lines if line.startswith("ibm_torino"))
    assert torino.split()[1:3] == ["133", "online"]
    names = [backend["name"] for backend in json.loads(qrr("backends", "--json").stdout)]
    assert "ibm_torino" in names
    assert len(names) == len(lines) - 1


def test_usage_is_shown(qrr: Run, service: Emulator) -> None:
    document = json.loads(qrr("usage", "--json").stdout)
    assert document["instance_id"] == service.instance
    assert document["usage_consumed_seconds"] >= 0
    text = qrr("usage").stdout
    assert "used" in text
    assert service.instance in text


@pytest.mark.parametrize("pinned", ["2026-04-15", "2024-01-01"])
def test_versions_have_sunset_dates_whichever_is_pinned(qrr: Run, pinned: str) -> None:
    document = json.loads(qrr("versions", "--json", "--api-version", pinned).stdout)
    assert document["pinned"] == pinned
    entries = document["versions"]
    assert [entry["version"] for entry in entries if entry["pinned"]] == [pinned]
    oldest = entries[0]
    left = datetime.date.fromisoformat(oldest["sunset_date"]) - datetime.datetime.now(datetime.UTC).date()
    assert abs(oldest["days_left"] - left.days) <= 1
    marked = [line for line in qrr("versions", "--api-version", pinned).stdout.splitlines() if "→" in line]
    assert [line.split()[1] for line in marked] == [pinned]


def test_days_left_are_negative_after_the_sunset_and_unknown_without_one() -> None:
    today = datetime.date(2027, 1, 11)
    assert days_left("2027-01-01", today=today) == -10
    assert days_left("2027-01-12T00:00:00Z", today=today) == 1
    assert days_left(None, today=today) is None


def test_a_session_is_shown_closed_and_cancelled(qrr: Run, service: Emulator) -> None:
    with RuntimeClient() as client:
        closing = client.sessions.create(backend="ibm_torino", mode="batch").id
        ending = client.sessions.create(backend="ibm_torino", mode="batch").id
    assert "ibm_torino" in qrr("sessions", "get", closing).stdout
    assert json.loads(qrr("sessions", "get", closing, "--json").stdout)["accepting_jobs"] is True
    assert json.loads(qrr("sessions", "close", closing, "--json").stdout) == {"id": closing, "closed": True}
    assert json.loads(qrr("sessions", "get", closing, "--json").stdout)["accepting_jobs"] is False
    assert "is over" in qrr("sessions", "cancel", ending).stderr
    assert json.loads(qrr("sessions", "get", ending, "--json").stdout)["state"] == "closed"
    assert qrr("sessions", "get", "no-such-session").exit_code == 1


def test_options_of_the_connection_win_over_the_environment(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator
) -> None:
    environ.setenv("QISKIT_IBM_INSTANCE", "hub/group/project")
    assert qrr("usage").exit_code == 2
    other = service.instances["emulator-open"]
    assert json.loads(qrr("usage", "--instance", other, "--json").stdout)["instance_id"] == other


def test_without_an_api_key_it_says_where_one_comes_from(qrr: Run, environ: pytest.MonkeyPatch) -> None:
    environ.delenv("QISKIT_IBM_TOKEN")
    result = qrr("backends")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "QISKIT_IBM_TOKEN" in result.stderr


def test_debug_logs_show_no_secret(qrr: Run, service: Emulator) -> None:
    result = qrr("--debug", "wait", "no-such-job")  # the fixture looks for secrets
    assert "Traceback" in result.stderr
