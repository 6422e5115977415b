"""Environments of the old SDKs, below `build/old-sdks/`: made once, and again when their requirements change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["prepared"]

FOLDER = Path(__file__).parents[2] / "build/old-sdks"
LONGEST_SECONDS = 900
NEWEST_PYTHON = (3, 11)
"""The newest Python for which all of them were published."""


def prepared(name: str, requirements: Sequence[str]) -> Path:
    """The Python of the environment `name`.

    Raises:
        RuntimeError: it cannot be installed here; the message says why.
    """
    folder, wanted = FOLDER / name, "\n".join(requirements)
    python, mark = folder / "bin/python", folder / ".installed"
    if mark.is_file() and mark.read_text() == wanted:
        return python
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise RuntimeError("uv is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    build = FOLDER / "build-constraints.txt"
    build.write_text("setuptools<81\n")
    base = sys.executable if sys.version_info[:2] <= NEWEST_PYTHON else ".".join(map(str, NEWEST_PYTHON))
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", base, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), "--build-constraints", str(build), *requirements],
    ):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=LONGEST_SECONDS)
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"{name} cannot be installed: {error.stderr.strip()[-500:]}") from None
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{name} was not installed within {LONGEST_SECONDS} s") from None
    mark.write_text(wanted)
    return python
