"""`qrr offline`: run any program against services of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from .exit_status import reporting_errors
from .options import DeviceOption, EraOption, PaceOption, pace_choice
from .reports import JsonReportOption, ReportFileOption, publish
from .terminal import say

if TYPE_CHECKING:
    from ..offline import Report

__all__ = ["app"]


def offline(
    *,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The command and its arguments.")],
    live: Annotated[
        bool, typer.Option("--live", help="Pass requests on to the live services; all other hosts stay refused.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Seed: makes ids and results the same in every run.")] = None,
    instance: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Name or CRN of an instance that the program looks up. Can be repeated."),
    ] = None,
    device: DeviceOption = None,
    pace: PaceOption = None,
    era: EraOption = "2023",
    report: ReportFileOption = None,
    json: JsonReportOption = False,
) -> None:
    """Run any program, unchanged, against the embedded service.

    It answers behind the names of the real service. The classic API, IAM, and IBM Cloud's search, catalog and resource
    controller are there, too. Requests to all other hosts are refused. Any API key is accepted; none leaves this
    machine, except with --live. Exit status and output are the command's; a report follows on stderr.
    """
    from ..offline import CannotRun, Offline, run
    from ..offline.instances import named_instances

    given = {"seed": seed, "devices": device, "pace": pace_choice(pace)}
    choices = {name: value for name, value in given.items() if value is not None}
    if live and choices:
        raise typer.BadParameter("--seed, --device and --pace have no meaning with --live.")
    names = [*(instance or []), *named_instances(command, os.environ)]
    try:
        chosen = Offline(live=live, era=era, instances=names, **choices)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with chosen as services:
        try:
            status = run(command, services.environment())
        except CannotRun as error:
            say(str(error), label="error")
            raise typer.Exit(error.status) from None
        found = services.report()
        publish(found, file=report, json=json, show=lambda: _show(found))
    raise typer.Exit(status)


def _show(report: Report) -> None:
    for line in str(report).splitlines():
        say(line, label="qrr offline", label_style="bold")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
# Options after the command belong to the command.
app.command("offline", context_settings={"allow_interspersed_args": False})(reporting_errors(offline))
