"""`qrr legacy scan`: classic use in source files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InvalidInput, MissingExtra
from .outcome import FAILED
from .service_options import JsonOption
from .terminal import print_json, say, stdout

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["scan"]


def scan_package() -> ModuleType:
    """The package `qiskit_runtime_rest.legacy.scan`, with what it needs, or `MissingExtra`."""
    try:
        from ..legacy import scan
    except ModuleNotFoundError as error:
        raise MissingExtra("scanning", extra="legacy", module=error.name) from None
    return scan


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False)],
    *,
    json: JsonOption = False,
) -> None:
    """Find classic use in source files: where it is, and what it becomes.

    Exit status: 0 nothing was found, 1 something was, 2 wrong use.
    """
    for path in paths:
        if not path.exists():
            raise InvalidInput(f"{path} does not exist.")
    scanner = scan_package().Scanner()
    findings = scanner.scan(paths)
    for skipped in scanner.skipped:
        say(f"{skipped.path}: {skipped.why}", label="note")
    if json:
        print_json([finding.to_dict() for finding in findings])
    else:
        for finding in findings:
            stdout().print(f"{finding.place}: {finding.found} -> {finding.becomes}", markup=False, soft_wrap=True)
    if findings:
        raise typer.Exit(FAILED)
