"""Every block of the pages runs, in front of the embedded service, in an empty home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator
from tools import notebook

from ..fixtures.service import environment
from .blocks import ROOT, SHOWN, blocks, script

HANG_SECONDS = 1800
"""Guard against a block that hangs. It is not a measure of speed: a busy machine may take minutes."""

ELSEWHERE = {
    "docs/cassettes.md": "tests/project/test_pages.py",
    "docs/classic.md": "tests/legacy/test_guide.py",
    "docs/contract-check.md": "tests/project/test_pages.py",
    "docs/contract.md": "tests/project/test_pages.py",
    "docs/directed.md": "tests/project/test_pages.py",
    "docs/emulator.md": "tests/third_party/test_documentation.py",
    "docs/jobs.md": "tests/client/test_jobs_page.py",
    "docs/offline.md": "tests/third_party/test_offline_page.py",
    "docs/commands.md": "tests/project/test_pages.py",
}
"""Pages whose blocks other tests run, which also look at what they print."""

PAGES = {
    name: page
    for page in sorted(ROOT.joinpath("docs").rglob("*.md"))
    if (name := str(page.relative_to(ROOT))) not in ELSEWHERE
    and any(language not in SHOWN for language, _ in blocks(page))
}


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_the_page_runs(page: str, tmp_path: Path) -> None:
    with Emulator(seed=7, workers=1) as emulator:
        done = subprocess.run(
            ["bash", "-c", script(PAGES[page])],
            env={
                **environment(emulator),
                "HOME": str(tmp_path),
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_ADDOPTS": "-p qiskit_runtime_rest.pytest_plugin",
                "EXAMPLES": str(ROOT / "examples"),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert emulator.api_key not in done.stdout + done.stderr


@pytest.mark.parametrize(("page", "test"), ELSEWHERE.items())
def test_the_other_pages_are_run_where_this_says(page: str, test: str) -> None:
    assert Path(page).name in (ROOT / test).read_text("utf-8")


def test_the_notebook_runs_and_is_saved_as_it_is_now(tmp_path: Path) -> None:
    saved = notebook.read()
    code = "from tools import notebook; now = notebook.read(); notebook.run(now); print(notebook.shape(now))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(notebook.shape(saved))
