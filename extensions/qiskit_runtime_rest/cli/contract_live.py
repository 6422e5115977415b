"""`qrr contract check --live`: the part that asks people before it spends anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ..errors import InvalidInput
from .terminal import say

if TYPE_CHECKING:
    from ..contract.check.report import Report
    from .service_options import ServiceOptions

__all__ = ["check_live"]


def check_live(
    options: ServiceOptions, *, jobs: int, ask: bool, seed: int | None, examples: int | None
) -> list[Report]:
    """Check the live service with the user's own settings: reads, and jobs if they were allowed."""
    from ..contract.check.live import PER_MINUTE, check_reads, open_live, read_lists
    from ..contract.check.spending import LONGEST_SECONDS, spend

    if jobs and ask and not sys.stdin.isatty():
        raise InvalidInput("jobs use QPU time: say --yes, nobody can be asked here.")
    with options.client() as client:
        service = open_live(client)
        readings = read_lists(service)
        if jobs and readings.backend is None:
            raise InvalidInput("no backend of the instance takes jobs now: leave --allow-jobs out.")
        if jobs and ask:
            _confirm(f"{jobs} jobs of 1 circuit and 1 shot, {LONGEST_SECONDS} s of QPU time each at most, in a batch")
        say(f"Reads only, {PER_MINUTE} a minute at most: this takes some minutes.")
        reports = [check_reads(service, readings, seed=seed, examples=examples)]
        if jobs and readings.backend is not None:
            clock = client.api.get_httpx_client().clock
            reports.append(spend(service, jobs=jobs, backend=readings.backend, clock=clock))
    return reports


def _confirm(what: str) -> None:
    if not typer.confirm(f"Submit {what}, and delete them afterwards?", err=True):
        say("nothing was submitted.")
        raise typer.Exit
