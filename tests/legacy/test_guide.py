"""The blocks of `docs/classic.md` work unchanged and in order, in front of the embedded service."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "classic.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 1800
"""Guard against a command that hangs. It is not a measure of speed: a busy machine may take minutes."""


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def written(folder: Path) -> str:
    """The guide's commands as one script; its Python is written to `old.py`, and to `new.py`, which also runs."""
    commands = ["set -e", "trap 'kill $(jobs -p)' EXIT"]
    for language, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8").replace("8080", free_port())):
        if language == "python":
            name = "new.py" if "import old" in text else "old.py"
            (folder / name).write_text(text, encoding="utf-8")
            commands += [f"echo; echo == {name}", f"python {name}"] if name == "new.py" else []
        elif "pip install" not in text:
            commands += [f"echo; echo == {text.split()[2]}", text]
    return "\n".join(commands)


@pytest.fixture
def printed(tmp_path: Path) -> dict[str, str]:
    """The output of each command of the guide, by its name."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("QISKIT_", "IAM_", "QRR_"))}
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-c", written(tmp_path)],
        cwd=tmp_path,
        env={**environ, "HOME": str(tmp_path), "NO_PROXY": "localhost,127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            out, err = shell.communicate(timeout=SECONDS)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, out + err
    parts = re.split(r"^== (.*)\n", out + f"== stderr\n{err}", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_everything_in_the_guide_works_as_it_is_written(printed: dict[str, str]) -> None:
    assert re.match(r"\[\{'[01]{2}': 0\.\d+", printed["run"])
    assert "old.py:5: POST /users/loginWithToken: 200" in printed["stderr"]
    assert "old.py:8: POST /jobs: 200" in printed["new.py"]
    assert '{"devices":["' in printed["gateway"]
    assert '{"notes":[' in printed["gateway"]
    assert "+# qrr: " in printed["scan"]
