"""Time of `import` in a new process: httpx alone, this client, IBM's SDK."""

import os
import subprocess
import sys

from rich.table import Table

from .measure import interleaved, table

OURS = "from qiskit_runtime_rest import RuntimeClient"
# httpx imports its command line if click and rich are installed; a core install has neither.
AS_IN_A_CORE_INSTALL = "import sys; sys.modules['click'] = None\n"
# The first round is not counted: it compiles a package that is not compiled yet.
COMPILING = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
STATEMENTS = (OURS, "import httpx", "import qiskit_ibm_runtime")


def seconds(statement: str) -> float:
    """Seconds of `statement` in a new interpreter, without the start of the interpreter."""
    guard = AS_IN_A_CORE_INSTALL if "qiskit_ibm_runtime" not in statement else ""
    script = f"{guard}import time; began = time.perf_counter()\n{statement}\nprint(time.perf_counter() - began)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=COMPILING)
    return float(done.stdout)


def rows() -> Table:
    """Measure."""
    contestants = {statement: (lambda statement=statement: seconds(statement)) for statement in STATEMENTS}
    figures = interleaved(contestants, rounds=15)
    return table(figures, ours=OURS, unit="ms", scale=1e3, aims={"import httpx": "<= 1.2"})
