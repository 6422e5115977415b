"""Ctrl-C and cancelling in the middle of plans that run together."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="it needs the instructions of CPython")
@pytest.mark.parametrize(("kind", "least"), [("Ctrl-C", 50), ("cancelled", 5)])
def test_plans_that_run_together_end_wherever_they_are_interrupted(kind: str, least: int) -> None:
    """A process of its own does it, because it hangs where this fails; it ends itself then, and says where."""
    command = [sys.executable, "-m", "tests.plans.interrupted", kind]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) >= least
