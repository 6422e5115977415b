"""The tables of a run as a page of the documentation, with the machine and the date."""

import datetime
import inspect
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

from rich.table import Table

from qiskit_runtime_rest import __version__

__all__ = ["page"]

HEAD = """# Benchmarks

`make bench` measures side by side, in one run: each contestant once per round, so that all see the same load. The ratio
is the figure to look at; absolute times belong to the machine. `python -m benchmarks --page docs/benchmarks.md` renders
this page.
"""


def page(tables: Mapping[ModuleType, Table]) -> str:
    """The page of these benchmarks: the first sentences of each module, and its table."""
    parts = [HEAD, *_machine()]
    for module, table in tables.items():
        name = module.__name__.rpartition(".")[2].replace("_", " ")
        parts += [f"\n## {name.capitalize()}\n", f"{(inspect.getdoc(module) or '').partition(chr(10) * 2)[0]}\n"]
        columns = [(str(column.header), [str(cell) for cell in column.cells]) for column in table.columns]
        parts += [f"| {' | '.join(title for title, _ in columns)} |", "|---" * len(columns) + "|"]
        parts += [f"| {' | '.join(row)} |" for row in zip(*(cells for _, cells in columns), strict=True)]
    return "\n".join(parts) + "\n"


def _machine() -> Iterator[str]:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text("utf-8").splitlines() if cpu.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    load = os.getloadavg()[1]
    yield "| | |\n|---|---|"
    yield f"| date | {datetime.datetime.now(datetime.UTC).date().isoformat()} |"
    yield f"| version | {__version__} |"
    yield f"| machine | {models[0] if models else platform.processor()}, {os.cpu_count()} cores |"
    yield f"| system | {platform.system()} {platform.machine()}, Python {platform.python_version()} |"
    busy = "busy with other work" if load > 1 else "idle"
    yield f"| load | {load:.1f} (mean of 5 minutes): {busy} |"


def module_of(rows: object) -> ModuleType:
    """The module of a benchmark's function."""
    return cast(ModuleType, inspect.getmodule(rows))
