"""The Python blocks of README.md and docs/cassettes.md run as they are, against the embedded service."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HANG_SECONDS = 1800


@pytest.mark.parametrize(
    ("page", "shown"), [("README.md", r"\{'[01]{2}': \d+"), ("docs/cassettes.md", "")], ids=["README", "cassettes"]
)
def test_the_blocks_of_the_page_run(page: str, shown: str, tmp_path: Path) -> None:
    blocks = [block for block in BLOCK.findall((ROOT / page).read_text("utf-8")) if "my_sdk" not in block]
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
