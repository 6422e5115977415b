"""`qrr doctor`: what is configured, what answers, what is wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from ..base.text import LINES, printable
from .outcome import FAILED
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, stdout

if TYPE_CHECKING:
    from .checks import Check, Verdict

__all__ = ["doctor"]

STYLES: dict[Verdict, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@with_service_options
def doctor(options: ServiceOptions, *, json: JsonOption = False) -> None:
    """Check settings, IAM, the service, the API version, the clock and the extras; secrets are not shown."""
    from .checks import all_checks

    console = stdout()
    done: list[Check] = []
    for check in all_checks(options):
        done.append(check)
        if not json:
            told = printable(f"  {check.name:<14} {check.text}", keep=LINES)
            line = Text.assemble((f"{check.verdict:<4}", STYLES[check.verdict]), told)
            console.print(line, soft_wrap=True)
    failed = any(check.verdict == "fail" for check in done)
    if json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in done]})
    if failed:
        raise typer.Exit(FAILED)
