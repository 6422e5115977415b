"""`qrr legacy`: the ways back for scripts written for the classic API."""

from __future__ import annotations

import typer

from .legacy_gateway import gateway
from .legacy_run import RUN_SETTINGS, run
from .legacy_scan import scan
from .outcome import reported

__all__ = ["app"]

HELP = "Scripts written for the classic API."

app = typer.Typer(no_args_is_help=True, help=HELP)


@app.callback(help=HELP)
def legacy() -> None:
    """Make `qrr legacy` a group, however few commands it has."""


for command in (gateway, scan):
    app.command()(reported(command))
app.command(context_settings=RUN_SETTINGS)(reported(run))
