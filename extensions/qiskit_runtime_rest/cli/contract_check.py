"""`qrr contract check`: send a service every operation of the contract, and report where the two disagree."""

from __future__ import annotations

import json as json_format
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from ..base.text import LINES, printable
from ..errors import InvalidInput, MissingExtra, RuntimeRestError
from .exit_status import FAILED
from .options import JsonOption, ServiceOptions, check_folder, with_service_options
from .terminal import print_json, say

if TYPE_CHECKING:
    from ..conformance.report import Report
    from ..conformance.request_guard import RequestGuard

__all__ = ["check"]


@with_service_options
def check(
    options: ServiceOptions,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Check the real service, with your own settings: slowly, reads only.")
    ] = False,
    allow_jobs: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=5, help="With --live: submit up to N of the smallest jobs. Asks before."),
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --allow-jobs: do not ask.")] = False,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed that all requests follow from.")] = None,
    examples: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many requests to generate for each operation.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the report to this file, as JSON.", dir_okay=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the embedded service, or with --live the real one, against the contract.

    Reports contain no keys, tokens, CRNs, user ids or account ids.

    Exit status: 0 they agree, 1 they do not, 2 wrong use or a live check that cannot know what it would touch.
    """
    if not live and (allow_jobs or yes or options.given):
        raise InvalidInput("--allow-jobs, --yes and the options of a connection need --live.")
    if report is not None:
        check_folder(report)
    try:
        import schemathesis  # noqa: F401 - everything below needs it
    except ModuleNotFoundError as error:
        raise MissingExtra("checking a service against the contract", extra="contract", module=error.name) from None
    reports: list[Report] = []
    problems: Sequence[str] = ()
    try:
        if live:
            _check_live(options, reports, jobs=allow_jobs, ask=not yes, seed=seed, examples=examples)
        else:
            from ..conformance.embedded import check_embedded

            found, problems = check_embedded(seed=seed, examples=examples)
            reports += found
    finally:
        # Also after an error or a signal: users must know what the check cost, and what it left behind.
        passed = not problems and all(report.passed for report in reports)
        if reports:
            _publish(reports, problems, passed=passed, as_json=json, file=report)
    if not passed:
        raise typer.Exit(FAILED)


def _publish(
    reports: Sequence[Report], problems: Sequence[str], *, passed: bool, as_json: bool, file: Path | None
) -> None:
    document = {"passed": passed, "reports": [report.as_json() for report in reports], "problems": list(problems)}
    try:
        if file is not None:
            file.write_text(json_format.dumps(document, indent=1), "utf-8")
    except OSError as error:
        raise RuntimeRestError(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        if as_json:
            print_json(document)
        else:
            for report in reports:
                typer.echo(printable("\n".join(report.lines()), keep=LINES))
            for problem in problems:
                say(problem, label="error")


def _check_live(
    options: ServiceOptions,
    reports: list[Report],
    *,
    jobs: int,
    ask: bool,
    seed: int | None,
    examples: int | None,
) -> None:
    """Check the live service with the user's own settings: reads, and jobs if they are allowed.

    Each report is added to `reports` as soon as it has content, so that it survives an interruption.
    """
    from ..conformance.live_jobs import LONGEST_SECONDS, check_jobs
    from ..conformance.live_reads import PER_MINUTE, UnclearTarget, check_reads, open_live, read_lists
    from ..conformance.report import Report

    if jobs and ask and not sys.stdin.isatty():
        raise InvalidInput("jobs use QPU time, and stdin is not a terminal to ask on: add --yes to allow them.")
    # Answers that break the contract are the findings here: they must not end the check as errors.
    with options.client(validate="off") as client:
        try:
            service = open_live(client)
            existing = read_lists(service)
        except UnclearTarget as error:
            raise InvalidInput(str(error)) from error
        if jobs and existing.backend is None:
            raise InvalidInput("no backend of the instance takes jobs now: leave out --allow-jobs.")
        if jobs and ask:
            _confirm(f"{jobs} jobs of 1 circuit and 1 shot, {LONGEST_SECONDS} s of QPU time each at most, in a batch")
        say(f"Reads only, at most {PER_MINUTE} per minute: this takes some minutes.")
        with _closed_by_signals(service.guard):
            reports.append(check_reads(service, existing, seed=seed, examples=examples))
            if jobs and existing.backend is not None and service.guard.closed is None:
                clock = client.api.get_httpx_client().clock
                reports.append(Report(target=f"live, {jobs} jobs on {existing.backend}", seed=0))
                check_jobs(service, jobs=jobs, backend=existing.backend, clock=clock, report=reports[-1])
            elif jobs:
                reports[-1].remarks.append("No jobs were submitted: the check had ended before.")


@contextmanager
def _closed_by_signals(guard: RequestGuard) -> Iterator[None]:
    """Let the first SIGINT, SIGTERM or SIGHUP close the guard and interrupt the check.

    The clean-up is never interrupted: a signal that finds the guard closed only sets the exit status, and later
    signals are ignored. A signal that is already ignored, as under `nohup`, stays ignored.

    Raises:
        typer.Exit: at the end, if a signal came. The exit status is 128 + its number, as in shells.
    """
    from ..base.serving import ending_signals

    handled = (signal.SIGINT, *ending_signals())
    before = {one: handler for one in handled if (handler := signal.getsignal(one)) is not signal.SIG_IGN}
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
