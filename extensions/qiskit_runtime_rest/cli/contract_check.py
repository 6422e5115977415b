"""`qrr contract check`: asks a service everything that the contract describes, and says where the two disagree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.text import LINES, printable
from ..errors import InvalidInput, MissingExtra, RuntimeRestError
from .outcome import FAILED
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, say

if TYPE_CHECKING:
    from ..conformance.report import Report

__all__ = ["check"]


@with_service_options
def check(
    options: ServiceOptions,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the real service, with your own settings: reads only, slowly.")
    ] = False,
    allow_jobs: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=5, help="With --live: submit up to N smallest jobs; asks before."),
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --allow-jobs: do not ask.")] = False,
    seed: Annotated[int | None, typer.Option(metavar="N", help="What the requests follow from.")] = None,
    examples: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many requests are made up for each operation.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there, too, as JSON.", dir_okay=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the embedded service, or with --live the real one, against the contract.

    Reports carry no keys, tokens, CRNs, user or account ids.

    Exit status: 0 they agree, 1 they do not, 2 wrong use or a live check that cannot tell what it would touch.
    """
    if not live and (allow_jobs or yes or options.any_given):
        raise InvalidInput("--allow-jobs, --yes and the options of a connection go with --live.")
    if report is not None and not report.absolute().parent.is_dir():
        raise InvalidInput(f"{report.parent} is no folder.")
    try:
        import schemathesis  # noqa: F401 - everything below needs it
    except ModuleNotFoundError as error:
        raise MissingExtra("checking a service against the contract", extra="contract", module=error.name) from None
    reports: list[Report] = []
    idle: Sequence[str] = ()
    try:
        if live:
            from .contract_live import check_live

            check_live(options, reports, jobs=allow_jobs, ask=not yes, seed=seed, examples=examples)
        else:
            from ..conformance.embedded import check_embedded

            found, idle = check_embedded(seed=seed, examples=examples)
            reports += found
    finally:
        # Whatever ended the check: what it cost, and what it left behind, is to be known.
        passed = not idle and all(report.passed for report in reports)
        if reports:
            _tell(reports, idle, passed=passed, as_json=json, report_file=report)
    if not passed:
        raise typer.Exit(FAILED)


def _tell(
    reports: Sequence[Report], idle: Sequence[str], *, passed: bool, as_json: bool, report_file: Path | None
) -> None:
    document = {"passed": passed, "reports": [report.as_json() for report in reports], "problems": list(idle)}
    try:
        if report_file is not None:
            _write(document, report_file)
    finally:
        _print(document, reports, idle, as_json=as_json)


def _write(document: dict[str, Any], file: Path) -> None:
    import json

    try:
        file.write_text(json.dumps(document, indent=1), "utf-8")
    except OSError as error:
        raise RuntimeRestError(f"{file} cannot be written: {error.strerror}.") from None


def _print(document: dict[str, Any], reports: Sequence[Report], idle: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        for report in reports:
            typer.echo(printable("\n".join(report.lines()), keep=LINES))
        for problem in idle:
            say(problem, label="error")
