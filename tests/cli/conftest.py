"""One embedded service for all tests of the command line, and fixtures that run `qrr` and check for leaked secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qiskit_runtime_rest.testing import Emulator

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
sx $0; rz(pi/2) $0; sx $1; rz(pi/2) $1; cz $0, $1; rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0;
c[1] = measure $1;
"""

Run = Callable[..., Result]
Process = Callable[..., "subprocess.Popen[str]"]

HANG_SECONDS = 600
"""Guard against a process that hangs. It is not a measure of speed: a busy machine may take minutes."""

OURS = ("QISKIT_", "QRR_", "IAM_URL")
LOOKS = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "TERM")


@pytest.fixture(scope="session")
def service() -> Iterator[Emulator]:
    with Emulator(workers=1, seed=11) as emulator:
        yield emulator


@pytest.fixture
def held(service: Emulator) -> Iterator[Emulator]:
    """The service, with jobs that stay queued."""
    service.pace = "hold"
    yield service
    service.pace = "immediate"


@pytest.fixture
def environ(service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An empty home, and the variables that `qrr emulator serve` prints. Output is buffered, as for most users."""
    for name in os.environ:
        if name.startswith(OURS) or name in (*LOOKS, "PYTHONUNBUFFERED"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("QISKIT_IBM_TOKEN", service.api_key)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", service.instance)
    monkeypatch.setenv("QISKIT_IBM_URL", service.base_url)
    monkeypatch.setenv("IAM_URL", service.iam_url)
    return monkeypatch


def refuse_secrets(text: str, *, api_key: str) -> None:
    assert api_key not in text
    assert "eyJ" not in text  # the start of every bearer token


@pytest.fixture
def qrr(environ: pytest.MonkeyPatch, service: Emulator) -> Run:
    """Run `qrr` in this process, and check that it prints neither the API key nor bearer tokens."""
    from qiskit_runtime_rest.cli.app import app

    def run(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        refuse_secrets(result.output, api_key=service.api_key)
        return result

    return run


@pytest.fixture
def process(environ: pytest.MonkeyPatch) -> Iterator[Process]:
    """Start `python -m qiskit_runtime_rest` as a process. It is killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "qiskit_runtime_rest", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.fixture
def bell(tmp_path: Path) -> str:
    """Path of a circuit in the gates of ibm_fez."""
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    return str(path)
