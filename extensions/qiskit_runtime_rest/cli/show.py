"""`qrr show`, `logs` and `metrics`: read all that the service knows of a job."""

from __future__ import annotations

import contextlib
import json as json_module
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from ..base.json_members import member_number, member_object, member_text
from ..base.text import LINES, printable
from ..errors import NotFound
from .jobs import own_tags
from .options import JsonOption, ServiceOptions, with_service_options
from .plot import PlotOption, Theme, ThemeOption, check_plot, save_picture
from .results import bar
from .terminal import Column, fitting_table, print_json, say, stdout, working
from .times import duration, local_time, read_time

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..client.job import Job

__all__ = ["logs", "metrics", "show"]

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]

LOG_LINES = 20
PARAM_LINES = 40
"""Lines of the log and of the params that `qrr show` prints; the whole has commands and options of its own."""

BAR_LENGTH = 30
BAR_COLUMN = 32
"""Where the bars of the timeline start."""

FACTS = ("session_id", "calibration_id", "private", "user_id", "instance")
"""Members of a job's JSON that are shown under their own names, if they are there."""


@with_service_options
def show(
    options: ServiceOptions,
    job_id: JobId,
    *,
    whole: Annotated[bool, typer.Option("--whole", help="Print all of the params and of the log.")] = False,
    plot: PlotOption = None,
    theme: ThemeOption = Theme.LIGHT,
    json: JsonOption = False,
) -> None:
    """Show a job: details, timeline, params and log."""
    check_plot(plot)
    with options.client() as client, working(f"reading job {job_id}"):
        job = client.jobs.handle(job_id)
        job.refresh(params=True)
        measured = _metrics(job)
        log = _log(job)
    if plot is not None:
        from ..pictures import plot_timeline

        save_picture(plot_timeline(measured, title=job_id, theme=theme.value), plot)
    if json:
        print_json({"job": job.raw, "metrics": measured, "log": log})
        return
    console = stdout()
    for part in _view(job.raw, measured, log, whole=whole, console=console):
        console.print(part)


@with_service_options
def logs(options: ServiceOptions, job_id: JobId, *, json: JsonOption = False) -> None:
    """Print the log of a job."""
    with options.client() as client, working(f"reading the log of job {job_id}"):
        text = _log(client.jobs.handle(job_id))
    if json:
        print_json({"id": job_id, "log": text})
    elif text:
        typer.echo(printable(text.removesuffix("\n"), keep=LINES))
    else:
        say(f"job {job_id} has no log.")


@with_service_options
def metrics(options: ServiceOptions, job_id: JobId, *, json: JsonOption = False) -> None:
    """Show the times of a job and the QPU time that it is charged."""
    with options.client() as client, working(f"reading the metrics of job {job_id}"):
        measured = client.jobs.handle(job_id).metrics().to_dict()
    if json:
        print_json(measured)
        return
    console = stdout()
    console.print(_facts([*_timeline(measured, console=console), *_usage(measured)], console=console))


def _log(job: Job) -> str:
    """The log; empty for a job without one. A job that does not exist is an error all the same."""
    try:
        return job.logs()
    except NotFound:
        if not job.raw:
            job.refresh()
        return ""


def _metrics(job: Job) -> dict[str, Any]:
    with contextlib.suppress(NotFound):
        return job.metrics().to_dict()
    return {}


def _view(
    job: Mapping[str, Any], measured: Mapping[str, Any], log: str, *, whole: bool, console: Console
) -> Iterator[RenderableType]:
    state = member_object(job, "state")
    rows: list[tuple[str, object]] = [
        ("job", job.get("id")),
        ("status", job.get("status") or state.get("status")),
        ("reason", state.get("reason")),
        ("code", state.get("reason_code")),
        ("solution", state.get("reason_solution")),
        ("program", member_text(member_object(job, "program"), "id")),
        ("backend", job.get("backend")),
        ("tags", ", ".join(own_tags(dict(job)))),
        *((name.replace("_", " "), job.get(name)) for name in FACTS),
        ("QPU time at most", _seconds(job, "cost")),
        *_timeline(measured or {"timestamps": {"created": job.get("created")}}, console=console),
        *_usage(measured or job),
    ]
    yield _facts([(name, value) for name, value in rows if value not in (None, "", False)], console=console)
    params = job.get("params")
    if params:
        yield from _section("params", _param_lines(params), most=None if whole else PARAM_LINES, end=False)
    elif job.get("private"):
        yield from _section("params", ["the job is private: the service does not show them."], most=None, end=False)
    if log:
        yield from _section("log", log.splitlines(), most=None if whole else LOG_LINES, end=True)


def _facts(rows: list[tuple[str, object]], *, console: Console) -> RenderableType:
    (first, value), *rest = rows
    return fitting_table([Column(first, needed=True), Column(str(value), needed=True)], rest, console=console)


def _section(title: str, lines: list[str], *, most: int | None, end: bool) -> Iterator[RenderableType]:
    """A title, and the lines: `most` of them, the first ones or those at the `end`."""
    left_out = 0 if most is None else max(0, len(lines) - most)
    shown = lines if not left_out else lines[-most:] if end else lines[:most]  # type: ignore[operator]  # most is set
    more = f" ({'the last' if end else 'the first'} {len(shown)} of {len(lines)} lines; --whole prints all)"
    yield Text(f"\n{title}{more if left_out else ''}", style="bold")
    yield Text(printable("\n".join(shown), keep=LINES))


def _param_lines(params: Any) -> list[str]:
    """The params as JSON, with line breaks where a text has them, so that circuits can be read."""
    text = json_module.dumps(params, indent=2, ensure_ascii=False)
    return text.replace("\\n", "\n").replace('\\"', '"').splitlines()


def _timeline(measured: Mapping[str, Any], *, console: Console) -> Iterator[tuple[str, str]]:
    """When the job was created, began to run and ended; how long it waited and ran, with bars."""
    stamps = member_object(measured, "timestamps")
    moments = {name: read_time(stamps.get(name)) for name in ("created", "running", "finished")}
    created, running, finished = moments.values()
    if created is None:
        return
    yield "created", local_time(created)
    phases = [("queued", created, running or finished), ("ran", running, finished)]
    lengths = {name: (to - since).total_seconds() for name, since, to in phases if since and to}
    whole = sum(lengths.values())
    ascii_only = not console.encoding.lower().startswith("utf")
    for name, seconds in lengths.items():
        length = max(0, min(BAR_LENGTH, console.width - BAR_COLUMN))
        drawn = bar(seconds / whole if whole else 0.0, length=length, ascii_only=ascii_only)
        yield name, f"{duration(seconds):<14}{drawn}".rstrip()
    if finished is not None:
        yield "finished", local_time(finished)


def _usage(measured: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    charged = _seconds(member_object(measured, "usage"), "qpu_charge_time_seconds")
    if charged:
        yield "QPU time charged", charged
    for name in ("caller", "qiskit_version"):
        if member_text(measured, name):
            yield name.replace("_", " "), str(measured[name])


def _seconds(of: Any, name: str) -> str:
    seconds = member_number(of, name)
    return "" if seconds is None else f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
