from __future__ import annotations

import json

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import HANG_SECONDS, Process, Run


def test_the_demo_needs_no_settings_and_shows_how_to_use_the_real_service(
    process: Process, environ: pytest.MonkeyPatch
) -> None:
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "IAM_URL"):
        environ.delenv(name)
    child = process("demo")
    out, err = child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 0, err
    assert "ibm_fez" in out
    counted = {line.split()[0]: int(line.split()[-3]) for line in out.splitlines() if "█" in line}
    assert counted["00"] > 400
    assert counted["11"] > 400
    values = {line.split()[0]: float(line.split()[1]) for line in out.splitlines() if "±" in line}
    assert values["ZZ"] > 0.8
    assert values["XX"] > 0.8
    assert ": Completed" in err
    assert "qrr demo --live" in out.splitlines()[-1]


def test_live_runs_with_the_users_own_settings_on_the_named_backend(qrr: Run, service: Emulator) -> None:
    result = qrr("demo", "--live", "--yes", "--backend", "ibm_marrakesh", "--json")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert outcome["backend"] == "ibm_marrakesh"
    counts = outcome["sampler"]["counts"]
    assert sum(counts.values()) == 1000
    assert counts["00"] + counts["11"] > 800
    assert min(outcome["estimator"]["evs"].values()) > 0.7
    listed = [json.loads(line)["id"] for line in qrr("jobs", "--json", "--limit", "2").stdout.splitlines()]
    assert listed == [outcome["estimator"]["id"], outcome["sampler"]["id"]]


def test_live_uses_no_qpu_time_without_consent(qrr: Run, service: Emulator) -> None:
    service.clear_requests()
    result = qrr("demo", "--live")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert {request.path for request in service.requests if request.method == "POST"} == {"/identity/token"}


def test_options_of_a_connection_need_live(qrr: Run, service: Emulator) -> None:
    assert qrr("demo", "--instance", service.instance).exit_code == 2
