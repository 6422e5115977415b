"""`qrr emulator`: the embedded service as a process of its own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InvalidInput, MissingExtra, RuntimeRestError
from .outcome import reported
from .server_options import HostOption, PortOption, ReadyFileOption
from .service_options import JsonOption
from .terminal import print_json, say

if TYPE_CHECKING:
    from types import ModuleType

    from ..emulator.server import Address

__all__ = ["app", "embedded_service"]

VARIABLES = {
    "QISKIT_IBM_URL": "base_url",
    "IAM_URL": "iam_url",
    "QISKIT_IBM_TOKEN": "api_key",
    "QISKIT_IBM_INSTANCE": "instance",
}

LIMITS = "Limits of the service"


def embedded_service() -> ModuleType:
    """The package `qiskit_runtime_rest.emulator`, with what it needs, or `MissingExtra`."""
    try:
        from .. import emulator

        emulator.serve, emulator.Emulator  # noqa: B018 - loads them, and what they need
    except ModuleNotFoundError as error:
        raise MissingExtra("the embedded service", extra="emulator", module=error.name) from None
    return emulator


def serve(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 0,
    ready_file: ReadyFileOption = None,
    state: Annotated[Path | None, typer.Option(help="File that keeps the state; else it is lost at the end.")] = None,
    seed: Annotated[int | None, typer.Option(help="Makes ids and results the same in every run.")] = None,
    pace: Annotated[
        str | None,
        typer.Option(
            help="How long jobs are queued, and run: immediate, reads:N, seconds:S or hold; or QUEUED,RUNNING."
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that run jobs.", min=1)] = None,
    virtual_clock: Annotated[
        bool, typer.Option("--virtual-clock", help="Time passes only when the control plane says so.")
    ] = False,
    token_seconds: Annotated[
        int | None, typer.Option(help="Lifetime of a bearer token.", min=1, rich_help_panel=LIMITS)
    ] = None,
    submissions_per_minute: Annotated[
        int | None, typer.Option(help="Jobs a user may submit a minute.", min=1, rich_help_panel=LIMITS)
    ] = None,
    pending_jobs: Annotated[
        int | None, typer.Option(help="Jobs that may wait or run at a time.", min=1, rich_help_panel=LIMITS)
    ] = None,
    quota_seconds: Annotated[
        int | None, typer.Option(help="QPU time an instance may use.", min=0, rich_help_panel=LIMITS)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Serve the API on this machine, with simulated devices, until Ctrl-C.

    As soon as it listens, it prints the lines to export in another terminal.
    """
    choices: dict[str, Any] = {
        "state": state,
        "seed": seed,
        "pace": _pace(pace),
        "workers": workers,
        "virtual_clock": virtual_clock or None,
        "token_seconds": token_seconds,
        "submissions_per_minute": submissions_per_minute,
        "pending_jobs": pending_jobs,
        "quota_seconds": quota_seconds,
    }
    given = {name: value for name, value in choices.items() if value is not None}
    service = embedded_service()
    try:
        service.Options(**given)  # refused before anything listens
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    try:
        service.serve(
            host=host,
            port=port,
            ready_file=ready_file,
            on_ready=lambda address: _announce(address, json=json),
            **given,
        )
    except service.UnusableState as error:
        raise InvalidInput(str(error)) from None
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None


def _pace(text: str | None) -> str | dict[str, str] | None:
    queued, comma, running = (text or "").partition(",")
    return {"queued": queued, "running": running} if comma else text


def _announce(address: Address, *, json: bool) -> None:
    if json:
        print_json({name: getattr(address, name) for name in ("url", *VARIABLES.values(), "pid")})
        return
    for variable, name in VARIABLES.items():
        typer.echo(f"export {variable}={shlex.quote(getattr(address, name))}")
    say(f"listening on {address.url}; Ctrl-C ends it. The API key is well known and opens nothing else.")


app = typer.Typer(no_args_is_help=True, help="The embedded service: the API on this machine, offline.")


@app.callback()
def emulator() -> None:
    """The embedded service: the API on this machine, offline."""


app.command()(reported(serve))
