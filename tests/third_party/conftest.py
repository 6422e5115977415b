"""Run scripts with clients of other projects against one emulated service.

A script gets the service from environment variables and imports nothing of this package. It prints one JSON object,
which the tests check.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest.emulator import devices
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.offline_programs import program, services

SCRIPTS = Path(__file__).parent / "scripts"
BACKEND = "ibm_fez"
DEVICES = (*devices.PRESENT, "fake_fractional", "ibm_sherbrooke", "ibmq_lima", "ibmq_paris")

Report = dict[str, Any]
RunScript = Callable[[str], Report]


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator(seed=20260415, devices=DEVICES) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def emulator(running: Emulator) -> Emulator:
    """The service in its initial state, for the script of one module and its tests."""
    running.reset()
    return running


@pytest.fixture(scope="session")
def environment(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Environment variables for clients of the emulated service.

    qiskit-ibm-runtime puts `quantum.` in front of the host of a URL, except if the URL contains "experimental". Here
    that is the user name in the URL, which is not sent to the server.
    """
    host = running.url.removeprefix("http://")
    qrmi = {
        "ENDPOINT": f"{running.base_url}/v1",
        "IAM_ENDPOINT": running.iam_url,
        "IAM_APIKEY": running.api_key,
        "SERVICE_CRN": running.instance,
    }
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("home")),
        "EMULATOR": running.url,
        "IAM_URL": running.iam_url,
        "GLOBAL_SEARCH_URL": running.url,
        "GLOBAL_CATALOG_URL": running.url,
        "QISKIT_IBM_URL": f"http://experimental@{host}/api/v1",
        "QISKIT_IBM_TOKEN": running.api_key,
        "QISKIT_IBM_INSTANCE": running.instance,
        "QRMI_JOB_QPU_RESOURCES": BACKEND,
        "QRMI_JOB_QPU_TYPES": "ibm-quantum-compute-service",
        **{f"{BACKEND}_QRMI_IBM_QCS_{name}": value for name, value in qrmi.items()},
    }


@pytest.fixture(scope="module")
def run_script(
    emulator: Emulator, environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> RunScript:
    """Run one of the scripts; returns the JSON object in its last line."""

    def run(name: str) -> Report:
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / name)],
            env=dict(environment),
            cwd=tmp_path_factory.mktemp("run"),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # qiskit-ibm-runtime prints this before it sends the API key instead of a token.
        assert "Unable to retrieve" not in done.stderr, done.stderr
        report: Report = json.loads(done.stdout.splitlines()[-1])
        return report

    return run
