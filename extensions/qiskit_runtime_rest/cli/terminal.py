"""Write to the terminal: results on stdout, everything else on stderr; tables fit its width."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import typer
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from ..base.text import LINES, printable

__all__ = ["Column", "fitting_table", "print_json", "say", "stderr", "stdout", "working"]

PIPE_WIDTH = 1000
"""Width without a terminal, so that no text is cut for programs that read it."""

GAP = 2
"""Blanks between two columns."""


def stdout() -> Console:
    """The console for the output of a command."""
    return _console(Console(highlight=False))


def stderr() -> Console:
    """The console for progress, hints and errors."""
    return _console(Console(highlight=False, stderr=True))


def _console(console: Console) -> Console:
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def say(text: str, *, style: str = "", label: str = "", label_style: str = "bold red") -> None:
    """Print one message on stderr; the terminal wraps it. `label`: a highlighted word before it."""
    message = Text.assemble((f"{label}: ", label_style) if label else "", (printable(text, keep=LINES), style))
    stderr().print(message, soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON document on one line of stdout. Numbers that JSON does not have (NaN, infinities) become null."""
    typer.echo(json.dumps(_strict(value), ensure_ascii=False, allow_nan=False))


def _strict(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _strict(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(part) for part in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


@contextlib.contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Show on stderr, if it is a terminal, that the command is `what`, such as "listing jobs", and for how long.

    Yields a function that shows another `what`.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = stderr()
    columns = (SpinnerColumn(), TextColumn("{task.description} ...", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(printable(what))
        yield lambda now: progress.update(task, description=printable(now))


@dataclass(frozen=True)
class Column:
    """A column of a table. One that is not `needed` is left out if the terminal is too narrow."""

    title: str
    needed: bool = False
    right: bool = False


def fitting_table(columns: Sequence[Column], rows: Sequence[Sequence[object]], *, console: Console) -> Table:
    """A table without borders, of as many `columns` as fit. The last one that is not needed is dropped first."""
    cells = [["" if value is None else printable(str(value)) for value in row] for row in rows]
    widths = [
        max(map(cell_len, [column.title, *(row[place] for row in cells)])) for place, column in enumerate(columns)
    ]
    kept = list(range(len(columns)))
    while sum(widths[place] + GAP for place in kept) - GAP > console.width:
        spare = [place for place in kept if not columns[place].needed]
        if not spare:
            break
        kept.remove(spare[-1])

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for place in kept:
        justify: JustifyMethod = "right" if columns[place].right else "left"
        table.add_column(columns[place].title, justify=justify, overflow="fold")
    for row in cells:
        table.add_row(*(Text(row[place]) for place in kept))
    return table
