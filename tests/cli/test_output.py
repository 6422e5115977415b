"""Output that nobody reads, or that has no place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Process

COMMANDS = [("backends",), ("backends", "--json"), ("--help",), ("jobs", "--help")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_goes_away_ends_it_quietly_as_shells_expect(process: Process, command: tuple[str, ...]) -> None:
    child = process(*command)
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert child.stderr.read() == ""
    assert child.wait(timeout=30) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that takes nothing")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_output_that_has_no_place_is_no_defect_of_ours(environ: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "qiskit_runtime_rest", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: the output could not be written: No space left on device.\n"
