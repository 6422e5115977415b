"""Show a job's status on stderr while a command waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from ..base.text import printable
from .exit_status import INTERRUPTED
from .terminal import say, stderr

if TYPE_CHECKING:
    from ..waiting import StatusCallback, StatusUpdate

__all__ = ["showing_status"]


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
