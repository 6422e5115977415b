"""Importing a client is cheap: what only its use needs is loaded then."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    "qiskit_runtime_api.api",
    "qiskit_runtime_api.client",
    "qiskit_runtime_api.models",
    "qiskit_runtime_rest.client.jobs",
    "qiskit_runtime_rest.config.settings",
    "qiskit_runtime_rest.config.state_file",
    "qiskit_runtime_rest.http.retry_policy",
    "qiskit_runtime_rest.results",
    "qiskit_runtime_rest.submission",
    "qiskit_runtime_rest.waiting",
)


def test_importing_a_client_loads_nothing_that_only_its_use_needs() -> None:
    code = "import sys; from qiskit_runtime_rest import RuntimeClient; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "qiskit_runtime_rest.client.client" in loaded
    assert not set(LATER) & set(loaded)


def test_the_classes_for_qiskit_say_what_to_install() -> None:
    code = """
import sys
sys.modules["qiskit"] = None
from qiskit_runtime_rest import MissingExtra
try:
    import qiskit_runtime_rest.qiskit
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "qiskit-runtime-rest[qiskit]" in done.stdout
