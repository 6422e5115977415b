"""Show the status of jobs on stderr while a command waits for them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from ..base.text import printable
from .exit_status import INTERRUPTED
from .terminal import say, stderr
from .times import duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..waiting import StatusCallback, StatusUpdate

__all__ = ["showing_many", "showing_status"]

MOST_SHOWN = 20
"""Jobs of a live view; the last line counts the others."""


@contextmanager
def showing_status(job_id: str, *, on_interrupt: str | None = None) -> Iterator[StatusCallback]:
    """Give a callback for `job.wait(on_status=...)`: one updated line on a terminal, else a line for each status.

    Ctrl-C ends the command with status 130, and prints `on_interrupt`: by default, how to wait again.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = stderr()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(f"job {job_id}")

            def on_status(update: StatusUpdate) -> None:
                line = printable(f"job {job_id}: {update}")
                progress.update(task, description=line)
                if not console.is_terminal:
                    say(line)

            yield on_status
    except KeyboardInterrupt:
        say(on_interrupt or f"interrupted; the job continues. To wait again: qrr wait {job_id}")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def showing_many(job_ids: Sequence[str]) -> Iterator[StatusCallback]:
    """Give a callback for `client.jobs.wait_all(on_status=...)`: a live table on a terminal, else a line each time.

    Ctrl-C ends the command with status 130, and prints how to wait again.
    """
    from rich.live import Live

    console = stderr()
    view = _Many(job_ids)
    try:
        if not console.is_terminal:
            yield lambda update: say(printable(f"job {update.job_id}: {update}"))
            return
        with Live(view, console=console, transient=True):
            yield view.take
    except KeyboardInterrupt:
        say(f"interrupted; the jobs continue. To wait again: qrr wait {' '.join(view.left)}")
        raise typer.Exit(INTERRUPTED) from None


class _Many:
    """The live table: a bar for the whole, and a line for each job that goes on, the one that changed last first."""

    def __init__(self, job_ids: Sequence[str]) -> None:
        self._updates: dict[str, StatusUpdate | None] = dict.fromkeys(job_ids)
        self._began = time.monotonic()

    def take(self, update: StatusUpdate) -> None:
        self._updates.pop(update.job_id, None)
        self._updates[update.job_id] = update

    @property
    def left(self) -> list[str]:
        """Ids of the jobs that have not ended, as far as is known."""
        from ..waiting.job_states import ENDINGS

        return [job_id for job_id, update in self._updates.items() if update is None or update not in ENDINGS]

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        left = self.left[::-1]
        done, total = len(self._updates) - len(left), len(self._updates)
        head = Table.grid(padding=(0, 1))
        waited = duration(time.monotonic() - self._began)
        head.add_row(ProgressBar(total=total, completed=done, width=30), f"{done} of {total} jobs have ended", waited)
        rows = Table.grid(padding=(0, 2))
        for job_id in left[:MOST_SHOWN]:
            update = self._updates[job_id]
            place = f"place {update.position}" if update is not None and update.position else ""
            rows.add_row(Text(job_id), Text(printable(update or "...")), Text(place, style="dim"))
        if len(left) > MOST_SHOWN:
            rows.add_row(Text(f"and {len(left) - MOST_SHOWN} more", style="dim"), "", "")
        return Group(head, rows)
