"""The blocks of a page as one shell script.

- `bash` runs where it stands.
- `python` runs where it stands, together with the Python blocks before it, up to the last shell block.
- A block whose first line names a file, such as `# test_bell.py`, is saved to that file.
- Of a workflow (`yaml`), the commands of its steps run, without those that install something.
- `console` is only shown: it needs an account, a registry, another program, or minutes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"(?:#|//) ([\w./-]+\.\w+|Dockerfile)\n")
SHOWN = {"console", "text", "mermaid"}


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each block, of tabs (`=== "..."`), too."""
    text = re.sub(r"^    ", "", page.read_text("utf-8"), flags=re.MULTILINE) if "\n=== " in page.read_text() else None
    return BLOCK.findall(text or page.read_text("utf-8"))


def script(page: Path) -> str:
    """The shell script of the page's blocks."""
    return "\n".join(["set -euo pipefail", "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT", *_parts(page)])


def _parts(page: Path) -> Iterator[str]:
    python: list[str] = []
    for language, text in blocks(page):
        named = FILE.match(text)
        if language == "python" and not named:
            python.append(text)
            continue
        if language in SHOWN:
            continue
        if python and not named:
            yield _program(python)
            python = []
        if named:
            yield _saved(named[1], text)
        if language == "yaml":
            yield from _steps(text)
        elif not named:
            assert language == "bash", f"{page}: a block of {language}"
            yield text
    if python:
        yield _program(python)


def _saved(name: str, text: str) -> str:
    folder, file = shlex.quote(str(Path(name).parent)), shlex.quote(name)
    return f"mkdir -p {folder} && cat > {file} <<'END_OF_BLOCK'\n{text}END_OF_BLOCK"


def _program(parts: list[str]) -> str:
    return f"python -W error - <<'END_OF_BLOCK'\n{''.join(parts)}END_OF_BLOCK"


def _steps(text: str) -> Iterator[str]:
    for job in yaml.safe_load(text)["jobs"].values():
        for step in job["steps"]:
            if "run" in step and "pip install" not in step["run"]:
                yield step["run"]
