"""Pictures of the command line for README.md: `python -m tools.captures` runs it, and draws what it printed.

Each picture is a real run in front of the embedded service; `rich` draws it as SVG.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from qiskit_runtime_rest.testing import Emulator

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "captures"
WIDTH = 92
BLANKS = re.compile(r"\n(\s*\n){2,}")
FONT_FACES = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0; rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1; rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0; c[1] = measure $1;
"""
CAPTURES: Mapping[str, tuple[str, ...]] = {
    "demo": ("qrr demo",),
    "job": (
        "qrr submit sampler bell.qasm --backend ibm_fez --shots 1000 --tag first > id",
        "qrr wait $(cat id)",
        "qrr result $(cat id)",
        "qrr jobs --since yesterday",
    ),
    "backends": ("qrr backends --min-qubits 130 --sort error", "qrr submit sampler bell.qasm --backend ibm_fze"),
}
"""The commands of each picture."""


def draw(commands: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> str:
    """Run the commands in a shell, and draw them with what they print, as SVG."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    for command in commands:
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(BLANKS.sub("\n\n", done.stdout).strip("\n")))
    drawn = console.export_svg(title="qrr", unique_id="qrr")
    # A picture loads nothing from elsewhere: the fonts of the reader do.
    return "\n".join(line.rstrip() for line in FONT_FACES.sub("", drawn).splitlines()) + "\n"


def main() -> None:
    """Draw all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Emulator(seed=7, workers=1, warm=True) as emulator:
        Path(folder, "bell.qasm").write_text(BELL)
        environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": folder,
            "COLUMNS": str(WIDTH),
            "FORCE_COLOR": "1",
            "TTY_INTERACTIVE": "0",
            "QISKIT_IBM_TOKEN": emulator.api_key,
            "QISKIT_IBM_INSTANCE": emulator.instance,
            "QISKIT_IBM_URL": emulator.base_url,
            "IAM_URL": emulator.iam_url,
        }
        for name, commands in CAPTURES.items():
            (FOLDER / f"{name}.svg").write_text(draw(commands, environment, Path(folder)), "utf-8")


if __name__ == "__main__":
    main()
