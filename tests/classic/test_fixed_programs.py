"""What `--fix` leaves runs: rewritten programs on v1, all others with `qrr legacy run`, with the same output."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_runtime_rest.legacy.scan import fix
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

LEGACY = Path(__file__).parents[1] / "legacy"
WHOLE = sorted((LEGACY / "scan_corpus" / "whole").glob("*.py"))
LEFT = [LEGACY / "scripts" / name for name in ("classic_flow.py", "oldest_flow.py")]
QRR = [sys.executable, "-m", "qiskit_runtime_rest"]
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:11112222-3333-4444-5555-666677778888::"
SECONDS = 600


def ran(command: list[str], folder: Path, **environment: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("QISKIT", "IAM"))}
    variables = {**own, "HOME": str(folder), **environment}
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def rewritten(programs: list[Path], folder: Path) -> list[Path]:
    found = []
    for program in programs:
        result = fix(program)
        assert result is not None
        assert result.changed
        found.append(folder / program.name)
        found[-1].write_text(result.after, encoding="utf-8")
    return found


def offline(programs: list[Path], folder: Path) -> str:
    script = "; ".join(shlex.join([sys.executable, "-W", "ignore", str(program)]) for program in programs)
    return ran([*QRR, "offline", "--seed", "1", "--", "sh", "-ec", script], folder, QISKIT_IBM_INSTANCE=CRN)


def test_a_rewritten_program_does_on_v1_what_it_did_on_the_classic_api(tmp_path: Path) -> None:
    before = offline(WHOLE, tmp_path)
    programs = rewritten(WHOLE, tmp_path)
    assert not any("quantum-computing.ibm.com" in program.read_text() for program in programs)
    assert offline(programs, tmp_path) == before
    assert "shots: 200" in before


@pytest.fixture(scope="module")
def account() -> Iterator[dict[str, str]]:
    with Emulator(pace="immediate", workers=1) as emulator:
        yield environment(emulator)


@pytest.mark.parametrize("program", [*LEFT, *WHOLE], ids=lambda program: program.stem)
def test_a_program_runs_with_legacy_run_after_the_fix_if_it_was_not_rewritten(
    program: Path, account: dict[str, str], tmp_path: Path
) -> None:
    run = [*QRR, "legacy", "run", "--era", "2021" if program.stem == "oldest_flow" else "2023"]
    before = ran([*run, str(program)], tmp_path, **account)
    if program in LEFT:
        (program,) = rewritten([program], tmp_path)
    assert before
    assert ran([*run, str(program)], tmp_path, **account) == before
