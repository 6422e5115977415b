"""`qrr legacy run`: a classic script or notebook, unchanged, and then what its owner should change."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import RuntimeRestError
from .legacy_options import EraOption, InstancesOption, StoreOption
from .service_options import ServiceOptions, with_service_options
from .terminal import say, stderr

if TYPE_CHECKING:
    from ..legacy import Report

__all__ = ["RUN_SETTINGS", "run"]

RUN_SETTINGS = {"allow_interspersed_args": False}
"""What stands after the script is the script's, dashes included."""


@with_service_options
def run(
    service: ServiceOptions,
    *,
    script: Annotated[
        Path,
        typer.Argument(
            metavar="SCRIPT",
            help="A Python script, or a notebook (.ipynb).",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[ARGS]...", help="For the script.")] = None,
    era: EraOption = "2023",
    instances: InstancesOption = None,
    store: StoreOption = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there as JSON, and not on stderr.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The report on stderr is JSON, on its last line.")] = False,
) -> None:
    """Run a script or notebook written for the classic API as it is, then say what to change where.

    Its calls to the classic hosts are translated for v1. What it prints is its own, and so is the exit status; the
    report follows on stderr. Options stand before the script: what follows it is handed on.
    """
    from .. import legacy

    given = {name: value for name, value in vars(service).items() if value is not None}
    with legacy.install(instances=instances, era=era, store=store, application="qrr", **given) as installed:
        status = legacy.run(script, arguments or [])
        sys.stdout.flush()
        _tell(installed.report(), file=report, json=json)
    raise typer.Exit(status)


def _tell(report: Report, *, file: Path | None, json: bool) -> None:
    document = json_format.dumps(report.to_dict(), ensure_ascii=False)
    if file is not None:
        try:
            file.write_text(document + "\n", encoding="utf-8")
        except OSError as error:
            raise RuntimeRestError(f"the report cannot be written to {file}: {error.strerror}.") from None
        say(f"the report is in {file}.")
    elif json:
        typer.echo(document, err=True)
    else:
        stderr().print(f"\n{report}", markup=False, soft_wrap=True)
