"""The blocks of docs/emulator.md, run in order in one shell, do what the page says."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import fields

from qiskit_runtime_rest.emulator.control import PREFIX, Control, control_routes
from qiskit_runtime_rest.emulator.faults import KINDS, FaultRules
from qiskit_runtime_rest.emulator.options import Options
from qiskit_runtime_rest.emulator.recorder import Recorder
from qiskit_runtime_rest.emulator.state.clock import Clock
from qiskit_runtime_rest.emulator.state.identity import USERS
from qiskit_runtime_rest.emulator.state.instances import DEFAULT_INSTANCES

HANG_SECONDS = 1800
"""Guard against a block that hangs. It is not a measure of speed: a busy machine may take minutes."""

PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# (\w+\.py)\n")


def shell_script(page: str) -> str:
    """One script of all blocks. A Python block runs in its place, or is saved if it begins with a file name."""
    parts = ["set -euo pipefail", "trap 'kill $(jobs -p)' EXIT"]
    for number, (language, content) in enumerate(BLOCK.findall(page), start=1):
        parts.append(f"printf '\\n== block {number}\\n'")
        named = FILE.match(content)
        if language == "bash":
            parts.append(content)
        elif named:
            parts.append(f"cat > {named[1]} <<'PYTHON'\n{content}PYTHON")
        else:
            parts.append(f"python -W ignore::DeprecationWarning - <<'PYTHON'\n{content}PYTHON")
    return "\n".join(parts)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """The output of each block by its number, after all blocks have succeeded."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("The blocks of the page need bash and curl.")
    folder = tmp_path_factory.mktemp("page")
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p qiskit_runtime_rest.pytest_plugin",
    }
    done = subprocess.run(
        ["bash", "-c", shell_script(PAGE.read_text())],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    pieces = re.split(r"^== block (\d+)\n", done.stdout, flags=re.MULTILINE)
    return {int(number): text for number, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def test_every_block_runs_and_the_circuits_are_entangled(printed: dict[int, str]) -> None:
    assert set(printed) == set(range(1, len(BLOCK.findall(PAGE.read_text())) + 1))
    counts = [ast.literal_eval(line) for text in printed.values() for line in text.splitlines() if line[:2] == "{'"]
    assert len(counts) == 5
    for one in counts:
        alike = sum(count for outcome, count in one.items() if len(set(outcome)) == 1)
        assert alike > 0.7 * sum(one.values())


def test_pace_and_clock_hold_jobs_back_as_the_page_says(printed: dict[int, str]) -> None:
    assert [text.strip() for text in printed.values() if text.strip() in {"Queued", "Completed"}] == [
        "Queued",
        "Completed",
    ]


def test_faults_fire_and_are_survived(printed: dict[int, str]) -> None:
    assert any("('truncated', 1)" in text for text in printed.values())


def test_recorded_requests_show_no_secrets(printed: dict[int, str]) -> None:
    (shown,) = (text for text in printed.values() if text.startswith('{"requests"'))
    assert '"create_job"' in shown
    assert "Bearer ey" not in shown
    assert "not-a-secret" not in shown


def test_the_tables_are_complete() -> None:
    page = PAGE.read_text()
    _, _, faults = page.partition("| kind |")
    kinds = {kind for row in faults.split("\n\n")[0].splitlines() for kind in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert kinds == set(KINDS)
    # Rows such as "| `GET`, `POST pace` |": the path may be in another pair of quotes than the method.
    for route in control_routes(Control(FaultRules(frozenset()), Recorder(clock=Clock(), limit=1), lambda: None)):
        path = route.path.removeprefix(f"{PREFIX}/").replace(":int", "")
        assert re.search(rf"^\| .*{route.method}[^|]*\b{re.escape(path)}`", page, re.MULTILINE), route.path
    for instance in DEFAULT_INSTANCES:
        assert f"`{instance.name}`" in page
    for user in USERS:
        assert f"`{user.api_key}`" in page
    for option in fields(Options):
        if option.name not in {"max_body_bytes", "recorded_requests"}:
            assert option.name.replace("_", "-") in page.replace("_", "-"), option.name
