"""The same programs under `qrr offline`: they find the classic API by the names of its hosts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .conftest import PROGRAMS, reported
from .environments import prepared
from .sdks import SDKS, Sdk

QRR = Path(sys.executable).with_name("qrr")
OTHER_INSTANCES = {"session"}
"""Steps that name an instance of the mapping of the gateway under test; `qrr offline` has none."""


@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.name)
def test_a_program_runs_under_the_names_of_the_classic_hosts(sdk: Sdk, tmp_path: Path) -> None:
    try:
        python = prepared(sdk.name, sdk.requirements)
    except RuntimeError as error:
        pytest.skip(str(error))
    program: list[str | Path] = [
        python,
        "-W",
        "ignore",
        PROGRAMS / f"{sdk.program}.py",
        f"https://{sdk.login_host}/api",
        "any-key",
    ]
    outcomes = reported([QRR, "offline", "--", *program], home=tmp_path)
    failed = {name: outcome["error"] for name, outcome in outcomes.items() if "error" in outcome}
    assert failed.keys() <= OTHER_INSTANCES, failed
    assert outcomes.keys() == sdk.steps.keys()
