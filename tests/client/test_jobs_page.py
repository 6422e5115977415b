"""The blocks of docs/jobs.md, run in order against the embedded service, do what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

PAGE = Path(__file__).parents[2] / "docs" / "jobs.md"
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_block_of_the_page_runs(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text())
    together = [code for language, code in blocks if language == "python" and not code.startswith("# spread.py")]
    (spread,) = (code for _, code in blocks if code.startswith("# spread.py"))
    (shell,) = (code for language, code in blocks if language == "bash")
    (tmp_path / "page.py").write_text("".join(together))
    (tmp_path / "spread.py").write_text(spread)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with Emulator(seed=7, workers=1) as emulator:
        variables = {**environment(emulator), "PATH": path, "HOME": str(tmp_path)}

        def run(*command: str) -> str:
            done = subprocess.run(
                command, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=1800, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        printed = run(sys.executable, "-W", "error", "page.py")
        assert len(re.findall(r"^\d+ <Job ", printed, re.MULTILINE)) == 30
        assert printed.count("Completed") >= 30
        assert run("bash", "-c", shell) == ""
        assert run(sys.executable, "-W", "ignore::DeprecationWarning", "spread.py").startswith("[{'1': ")
