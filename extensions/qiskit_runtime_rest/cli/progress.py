"""Showing on stderr how a job gets on while somebody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from ..base.text import printable
from .outcome import INTERRUPTED
from .terminal import say, stderr

if TYPE_CHECKING:
    from ..waiting import StatusCallback, StatusUpdate

__all__ = ["following"]


@contextmanager
def following(job_id: str, *, come_back: str | None = None) -> Iterator[StatusCallback]:
    """Give a callback for `job.wait(on_status=...)`: a moving line on a terminal, a line a status elsewhere.

    Ctrl-C ends the command with status 130; `come_back`: what to tell then, by default how to wait again.
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
        say(come_back or f"interrupted; the job goes on. Come back to it with: qrr wait {job_id}")
        raise typer.Exit(INTERRUPTED) from None
