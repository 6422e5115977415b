from __future__ import annotations

import json
from pathlib import Path

from qiskit_runtime_rest.testing import Emulator

from .conftest import Run
from .test_jobs import submitted


def test_a_job_is_shown_with_its_details_times_and_circuit(qrr: Run, bell: str) -> None:
    job = submitted(qrr, bell, "--shots", "50", "--tag", "mine")
    assert qrr("wait", job).exit_code == 0
    text = qrr("show", job).stdout
    for line in (f"job  {job}", "status  Completed", "backend  ibm_torino", "tags  mine", "program  sampler"):
        assert line.split() in [each.split()[:2] for each in text.splitlines()]
    for word in ("created", "queued", "ran", "finished", "█", "QPU time charged"):
        assert word in text
    assert "\nc[0] = measure $0;\n" in text  # the circuit has its lines
    document = json.loads(qrr("show", job, "--json").stdout)
    assert document["job"]["params"]["shots"] == 50
    assert document["metrics"]["timestamps"]["finished"]


def test_a_timeline_is_drawn(qrr: Run, bell: str, tmp_path: Path) -> None:
    job = submitted(qrr, bell)
    assert qrr("wait", job).exit_code == 0
    file = tmp_path / "timeline.png"
    assert qrr("show", job, "--plot", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_failed_job_is_shown_with_its_reason_and_log(qrr: Run) -> None:
    job = _failed(qrr)
    text = qrr("show", job).stdout
    assert "Failed" in text
    assert "1517" in text
    assert qrr("logs", job).stdout.strip()
    assert json.loads(qrr("logs", job, "--json").stdout)["log"]


def _failed(qrr: Run) -> str:
    circuit = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; h $0; c[0] = measure $0;'
    job = qrr("submit", "sampler", "-", "--backend", "ibm_torino", "--no-check-gates", stdin=circuit).stdout.strip()
    assert qrr("wait", job).exit_code == 1
    return job


def test_a_long_circuit_is_cut_unless_all_of_it_is_asked_for(qrr: Run, held: Emulator) -> None:
    circuit = "OPENQASM 3.0;\n" + "// a comment\n" * 200
    job = qrr("submit", "sampler", "-", "--backend", "ibm_torino", stdin=circuit).stdout.strip()
    text = qrr("show", job).stdout
    assert "--whole prints all" in text
    assert text.count("// a comment") < 50
    assert qrr("show", job, "--whole").stdout.count("// a comment") == 200


def test_a_private_job_has_no_params_to_show(qrr: Run, held: Emulator, bell: str) -> None:
    job = submitted(qrr, bell, "--private")
    assert "the job is private" in qrr("show", job).stdout


def test_metrics_are_shown(qrr: Run, bell: str) -> None:
    job = submitted(qrr, bell)
    assert qrr("wait", job).exit_code == 0
    assert "QPU time charged" in qrr("metrics", job).stdout
    assert json.loads(qrr("metrics", job, "--json").stdout)["usage"]["status"] == "complete"


def test_a_job_without_a_log_is_said(qrr: Run, held: Emulator, bell: str) -> None:
    job = submitted(qrr, bell)
    result = qrr("logs", job)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "has no log" in result.stderr


def test_an_unknown_job_is_an_error(qrr: Run) -> None:
    for command in ("show", "logs", "metrics"):
        assert qrr(command, "no-such-job").exit_code == 1
