"""qrmi's compiled client: resources from the environment, tasks with OpenQASM 3, results as plain JSON.

It sends no `IBM-API-Version` on most calls, names a session's backend twice, never retries, and knows the service's
programs by name. A stopped task is cancelled; one that has ended is left alone.
"""

from __future__ import annotations

import json
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import BACKEND, SCRIPTS, Report, RunScript


@pytest.fixture(scope="module")
def report(run_script: RunScript) -> Report:
    return run_script("qrmi_resource.py")


def test_the_resource_is_discovered_and_described(report: Report) -> None:
    assert report["discovered"] == [BACKEND]
    assert report["metadata"] == {"backend_name": BACKEND}
    assert (report["status"]["status"], report["status"]["pending_job_count"]) == ("online", 0)
    assert report["target"] == [156, 156]


def test_a_sampler_task_gives_samples(report: Report) -> None:
    assert report["sampled"]["status"] == "TaskStatus.Completed"
    (pub,) = report["sampled"]["results"]
    assert pub["data"]["c"]["num_bits"] == 2
    samples = pub["data"]["c"]["samples"]
    assert len(samples) == 1000
    assert set(samples) == {"0x0", "0x1", "0x2", "0x3"}
    # Qubits 0 and 1 of this device have readout errors of 17 % and 2 %.
    assert samples.count("0x0") + samples.count("0x3") > 700
    assert report["log"] == ""


def test_an_estimator_task_gives_values(report: Report) -> None:
    assert report["estimated"]["status"] == "TaskStatus.Completed"
    (pub,) = report["estimated"]["results"]
    assert len(pub["data"]["evs"]) == len(pub["data"]["stds"]) == 2
    values = zip(pub["data"]["evs"], pub["data"]["stds"], strict=True)
    assert all(0.4 < value < 1 + 5 * error for value, error in values)


def test_a_circuit_that_does_not_fit_the_device_fails_with_a_log(report: Report) -> None:
    failed = report["failed"]
    assert failed["status"] == "TaskStatus.Failed"
    assert "cx on qubits (0, 1)" in failed["log"]
    assert failed["result"][0] == "TaskNotReadyError"


def test_a_stopped_task_is_cancelled(report: Report) -> None:
    assert report["stopped"] == "TaskStatus.Cancelled"


def test_unknown_tasks_and_programs_are_errors(report: Report) -> None:
    assert report["unknown"][0] == "TaskNotFoundError"
    assert report["bad program"][0] == "InvalidInputError"


def test_acquire_opens_a_session_and_release_closes_it(report: Report, emulator: Emulator) -> None:
    called = [request.operation for request in emulator.requests if report["session"] in request.path]
    assert called[-1] == "update_session"
    assert {request.status for request in emulator.requests if request.operation == "update_session"} == {204}


@pytest.mark.usefixtures("report")
def test_the_task_runner_runs_a_file(emulator: Emulator, environment: Mapping[str, str], tmp_path: Path) -> None:
    circuit = (SCRIPTS / "qrmi_resource.py").read_text().split('BELL = """')[1].split('"""')[0]
    parameters = {"pubs": [[circuit, None, 25]], "version": 2}
    (tmp_path / "input.json").write_text(json.dumps({"parameters": parameters, "program_id": "sampler"}))
    runner = Path(sysconfig.get_path("scripts"), "task_runner")
    subprocess.run(
        [runner, BACKEND, "input.json", "output.json"], env=dict(environment), cwd=tmp_path, check=True, timeout=120
    )
    output = json.loads((tmp_path / "output.json").read_text())
    assert len(output["results"][0]["data"]["c"]["samples"]) == 25
