"""`qrr emulator`: the embedded service as a separate process."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InvalidInput, MissingExtra, RuntimeRestError
from .exit_status import reporting_errors
from .options import (
    AllowHostOption,
    DeviceOption,
    HostOption,
    JsonOption,
    PaceOption,
    PortOption,
    ReadyFileOption,
    pace_choice,
)
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
PROXY = "Programs that know only the names of the real services"


def embedded_service() -> ModuleType:
    """The package `qiskit_runtime_rest.emulator`. Raises `MissingExtra` if its dependencies are not installed."""
    try:
        from .. import emulator

        emulator.serve, emulator.Emulator  # noqa: B018 - loads their modules
    except ModuleNotFoundError as error:
        raise MissingExtra("the embedded service", extra="emulator", module=error.name) from None
    return emulator


def serve(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 0,
    allow_host: AllowHostOption = None,
    ready_file: ReadyFileOption = None,
    state: Annotated[Path | None, typer.Option(help="File that keeps the state after the process has ended.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed: makes ids and results the same in every run.")] = None,
    pace: PaceOption = None,
    device: DeviceOption = None,
    workers: Annotated[int | None, typer.Option(help="Processes that run jobs.", min=1)] = None,
    usage_pending_seconds: Annotated[
        float | None, typer.Option(help="How long the usage of a job that has ended is pending (0).", min=0)
    ] = None,
    simulation_seconds: Annotated[
        float | None, typer.Option(help="Fail a job at once if its simulation would take longer (120).", min=0.001)
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Run circuits that devices refuse and the simulator can run.")
    ] = False,
    resilience_level: Annotated[
        int | None,
        typer.Option(help="Level of estimator jobs that name none; 0 shows the devices' noise.", min=0, max=2),
    ] = None,
    virtual_clock: Annotated[
        bool, typer.Option("--virtual-clock", help="Time passes only on request, by the control plane.")
    ] = False,
    token_seconds: Annotated[
        int | None, typer.Option(help="Lifetime of a bearer token.", min=1, rich_help_panel=LIMITS)
    ] = None,
    submissions_per_minute: Annotated[
        int | None, typer.Option(help="Jobs that a user may submit per minute.", min=1, rich_help_panel=LIMITS)
    ] = None,
    pending_jobs: Annotated[
        int | None, typer.Option(help="Jobs that may be queued or running at a time.", min=1, rich_help_panel=LIMITS)
    ] = None,
    quota_seconds: Annotated[
        int | None, typer.Option(help="Seconds of QPU time that an instance may use.", min=0, rich_help_panel=LIMITS)
    ] = None,
    refuse_over_quota: Annotated[
        bool,
        typer.Option(
            "--refuse-over-quota",
            help="Refuse jobs of an instance that used up its QPU time, instead of keeping them in the queue.",
            rich_help_panel=LIMITS,
        ),
    ] = False,
    proxy: Annotated[
        bool,
        typer.Option(
            "--proxy",
            help="Also answer behind the names of the real services, as `qrr offline`.",
            rich_help_panel=PROXY,
        ),
    ] = False,
    proxy_port: Annotated[
        int, typer.Option(help="Port of the proxy; 0 takes a free one.", min=0, max=65535, rich_help_panel=PROXY)
    ] = 0,
    proxy_files: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Folder for the proxy's certificate; it stays at the end.", rich_help_panel=PROXY
        ),
    ] = None,
    instance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Name or CRN of a further instance. Can be repeated.",
            rich_help_panel=PROXY,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Serve the API on this machine, with simulated devices, until Ctrl-C.

    When it is ready, it prints the lines to export in another terminal.
    """
    if not proxy and (proxy_port or proxy_files is not None):
        raise typer.BadParameter("--proxy-port and --proxy-files need --proxy.")
    choices: dict[str, Any] = {
        "state": state,
        "allow_hosts": allow_host,
        "seed": seed,
        "pace": pace_choice(pace),
        "devices": device,
        "workers": workers,
        "usage_pending_seconds": usage_pending_seconds,
        "simulation_seconds": simulation_seconds,
        "lenient": lenient or None,
        "resilience_level": resilience_level,
        "virtual_clock": virtual_clock or None,
        "token_seconds": token_seconds,
        "submissions_per_minute": submissions_per_minute,
        "pending_jobs": pending_jobs,
        "quota_seconds": quota_seconds,
        "refuse_over_quota": refuse_over_quota or None,
        "instances": instance,
    }
    more: dict[str, Any] = {}

    @contextlib.contextmanager
    def beside(address: Address) -> Iterator[Mapping[str, Any]]:
        from ..offline import beside as behind_names

        with behind_names(address, host=host, port=proxy_port, folder=proxy_files) as started:
            more.update(started)
            yield more

    if proxy:
        from ..offline import EMULATOR_OPTIONS

        choices |= EMULATOR_OPTIONS
        choices["allow_hosts"] = [*(allow_host or ()), *EMULATOR_OPTIONS["allow_hosts"]]
    given = {name: value for name, value in choices.items() if value is not None}
    service = embedded_service()
    try:
        service.Options(**given)  # a wrong choice is refused before the socket opens
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    try:
        service.serve(
            host=host,
            port=port,
            ready_file=ready_file,
            on_ready=lambda address: _announce(address, more=more, json=json),
            beside=beside if proxy else None,
            **given,
        )
    except service.UnusableState as error:
        raise InvalidInput(str(error)) from None
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None


def _announce(address: Address, *, more: Mapping[str, Any], json: bool) -> None:
    if json:
        print_json({name: getattr(address, name) for name in ("url", *VARIABLES.values(), "pid")} | {**more})
        return
    own = {variable: getattr(address, name) for variable, name in VARIABLES.items()}
    for variable, value in more.get("environment", own).items():
        typer.echo(f"export {variable}={shlex.quote(value)}")
    proxy = f", its proxy on {more['proxy']}" if more else ""
    say(f"listening on {address.url}{proxy}; press Ctrl-C to end it. The API key is public and works only here.")


app = typer.Typer(no_args_is_help=True, help="The embedded service: the API on this machine, offline.")


@app.callback()
def emulator() -> None:
    """The embedded service: the API on this machine, offline."""


app.command()(reporting_errors(serve))
