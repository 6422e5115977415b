"""`qrr jobs`, `wait`, `result`, `cancel`: what becomes of jobs."""

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
from .outcome import FAILED
from .progress import following
from .result_view import result_document, result_view
from .service_options import JsonLinesOption, JsonOption, ServiceOptions, with_service_options
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
USUAL_LIMIT = 20

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]
Timeout = Annotated[float | None, typer.Option(help="Seconds to wait at most; then the exit status is 3.")]


@with_service_options
def jobs(
    options: ServiceOptions,
    *,
    pending: Annotated[
        bool | None,
        typer.Option("--pending/--finished", help="Only jobs that are queued or running; only jobs that are over."),
    ] = None,
    backend: Annotated[str | None, typer.Option("--backend", "-b", help="Only jobs of this backend.")] = None,
    program: Annotated[str | None, typer.Option(help="Only jobs of this program.")] = None,
    session: Annotated[str | None, typer.Option(help="Only jobs of this session.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Only jobs with this tag; all of them, if repeated.")
    ] = None,
    recover: Annotated[
        bool,
        typer.Option("--recover", help="Instead: settle journaled submissions whose outcome nobody knows."),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="With --recover: the journal's file, if it is not the state file."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help=f"How many in all; {USUAL_LIMIT}, if not said.")
    ] = None,
    json: JsonLinesOption = False,
) -> None:
    """List jobs, the newest first."""
    filters: dict[str, Any] = {
        "pending": pending,
        "backend": backend,
        "program": program,
        "session_id": session,
        "tags": tag or None,
    }
    if recover:
        if any(value is not None for value in (*filters.values(), limit)):
            raise InvalidInput("--recover settles all of the journal: what chooses jobs goes without it.")
        _recover(options, journal or True, json=json)
        return
    if journal is not None:
        raise InvalidInput("--journal goes with --recover.")
    limit = limit or USUAL_LIMIT
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
            became = job_id or ("became no job" if why is None else f"nobody can say: {why}")
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
    """Its handle: a deadline holds for the first request, too; without one, a wrong address or id is told at once."""
    return client.jobs.get(job_id) if timeout is None else client.jobs.handle(job_id)


@with_service_options
def wait(options: ServiceOptions, job_id: JobId, *, timeout: Timeout = None, json: JsonOption = False) -> None:
    """Wait until a job is over; print its last status."""
    with options.client() as client:
        job = _to_wait_for(client, job_id, timeout)
        with following(job.id) as on_status:
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
    raw: Annotated[bool, typer.Option("--raw", help="The result's bytes as the service sent them.")] = False,
    json: JsonOption = False,
) -> None:
    """Wait for a job and print its result: counts as a histogram, expectation values as a table."""
    if raw and json:
        raise InvalidInput("--raw or --json, not both.")
    with options.client() as client:
        job = _to_wait_for(client, job_id, timeout)
        come_back = f"interrupted; the job goes on. Come back to it with: qrr result {job.id}"
        with following(job.id, come_back=come_back) as on_status:
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
