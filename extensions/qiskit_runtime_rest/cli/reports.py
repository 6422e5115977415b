"""What `qrr legacy run` and `qrr offline` say when the program has ended: as text, as JSON, or in a file."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from ..errors import RuntimeRestError
from .terminal import say

__all__ = ["JsonReportOption", "ReportFileOption", "publish"]

ReportFileOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write the report to this file as JSON, not to stderr.")
]
JsonReportOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON, on the last line of stderr.")]


class Report(Protocol):
    """A report with a form for programs."""

    def to_dict(self) -> Mapping[str, Any]:
        """The report as JSON."""


def publish(report: Report, *, file: Path | None, json: bool, show: Callable[[], None]) -> None:
    """Write the report to `file`, or print it on stderr as JSON; else `show` prints it for people.

    Raises:
        RuntimeRestError: the file cannot be written.
    """
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
        show()
