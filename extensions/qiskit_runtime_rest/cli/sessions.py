"""`qrr sessions`: list, show, close or cancel sessions and batches."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from ..base.json_members import member_number, member_object
from .exit_status import reporting_errors
from .options import JsonLinesOption, JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, say, stdout, working
from .times import how_long_ago

__all__ = ["app"]

SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session.")]

SHOWN = ("id", "mode", "backend_name", "state", "accepting_jobs", "started_at", "closed_at", "max_ttl", "elapsed_time")

COLUMNS = (
    Column("session", needed=True),
    Column("status", needed=True),
    Column("mode"),
    Column("backend"),
    Column("created"),
    Column("QPU time", right=True),
)
DEFAULT_LIMIT = 20


class Mode(StrEnum):
    """The kinds of sessions."""

    DEDICATED = "dedicated"
    BATCH = "batch"


@with_service_options
def list_(
    options: ServiceOptions,
    *,
    mode: Annotated[Mode | None, typer.Option(help="Only sessions of this kind. Default: both.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", "-b", help="Only sessions on this backend.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Number of sessions to list.")] = DEFAULT_LIMIT,
    json: JsonLinesOption = False,
) -> None:
    """List sessions and batches, newest first."""
    with options.client() as client, working("listing sessions"):
        listed = [session.raw for session in client.sessions.list(mode=mode, backend=backend, limit=limit)]
    if json:
        for raw in listed:
            print_json(raw)
        return
    if not listed:
        say("no sessions.")
        return
    console = stdout()
    console.print(fitting_table(COLUMNS, [_row(raw) for raw in listed], console=console))


def _row(raw: dict[str, Any]) -> tuple[object, ...]:
    used = member_number(member_object(raw, "usage"), "qpu_charge_time_seconds")
    return (
        raw.get("id"),
        raw.get("status"),
        raw.get("mode"),
        raw.get("backend"),
        how_long_ago(raw.get("created")),
        None if used is None else f"{used:.0f} s",
    )


@with_service_options
def get(options: ServiceOptions, session_id: SessionId, *, json: JsonOption = False) -> None:
    """Show a session."""
    with options.client() as client:
        session = client.sessions.get(session_id)
    if json:
        print_json(session.raw)
        return
    console = stdout()
    facts = [(name.replace("_", " "), session.raw[name]) for name in SHOWN if session.raw.get(name) is not None]
    columns = [Column("session", needed=True), Column("", needed=True)]
    console.print(fitting_table(columns, facts, console=console))


@with_service_options
def close(options: ServiceOptions, session_id: SessionId, *, json: JsonOption = False) -> None:
    """Close a session to new jobs. Queued jobs still run."""
    with options.client() as client:
        client.sessions.get(session_id).close()
    _print_end(session_id, "closed", "takes no more jobs; queued ones still run.", json=json)


@with_service_options
def cancel(options: ServiceOptions, session_id: SessionId, *, json: JsonOption = False) -> None:
    """End a session. Queued jobs will not run."""
    with options.client() as client:
        client.sessions.get(session_id).cancel()
    _print_end(session_id, "cancelled", "is over; queued jobs will not run.", json=json)


def _print_end(session_id: str, what: str, sentence: str, *, json: bool) -> None:
    if json:
        print_json({"id": session_id, what: True})
    else:
        say(f"session {session_id} {sentence}")


app = typer.Typer(no_args_is_help=True, help="List, show, close or cancel sessions and batches.")
for name, command in {"list": list_, "get": get, "close": close, "cancel": cancel}.items():
    app.command(name)(reporting_errors(command))
