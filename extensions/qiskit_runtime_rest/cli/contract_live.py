"""`qrr contract check --live`: asks people before it spends anything, and takes it back when it is ended."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import typer

from ..errors import InvalidInput
from .terminal import say

if TYPE_CHECKING:
    from ..conformance.report import Report
    from ..conformance.request_guard import RequestGuard
    from .service_options import ServiceOptions

__all__ = ["check_live"]


def check_live(
    options: ServiceOptions,
    reports: list[Report],
    *,
    jobs: int,
    ask: bool,
    seed: int | None,
    examples: int | None,
) -> None:
    """Check the live service with the user's own settings: reads, and jobs if they were allowed.

    `reports`: where each report goes as soon as there is something in it, whatever ends the check.
    """
    from ..conformance.live_jobs import LONGEST_SECONDS, check_jobs
    from ..conformance.live_reads import PER_MINUTE, UnclearTarget, check_reads, open_live, read_lists
    from ..conformance.report import Report

    if jobs and ask and not sys.stdin.isatty():
        raise InvalidInput("jobs use QPU time: say --yes, nobody can be asked here.")
    # Answers that break the contract are what is looked for: they must not end the check as errors.
    with options.client(validate="off") as client:
        try:
            service = open_live(client)
            existing = read_lists(service)
        except UnclearTarget as error:
            raise InvalidInput(str(error)) from error
        if jobs and existing.backend is None:
            raise InvalidInput("no backend of the instance takes jobs now: leave --allow-jobs out.")
        if jobs and ask:
            _confirm(f"{jobs} jobs of 1 circuit and 1 shot, {LONGEST_SECONDS} s of QPU time each at most, in a batch")
        say(f"Reads only, {PER_MINUTE} a minute at most: this takes some minutes.")
        with _ended_by_signals(service.guard):
            reports.append(check_reads(service, existing, seed=seed, examples=examples))
            if jobs and existing.backend is not None and service.guard.closed is None:
                clock = client.api.get_httpx_client().clock
                reports.append(Report(target=f"live, {jobs} jobs on {existing.backend}", seed=0))
                check_jobs(service, jobs=jobs, backend=existing.backend, clock=clock, report=reports[-1])
            elif jobs:
                reports[-1].remarks.append("No jobs were submitted: the check had ended before.")


@contextmanager
def _ended_by_signals(guard: RequestGuard) -> Iterator[None]:
    """Let the first signal that is to end us close the guard and interrupt what is under way.

    What takes things back goes on: nothing is interrupted when the guard is closed already, and later signals are
    ignored. A signal that is ignored already, as `nohup` has it, stays so.

    Raises:
        typer.Exit: one came, in the end; the exit status is the one that shells give for it.
    """
    from ..base.serving import ending_signals

    ending = (signal.SIGINT, *ending_signals())
    before = {one: handler for one in ending if (handler := signal.getsignal(one)) is not signal.SIG_IGN}
    caught: list[signal.Signals] = []

    def end(number: int, _: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        caught.append(signal.Signals(number))
        if guard.closed is None:
            guard.close(f"ended by {caught[0].name}.")
            raise KeyboardInterrupt

    for one in before:
        signal.signal(one, end)
    try:
        yield
    except KeyboardInterrupt:
        if not caught:
            raise
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if caught:
        say("interrupted.")
        raise typer.Exit(128 + caught[0])


def _confirm(what: str) -> None:
    if not typer.confirm(f"Submit {what}, and delete them afterwards?", err=True):
        say("nothing was submitted.")
        raise typer.Exit
