"""The blocks of docs/offline.md, run in order in one shell, do what the page says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .test_documentation import HANG_SECONDS, shell_script

PAGE = Path(__file__).parents[2] / "docs" / "offline.md"


def test_every_block_runs(tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("The blocks of the page need bash.")
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p qiskit_runtime_rest.pytest_plugin",
    }
    done = subprocess.run(
        ["bash", "-c", shell_script(PAGE.read_text())],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.count("True\n") == 2
    assert "1 passed" in done.stdout
    assert "connections to the embedded services: quantum.cloud.ibm.com 2." in done.stdout
