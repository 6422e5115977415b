"""What fuzzing found, and some changes of valid inputs: `make fuzz` tries millions, this the kept ones."""

from __future__ import annotations

import base64
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.fuzz import __main__ as fuzz
from tools.fuzz.__main__ import changed, inputs, time_limit
from tools.fuzz.targets import TARGETS

FILES = {"journals", "states", "differences", "scanner"}
"""Targets whose inputs take milliseconds, not microseconds."""


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_read_or_refused_with_an_error_of_the_package(name: str) -> None:
    chance, known = random.Random(name), inputs(name)
    spoilt = [changed(chance.choice(known), known, chance) for _ in range(5 if name in FILES else 50)]
    for data in [*known, *spoilt]:
        with time_limit():
            TARGETS[name].feed(data)


def test_an_input_that_fails_is_printed_so_that_it_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytes(range(256)) * 40
    (tmp_path / "dates-of-another-run").write_bytes(b"old")
    os.utime(tmp_path / "dates-of-another-run", (0, 0))

    def run(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        (tmp_path / "dates-crash-1").write_bytes(data)
        return subprocess.CompletedProcess([], 1, "", "it failed")

    monkeypatch.setattr(fuzz, "BUILD", tmp_path)
    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr("sys.argv", ["fuzz", "--target", "dates"])
    assert fuzz.main() == 1
    (command,) = [line for line in capsys.readouterr().out.splitlines() if "base64 -d" in line]
    assert base64.b64decode(command.split("<<< ")[1]) == data
