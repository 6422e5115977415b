"""`qrr legacy scan`: find uses of the classic API in source files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..errors import InvalidInput, MissingExtra
from .exit_status import FAILED
from .options import JsonOption
from .terminal import print_json, say, stdout, working

if TYPE_CHECKING:
    from ..legacy.scan import Finding, Fix, Skipped

__all__ = ["scan"]

SECONDS = 20.0
"""The budget for each file."""

DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False)],
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="Rewrite the safe cases in Python and notebooks; comments mark the rest.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the changes of --fix, without writing them.")] = False,
    json: JsonOption = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0 on stdout, for code hosts.")] = False,
) -> None:
    """Find uses of the classic API in source files. Each finding has its place, its replacement and a link.

    Exit status: 0 nothing was found, 1 something was found (also if it was fixed), 2 wrong use.
    """
    if json + sarif + diff > 1:
        raise InvalidInput("--json, --sarif and --diff exclude each other.")
    for path in paths:
        if not path.exists():
            raise InvalidInput(f"{path} does not exist.")
    try:
        from ..legacy.scan import Scanner
        from ..legacy.scan import sarif as as_sarif
    except ModuleNotFoundError as error:
        raise MissingExtra("qrr legacy scan", extra="legacy", module=error.name) from None
    with working("scanning") as show:
        scanner = Scanner(seconds=SECONDS, on_file=lambda path: show(f"scanning {path}"))
        findings, fixes = scanner.examine(paths, fix=fix or diff)
    written = _write(fixes) if fix and not diff else []
    _print_skipped(scanner.skipped)

    if sarif:
        print_json(as_sarif(findings, scanner.skipped))
    elif json:
        print_json(
            {
                "findings": [finding.to_dict() for finding in findings],
                "fixed": [str(path) for path in written],
                "skipped": [{"path": str(one.path), "why": one.why} for one in scanner.skipped],
            }
        )
    elif diff:
        _print_diffs(fixes)
    else:
        _print_findings(findings)
        _print_total(findings, written)
    if findings:
        raise typer.Exit(FAILED)


def _write(fixes: Iterable[Fix]) -> list[Path]:
    written = []
    for fixed in fixes:
        try:
            fixed.write()
        except (OSError, UnicodeEncodeError) as error:
            say(f"{fixed.path}: {error}; the file is unchanged.", label="not written")
        else:
            written.append(fixed.path)
    return written


def _print_skipped(skipped: Iterable[Skipped]) -> None:
    for one in skipped:
        say(f"{one.path}: {one.why}", label="note", label_style="bold yellow")


def _print_diffs(fixes: Iterable[Fix]) -> None:
    console = stdout()
    for fixed in fixes:
        for line in fixed.diff().splitlines(keepends=True):
            # Lines keep their own line ends, so that `patch` can read them.
            if console.is_terminal:
                console.print(Text(line, style=DIFF_STYLES.get(line[:1], "")), end="", soft_wrap=True)
            else:
                typer.echo(line, nl=False)


def _print_findings(findings: Iterable[Finding]) -> None:
    console = stdout()
    for finding in findings:
        console.print(
            Text.assemble((finding.place, "bold"), ": ", (finding.found, "yellow"), " -> ", finding.becomes),
            soft_wrap=True,
        )
        console.print(Text(f"    {'--fix rewrites it; ' if finding.safe else ''}{finding.link}", "dim"), soft_wrap=True)


def _print_total(findings: list[Finding], written: list[Path]) -> None:
    if not findings:
        say("no use of the classic API was found.")
        return
    files = len({finding.path for finding in findings})
    safe = sum(finding.safe for finding in findings)
    total = f"{len(findings)} classic use{'s' * (len(findings) > 1)} in {files} file{'s' * (files > 1)}"
    if written:
        say(f"{total}; rewrote {safe} in {', '.join(map(str, written))}. `# qrr:` comments mark the rest.")
    else:
        say(f"{total}; --fix can rewrite {safe} of them.")
