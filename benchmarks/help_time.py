"""Time until `qrr --help` is on the screen, and of `import httpx`: new processes, without the start of Python."""

import os
import subprocess
import sys

from rich.table import Table

from .import_time import COMPILING
from .measure import interleaved, table

OURS = "qrr --help"
STATEMENTS = {
    OURS: "sys.argv = ['qrr', '--help']\nfrom qiskit_runtime_rest.__main__ import main\n"
    "try: main()\nexcept SystemExit: pass",
    "import httpx": "sys.modules['click'] = None\nimport httpx",  # as in a core install
}


def seconds(statement: str) -> float:
    """Seconds of `statement` in a new interpreter, without its start."""
    script = f"import sys, time; began = time.perf_counter()\n{statement}\nprint('took', time.perf_counter() - began)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**COMPILING, "PATH": os.environ["PATH"]}
    )
    return float(done.stdout.rpartition("took ")[2])


def rows() -> Table:
    """Measure."""
    contestants = {name: (lambda statement=statement: seconds(statement)) for name, statement in STATEMENTS.items()}
    figures = interleaved(contestants, rounds=15)
    return table(figures, ours=OURS, unit="ms", scale=1e3, aims={"import httpx": "<= 1.3"})
