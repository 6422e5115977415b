"""`qrr result`: print the result of a job, or of a saved or downloaded file."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InvalidInput, ResultDecodeError
from .job_status import showing_status
from .options import JsonOption, ServiceOptions, with_service_options
from .plot import PlotOption, Theme, ThemeOption, check_plot, save_picture
from .results import counts_of, result_document, result_view
from .terminal import Column, fitting_table, print_json, stdout
from .wait import Timeout, to_wait_for

if TYPE_CHECKING:
    from ..results import Result

__all__ = ["result"]


def _print_picture(_name: str, found: Result) -> None:
    console = stdout()
    for part in result_view(found, console=console):
        console.print(part)


def _print_counts(_name: str, found: Result) -> None:
    for item in found:
        print_json(counts_of(found.kind, item))


def _print_table(_name: str, found: Result) -> None:
    rows = found.to_rows()
    console = stdout()
    columns = [Column(name.replace("_", " "), needed=True, right=name != "outcome") for name in (rows or [{}])[0]]
    shown = [[f"{value:.6g}" if isinstance(value, float) else value for value in row.values()] for row in rows]
    console.print(fitting_table(columns, shown, console=console))


def _print_csv(_name: str, found: Result) -> None:
    rows = found.to_rows()
    text = io.StringIO()
    writer = csv.DictWriter(text, list((rows or [{}])[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    typer.echo(text.getvalue(), nl=False)


def _print_raw(_name: str, found: Result) -> None:
    _write_bytes(found.raw)


def _print_document(name: str, found: Result) -> None:
    print_json({"id": name, **result_document(found)})


FORMS: Mapping[str, Callable[[str, Result], None]] = {
    "counts": _print_counts,
    "table": _print_table,
    "csv": _print_csv,
    "raw": _print_raw,
    "json": _print_document,
}
"""How a result is printed, by the option that asks for it."""


@with_service_options
def result(
    options: ServiceOptions,
    job_or_file: Annotated[
        str,
        typer.Argument(
            metavar="JOB|FILE",
            help="Id of the job; or a file with a result: saved by this client, or downloaded from the dashboard.",
        ),
    ],
    *,
    timeout: Timeout = None,
    save_to: Annotated[
        Path | None, typer.Option(file_okay=False, help="Save the result in this folder before it is decoded.")
    ] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="Print the counts of each circuit as JSON, one a line.")
    ] = False,
    table: Annotated[bool, typer.Option("--table", help="Print a table: a row for each outcome or value.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Print the bytes of the result as the service sent them.")] = False,
    plot: PlotOption = None,
    theme: ThemeOption = Theme.LIGHT,
    json: JsonOption = False,
) -> None:
    """Wait for a job and print its result: counts as a histogram, expectation values as a table."""
    wanted = [name for name, given in zip(FORMS, (counts, table, csv, raw, json), strict=True) if given]
    check_plot(plot)
    if len(wanted) > 1:
        raise InvalidInput(f"{' and '.join(f'--{name}' for name in wanted)} exclude each other.")
    try:
        found = _loaded(job_or_file) or _read(options, job_or_file, timeout=timeout, save_to=save_to)
    except ResultDecodeError as error:
        if not raw:
            raise
        _write_bytes(error.raw)
        return
    show = FORMS[wanted[0]] if wanted else _print_picture
    try:
        if plot is not None:
            save_picture(found.plot(theme=theme.value), plot)
        if plot is None or wanted:
            show(job_or_file, found)
    except TypeError as error:  # an item has no such form
        raise InvalidInput(f"{error}. --json and --raw print every result.") from None


def _loaded(name: str) -> Result | None:
    """The result in the file `name`; None if it is the id of a job."""
    from ..results.files import load_result

    path = Path(name)
    if path.is_file():
        return load_result(name)
    if path.is_dir():
        raise InvalidInput(f"{name} is a folder: expected the id of a job, or a file with a result.")
    if path.name != name or path.suffix:  # no id of a job has a slash or a dot
        raise InvalidInput(f"there is no file {name}.")
    return None


def _read(options: ServiceOptions, job_id: str, *, timeout: float | None, save_to: Path | None) -> Result:
    with options.client() as client:
        job = to_wait_for(client, job_id, timeout)
        on_interrupt = f"interrupted; the job continues. To get its result: qrr result {job.id}"
        with showing_status(job.id, on_interrupt=on_interrupt) as on_status:
            return job.result(timeout=timeout, on_status=on_status, save_to=save_to)


def _write_bytes(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
