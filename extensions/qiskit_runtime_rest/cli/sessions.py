"""`qrr sessions`. No operation of the contract lists sessions, so each command takes an id."""

from __future__ import annotations

from typing import Annotated

import typer

from .exit_status import reporting_errors
from .options import JsonOption, ServiceOptions, with_service_options
from .terminal import Column, fitting_table, print_json, say, stdout

__all__ = ["app"]

SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session.")]

SHOWN = ("id", "mode", "backend_name", "state", "accepting_jobs", "started_at", "closed_at", "max_ttl", "elapsed_time")


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


app = typer.Typer(no_args_is_help=True, help="Show, close or cancel a session by its id.")
for command in (get, close, cancel):
    app.command()(reporting_errors(command))
