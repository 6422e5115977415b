"""The blocks of pages work as they are: Python against the embedded service, commands as far as they end soon."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

ROOT = Path(__file__).parents[2]
HANG_SECONDS = 1800
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def blocks_of(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("README.md", r"\{'[01]{2}': \d+"),
        ("docs/cassettes.md", ""),
        ("docs/contract.md", ""),
        ("docs/directed.md", r"\[\{'0'"),
    ],
)
def test_the_blocks_of_the_page_run(page: str, shown: str, tmp_path: Path) -> None:
    blocks = [block for block in blocks_of(page, "python") if "my_sdk" not in block]
    assert blocks
    with Emulator(seed=7, workers=1) as emulator:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", "".join(blocks)],
            env={**environment(emulator), "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert re.match(shown, done.stdout), done.stdout


def test_the_scheduled_job_of_the_page_reports_drift(tmp_path: Path) -> None:
    (block,) = blocks_of("docs/contract.md", "yaml")
    install, drift, report = (step["run"] for step in yaml.safe_load(block)["jobs"]["drift"]["steps"] if "run" in step)
    assert install == "pip install 'qiskit-runtime-rest[cli]'"
    assert drift.startswith("qrr contract drift ")
    local = drift.replace("drift", f"drift --spec {shlex.quote(str(ROOT / 'openapi.json'))}", 1)
    summary = tmp_path / "summary.md"
    command = ["bash", "-e", "-c", f"{local}\n{report}"]
    variables = {**os.environ, "PATH": PATH, "GITHUB_STEP_SUMMARY": str(summary)}
    subprocess.run(command, cwd=tmp_path, env=variables, timeout=HANG_SECONDS, check=True)
    assert summary.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("line", "".join(blocks_of("docs/contract-check.md", "console")).splitlines())
def test_each_command_of_the_page_is_one_that_make_and_qrr_know(line: str) -> None:
    program, *arguments = shlex.split(line, comments=True)
    assert program == "make"
    # Only shown: they take minutes, and one of them submits jobs.
    done = subprocess.run(
        ["make", "-n", "--no-print-directory", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands = [shlex.split(command) for command in done.stdout.splitlines()]
    assert commands
    for name, *options in commands:
        if Path(name).name == "qrr":
            assert CliRunner().invoke(app, [*options, "--help"]).exit_code == 0, options


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```bash\n(.*?)^```$", (ROOT / "docs/commands.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) >= 6
    with Emulator(seed=7, workers=1) as emulator:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "".join(blocks)],
            env={
                **environment(emulator),
                "HOME": str(tmp_path),
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "█" in done.stdout
    assert emulator.api_key not in done.stdout + done.stderr
