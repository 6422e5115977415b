"""`qrr jobs`, `wait`, `result` and `cancel`: follow jobs after their submission."""

from __future__ import annotations

import datetime
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.json_members import member_texts
from ..base.text import printable
from ..errors import InvalidInput, ResultDecodeError
from .exit_status import FAILED
from .job_status import showing_status
from .options import JsonLinesOption, JsonOption, ServiceOptions, with_service_options
from .results import result_document, result_view
from .terminal import Column, fitting_table, print_json, say, stdout

if TYPE_CHECKING:
    from ..client.client import RuntimeClient
    from ..client.job import Job

__all__ = ["cancel", "jobs", "result", "wait"]

COLUMNS = (
    Column("job", needed=True),
    Column("status", needed=True),
    Column("program"),
    Column("backend"),
    Column("created"),
    Column("tags"),
)
LARGEST_PAGE = 200
DEFAULT_LIMIT = 20

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]
Timeout = Annotated[float | None, typer.Option(help="Seconds to wait at most. After them the exit status is 3.")]


@with_service_options
def jobs(
    options: ServiceOptions,
    *,
    pending: Annotated[
        bool | None,
        typer.Option("--pending/--finished", help="Only jobs that are queued or running; only jobs that have ended."),
    ] = None,
    backend: Annotated[str | None, typer.Option("--backend", "-b", help="Only jobs on this backend.")] = None,
    program: Annotated[str | None, typer.Option(help="Only jobs of this program.")] = None,
    session: Annotated[str | None, typer.Option(help="Only jobs of this session.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Only jobs with this tag. Can be repeated: all of the tags.")
    ] = None,
    recover: Annotated[
        bool,
        typer.Option(
            "--recover", help="Find the jobs of journaled submissions whose outcome is unknown, instead of listing."
        ),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="With --recover: the file of the journal. Default: the state file."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help=f"Number of jobs to list. Default: {DEFAULT_LIMIT}.")
    ] = None,
    json: JsonLinesOption = False,
) -> None:
    """List jobs, newest first."""
    filters: dict[str, Any] = {
        "pending": pending,
        "backend": backend,
        "program": program,
        "session_id": session,
        "tags": tag or None,
    }
    if recover:
        if any(value is not None for value in (*filters.values(), limit)):
            raise InvalidInput("--recover takes the whole journal: filters and --limit do not go with it.")
        _recover(options, journal or True, json=json)
        return
    if journal is not None:
        raise InvalidInput("--journal needs --recover.")
    limit = limit or DEFAULT_LIMIT
    with options.client() as client:
        found = client.jobs.list(**filters, limit=min(limit, LARGEST_PAGE))
        listed = [job.raw for job in itertools.islice(found, limit)]
    if json:
        for raw in listed:
            print_json(raw)
        return
    if not listed:
        say("no jobs.")
        return
    console = stdout()
    console.print(fitting_table(COLUMNS, [_row(raw) for raw in listed], console=console))


def _recover(options: ServiceOptions, journal: bool | Path, *, json: bool) -> None:
    with options.client(journal=journal) as client:
        settled = client.jobs.recover()
    for one in settled:
        job_id = one.job.id if one.job is not None else None
        why = None if one.error is None else str(one.error)
        if json:
            known = {"tag": one.entry.tag, "job": job_id, "backend": one.entry.backend, "began": one.entry.began}
            print_json({**known, "error": why})
        else:
            became = job_id or ("no job was created" if why is None else f"unknown: {why}")
            typer.echo(printable(f"{one.entry.tag}  {became}"))
    if not settled:
        say("nothing to recover.")
    if any(one.error for one in settled):
        raise typer.Exit(FAILED)


def _row(raw: dict[str, Any]) -> tuple[object, ...]:
    from ..submission.submitter import TAG_PREFIX

    program = raw.get("program") or {}
    return (
        raw.get("id"),
        raw.get("status"),
        program.get("id") if isinstance(program, dict) else program,
        raw.get("backend"),
        _local_time(raw.get("created")),
        ", ".join(tag for tag in member_texts(raw, "tags") if not tag.startswith(TAG_PREFIX)),
    )


def _local_time(text: object) -> str:
    try:
        return datetime.datetime.fromisoformat(str(text)).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return str(text or "")


def _to_wait_for(client: RuntimeClient, job_id: str, timeout: float | None) -> Job:
    """The handle to wait on.

    With a timeout it sends no request yet, so that the timeout counts for the first one too. Without one it fetches
    the job, so that a wrong address or id is an error at once.
    """
    return client.jobs.get(job_id) if timeout is None else client.jobs.handle(job_id)


@with_service_options
def wait(options: ServiceOptions, job_id: JobId, *, timeout: Timeout = None, json: JsonOption = False) -> None:
    """Wait until a job has ended, and print its last status."""
    with options.client() as client:
        job = _to_wait_for(client, job_id, timeout)
        with showing_status(job.id) as on_status:
            status = job.wait(timeout=timeout, on_status=on_status)
    if json:
        print_json({"id": job.id, "status": str(status), "waited": round(status.waited, 3)})
    else:
        typer.echo(printable(status))


@with_service_options
def result(
    options: ServiceOptions,
    job_id: JobId,
    *,
    timeout: Timeout = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the bytes of the result as the service sent them.")] = False,
    json: JsonOption = False,
) -> None:
    """Wait for a job and print its result: counts as a histogram, expectation values as a table."""
    if raw and json:
        raise InvalidInput("--raw and --json exclude each other.")
    with options.client() as client:
        job = _to_wait_for(client, job_id, timeout)
        on_interrupt = f"interrupted; the job continues. To get its result: qrr result {job.id}"
        with showing_status(job.id, on_interrupt=on_interrupt) as on_status:
            try:
                decoded = job.result(timeout=timeout, on_status=on_status)
            except ResultDecodeError as error:
                if not raw:
                    raise
                _write_bytes(error.raw)
                return
    if raw:
        _write_bytes(decoded.raw)
    elif json:
        print_json({"id": job.id, **result_document(decoded)})
    else:
        console = stdout()
        for part in result_view(decoded, console=console):
            console.print(part)


def _write_bytes(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@with_service_options
def cancel(options: ServiceOptions, job_id: JobId, *, json: JsonOption = False) -> None:
    """Cancel a job that is queued or running."""
    with options.client() as client:
        client.jobs.get(job_id).cancel()
    if json:
        print_json({"id": job_id, "cancelled": True})
    else:
        say(f"job {job_id} is being cancelled.")
