"""`qrr legacy run` runs scripts and notebooks unchanged, and prints a report."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qiskit_runtime_rest import ConfigurationError, legacy
from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

SCRIPTS = Path(__file__).parent / "scripts"
SECONDS = 600

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environ(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment with a temporary home and account."""
    return {
        **os.environ,
        "HOME": str(tmp_path),
        **environment(emulator),
    }


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "qiskit_runtime_rest", "legacy", "run", *map(str, arguments)]


@pytest.fixture
def qrr(environ: dict[str, str], emulator: Emulator) -> Run:
    """Run `qrr legacy run ...` beside the scripts, and check that the output has no secrets."""

    def run(*arguments: str | Path, folder: Path = SCRIPTS) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            command(*arguments), env=environ, cwd=folder, capture_output=True, text=True, timeout=SECONDS
        )
        for secret in (emulator.api_key, "eyJ", "MY_API_TOKEN"):
            assert secret not in ended.stdout + ended.stderr
        return ended

    return run


def uses(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(use["where"], use["call"]) for use in report["uses"]]


def test_the_classic_flow_runs_unchanged(qrr: Run, emulator: Emulator, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    mapping = tmp_path / "instances.json"
    mapping.write_text(json.dumps({"ibm-q/open/main": emulator.instance}))

    ended = qrr("--report", report, "--instances", mapping, "classic_flow.py", "ibm_fez")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "programs: ['circuit-runner', 'estimator', 'hello-world', 'qasm3-runner', 'runtime-simple', 'sampler']",
        "backend: ibm_fez True",
        "same session: True",
        "heard: True True 1000",
        "state: Completed Completed None",
        "results: 2 [1000, 1000]",
        "after logout: 401 1201",
    ]
    told = json.loads(report.read_text())
    assert told["calls"] == 10
    assert [call for _, call in uses(told)] == [
        "GET /programs",
        "POST /users/loginWithToken",
        "GET /backends",
        "POST /jobs",
        "GET /stream/jobs/{id}",
        "GET /jobs/{id}",
        "GET /jobs/{id}/results",
        "POST /users/logout",
        "GET /jobs/{id}",
    ]
    lines = (SCRIPTS / "classic_flow.py").read_text().splitlines()
    for where, call in uses(told):
        file, _, line = where.rpartition(":")
        assert file == "classic_flow.py"
        verb = "websockets.connect" if "stream" in call else f"requests.{call.split()[0].lower()}("
        assert verb in lines[int(line) - 1]
    assert told["uses"][-1]["answers"] == {"401": 1}


def test_the_oldest_flow_runs_unchanged(qrr: Run) -> None:
    ended = qrr("--era", "2021", "--json", "oldest_flow.py")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["programs: list", "result: 200 All done!"]
    told = json.loads(ended.stderr.splitlines()[-1])
    assert [call for _, call in uses(told)] == ["GET /programs", "POST /jobs", "GET /jobs/{id}/results"]
    assert {note["field"] for note in told["uses"][1]["notes"]} >= {"hub", "programId", "params"}


def test_a_removed_call_ends_the_script_with_its_own_traceback(qrr: Run) -> None:
    ended = qrr("removed_call.py")
    assert ended.returncode == 1
    assert ended.stdout == "before\n"
    frames = [line.split('"')[1] for line in ended.stderr.splitlines() if line.startswith('  File "')]
    assert frames[0] == str(SCRIPTS / "removed_call.py")
    assert not [frame for frame in frames if "qiskit_runtime_rest" in frame]
    assert "RemovedInV1: Removed in v1. GET /health" in ended.stderr
    assert "removed_call.py:9: GET /health: 410\n  removed: " in ended.stderr


def test_a_script_gets_its_arguments_and_the_modules_beside_it(qrr: Run, tmp_path: Path) -> None:
    folder = tmp_path / "größe"
    folder.mkdir()
    (folder / "beside.py").write_text("import requests\n\n\ndef ask(url):\n    return requests.get(url, timeout=60)\n")
    (folder / "main.py").write_text(
        "import os, sys\nimport beside\n"
        "print(beside.ask('https://runtime-us-east.quantum-computing.ibm.com/programs').status_code)\n"
        "print(sys.argv[1:], 'QRR' in os.environ)\n"
    )
    ended = qrr("größe/main.py", "--json", "-x", "--", "y", folder=tmp_path)
    assert ended.stdout.splitlines() == ["200", "['--json', '-x', '--', 'y'] False"]
    assert f"{Path('größe') / 'beside.py'}:5: GET /programs: 200" in ended.stderr


def test_ctrl_c_ends_the_script_and_prints_the_report(environ: dict[str, str]) -> None:
    with subprocess.Popen(
        command("waits.py"), env=environ, cwd=SCRIPTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "waiting\n"
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=SECONDS)
    assert running.returncode == 130
    assert "KeyboardInterrupt" in told
    assert "waits.py:7: GET /programs: 200" in told


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_threads_and_processes_that_outlive_the_script_are_included(qrr: Run, kind: str) -> None:
    ended = qrr("goes_on.py", kind)
    assert ended.returncode == 0
    assert "goes_on.py:13: GET /programs: 200" in ended.stderr


# Notebooks


def test_a_notebook_runs_cell_by_cell_with_its_outputs_as_text(qrr: Run) -> None:
    ended = qrr("--json", "devices.ipynb")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["Out[3]:", "True", "<IPython.core.display.HTML", "object>", "printed"]
    assert uses(json.loads(ended.stderr.splitlines()[-1])) == [
        ("devices.ipynb cell 3, line 1", "POST /users/loginWithToken"),
        ("devices.ipynb cell 4, line 3", "GET /backends"),
    ]


def test_a_cell_that_fails_ends_the_notebook_unless_it_may_fail(qrr: Run, environ: dict[str, str]) -> None:
    ended = qrr("removed.ipynb")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "ZeroDivisionError" in ended.stderr  # from a cell that may fail
    assert "removed.ipynb cell 3, line 3\n" in ended.stderr
    assert "removed.ipynb cell 3, line 3: GET /health: 410" in ended.stderr
    assert not (Path(environ["HOME"]) / ".ipython").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no JSON", "is not a notebook"),
        ("[]", "is not a notebook"),
        (
            json.dumps(
                {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"language": "R"}}, "cells": []}
            ),
            "is a notebook of R",
        ),
    ],
)
def test_a_file_that_is_not_a_python_notebook_is_refused(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "some.ipynb"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=why):
        legacy.run(path)


# Ends

ENDS = {"status": 7, "words": 1, "error": 1, "interrupt": 130, "thread": 0, "nothing": 0}


@pytest.mark.parametrize("how", ENDS)
def test_a_script_ends_as_with_python(
    how: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = Path(shutil.copy(SCRIPTS / "ends_itself.py", tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO("a line\n"))
    before = sys.argv, sys.path

    assert legacy.run(path, [how, "--more"]) == ENDS[how]

    ran = capsys.readouterr()
    assert (sys.argv, sys.path) == before
    by_itself = subprocess.run(
        [sys.executable, str(path), how, "--more"], input="a line\n", capture_output=True, text=True, timeout=SECONDS
    )
    assert ran.out == by_itself.stdout
    assert ran.err == by_itself.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["nosuch.py"], "does not exist"), (["--era", "2022", "waits.py"], "2021, 2023"), ([], "Missing argument")],
)
def test_wrong_use_runs_nothing(arguments: list[str], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCRIPTS)
    ended = CliRunner().invoke(app, ["legacy", "run", *arguments])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert why in ended.stderr


def test_a_report_that_cannot_be_written_is_an_error(qrr: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    ended = qrr("--report", tmp_path, tmp_path / "empty.py")
    assert ended.returncode == 1
    assert f"the report cannot be written to {tmp_path}" in ended.stderr
