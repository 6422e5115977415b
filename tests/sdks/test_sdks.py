"""Small programs on SDKs of others, unmodified, with the embedded service behind the names of the real one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest.offline import Offline

from ..old_sdks.environments import prepared

PROGRAMS = Path(__file__).with_name("programs")
HANG_SECONDS = 600
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0a1b2c3d:11112222-3333-4444-5555-666677778888::"
PRIMITIVES = {"shots": 200, "alike": True, "value": True}
COUNTS = {"shots": 200, "alike": True}

ROWS: tuple[tuple[str, tuple[str, ...], str, dict[str, Any]], ...] = (
    *(
        (f"runtime-0.{minor}", (f"qiskit-ibm-runtime~=0.{minor}.0", "qiskit<3"), "runtime", PRIMITIVES)
        for minor in range(41, 52)
    ),
    ("mitiq", ("mitiq==1.1.0", "ply", "qiskit-aer", "qiskit-ibm-runtime==0.51.0"), "mitiq_zne", {"value": True}),
    ("pytket", ("pytket-qiskit==0.79.0",), "pytket_run", COUNTS),
    (
        "experiments",
        ("qiskit-experiments==0.14.2", "qiskit-ibm-runtime==0.51.0", "qiskit-aer"),
        "experiments",
        {"jobs": 1, "t1": True},
    ),
    (
        "pennylane",
        ("pennylane-qiskit==0.45.0", "pennylane==0.45.1", "qiskit==2.3.0", "qiskit-ibm-runtime==0.45.1"),
        "pennylane_nodes",
        PRIMITIVES,
    ),
    (
        "qbraid",
        ("qbraid[qiskit]==0.13.0", "qiskit==2.6.2", "qiskit-ibm-runtime==0.49.0"),
        "qbraid_run",
        {**COUNTS, "online": True, "listed": True, "status": "Completed"},
    ),
    (
        "mcp",
        ("qiskit-ibm-runtime-mcp-server==0.6.2", "qiskit==2.6.2", "qiskit-ibm-runtime==0.51.0"),
        "mcp_tools",
        {"tools": 20, "unused": [], "failed": []},
    ),
)
"""Environment, its requirements, the program, and what it prints."""


@pytest.fixture(scope="module")
def services() -> Iterator[Offline]:
    with Offline(seed=1, workers=1, instances=["my instance", CRN]) as started:
        yield started


@pytest.mark.parametrize(
    ("name", "requirements", "program", "printed"), [pytest.param(*row, id=row[0]) for row in ROWS]
)
def test_its_program_finds_the_service(
    name: str, requirements: tuple[str, ...], program: str, printed: dict[str, Any], services: Offline, tmp_path: Path
) -> None:
    python = prepared(f"offline-{name}", requirements)
    done = subprocess.run(
        [python, "-W", "ignore", PROGRAMS / f"{program}.py"],
        env=services.environment({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "QISKIT_IBM_TOKEN": "my key"}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == printed
