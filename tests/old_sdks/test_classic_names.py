"""The same programs under `qrr offline` and `qrr legacy run`: they find the classic API by the names of its hosts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment
from .conftest import PROGRAMS, reported
from .environments import prepared
from .sdks import SDKS, Sdk

QRR = Path(sys.executable).with_name("qrr")
OTHER_INSTANCES = {"session"}
"""Steps that name an instance of the mapping of the gateway under test; here is none."""
DRIVER = "import subprocess, sys\nsys.exit(subprocess.run(sys.argv[1:]).returncode)\n"
"""A script that starts the program, which has an environment of its own."""


@pytest.fixture
def account(emulator: Emulator) -> dict[str, str]:
    emulator.reset()
    return environment(emulator)


@pytest.mark.parametrize("way", ["offline", "legacy run"])
@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.name)
def test_a_program_runs_under_the_names_of_the_classic_hosts(
    sdk: Sdk, way: str, account: dict[str, str], tmp_path: Path
) -> None:
    python = prepared(sdk.name, sdk.requirements)
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER)
    program: list[str | Path] = [
        python,
        "-W",
        "ignore",
        PROGRAMS / f"{sdk.program}.py",
        f"https://{sdk.login_host}/api",
        "any-key",
    ]
    if way == "offline":
        outcomes = reported([QRR, "offline", "--", *program], home=tmp_path)
    else:
        outcomes = reported([QRR, "legacy", "run", driver, *program], home=tmp_path, **account)
    failed = {name: outcome["error"] for name, outcome in outcomes.items() if "error" in outcome}
    assert failed.keys() <= OTHER_INSTANCES, failed
    assert outcomes.keys() == sdk.steps.keys()
