"""`qrr jobs`: list jobs, and find those of lost submissions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ..base.json_members import member_texts
from ..base.text import printable
from ..errors import InvalidInput
from .exit_status import FAILED
from .options import JsonLinesOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, say, stdout, working
from .times import how_long_ago

__all__ = ["jobs", "own_tags"]

COLUMNS = (
    Column("job", needed=True),
    Column("status", needed=True),
    Column("program"),
    Column("backend"),
    Column("created"),
    Column("tags"),
)
DEFAULT_LIMIT = 20
DATE = "a date, or today, yesterday, 3 days ago, 2h"


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
    since: Annotated[str | None, typer.Option(metavar="DATE", help=f"Only jobs created since then: {DATE}.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Only jobs created until then.")] = None,
    oldest: Annotated[bool, typer.Option("--oldest", help="List the oldest jobs first.")] = False,
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
    from ..client.logic.moments import moment

    for option, date in (("--since", since), ("--until", until)):
        moment(date, option, now=time.time())  # refused by the name of the option
    filters: dict[str, Any] = {
        "pending": pending,
        "backend": backend,
        "program": program,
        "session_id": session,
        "tags": tag or None,
        "created_after": since,
        "created_before": until,
        "sort": "ASC" if oldest else None,
    }
    if recover:
        if any(value is not None for value in (*filters.values(), limit)):
            raise InvalidInput("--recover takes the whole journal: filters and --limit do not go with it.")
        _recover(options, journal or True, json=json)
        return
    if journal is not None:
        raise InvalidInput("--journal needs --recover.")
    with options.client() as client, working("listing jobs"):
        listed = [job.raw for job in client.jobs.list(**filters, limit=limit or DEFAULT_LIMIT)]
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
    with options.client(journal=journal) as client, working("looking for the jobs of the journal"):
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
    program = raw.get("program") or {}
    return (
        raw.get("id"),
        raw.get("status"),
        program.get("id") if isinstance(program, dict) else program,
        raw.get("backend"),
        how_long_ago(raw.get("created")),
        ", ".join(own_tags(raw)),
    )


def own_tags(raw: dict[str, Any]) -> list[str]:
    """The tags of a job without the one that this client adds to each submission."""
    from ..submission.request import TAG_PREFIX

    return [tag for tag in member_texts(raw, "tags") if not tag.startswith(TAG_PREFIX)]
