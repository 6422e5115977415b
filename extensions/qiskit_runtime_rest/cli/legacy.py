"""`qrr legacy`: run, serve or scan programs written for the classic API."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import MissingExtra, RuntimeRestError
from .exit_status import reporting_errors
from .legacy_scan import scan
from .options import (
    AllowHostOption,
    EraOption,
    HostOption,
    InstancesOption,
    JsonOption,
    PortOption,
    ReadyFileOption,
    ServiceOptions,
    StoreOption,
    with_service_options,
)
from .reports import JsonReportOption, ReportFileOption, publish
from .terminal import print_json, say, stderr

if TYPE_CHECKING:
    from ..legacy.translation.translator import Translator

__all__ = ["app"]


@with_service_options
def gateway(
    service: ServiceOptions,
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 0,
    allow_host: AllowHostOption = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Serve https, with this certificate (PEM).", exists=True)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate's key, if it is not in its file.", exists=True)
    ] = None,
    ready_file: ReadyFileOption = None,
    era: EraOption = "2023",
    instances: InstancesOption = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the classic API on this machine, in front of v1, until Ctrl-C.

    Clients change only the host. Each logs in with its own API key, by the classic calls. /_gateway/notes lists the
    fields that were changed or ignored; /openapi/ documents the calls.
    """
    try:
        from ..legacy.gateway import serve_gateway
    except ModuleNotFoundError as error:
        raise MissingExtra("the gateway", extra="legacy", module=error.name) from None

    def announce(url: str) -> None:
        if json:
            print_json({"url": url})
        else:
            say(f"the classic API is at {url}, its documentation at {url}/openapi/; press Ctrl-C to end it.")

    try:
        serve_gateway(
            host=host,
            port=port,
            allow_hosts=allow_host or (),
            certificate=certificate,
            key=key,
            ready_file=ready_file,
            on_ready=announce,
            settings={**service.given, "application": "qrr-gateway"},
            instances=instances,
            era=era,
            store=store,
        )
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None


@with_service_options
def run(
    service: ServiceOptions,
    *,
    script: Annotated[
        Path,
        typer.Argument(
            metavar="SCRIPT",
            help="A Python script, or a notebook (.ipynb).",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[ARGS]...", help="For the script.")] = None,
    era: EraOption = "2023",
    instances: InstancesOption = None,
    store: StoreOption = None,
    report: ReportFileOption = None,
    json: JsonReportOption = False,
) -> None:
    """Run a script or notebook written for the classic API unchanged, then report what to change where.

    Its calls to the classic hosts are translated for v1. Stdout and the exit status are the script's; the report
    follows on stderr. Put options before the script: everything after it is passed to the script.
    """
    from .. import legacy

    settings = {**service.given, "application": "qrr"}
    with (
        legacy.install(instances=instances, era=era, store=store, **settings) as installed,
        _answered(instances=instances, era=era, store=store, settings=settings) as children,
    ):
        status = legacy.run(script, arguments or [])
        sys.stdout.flush()
        found = installed.report(children=children)
        publish(
            found,
            file=report,
            json=json,
            show=lambda: stderr().print(f"\n{found}", markup=False, soft_wrap=True),
        )
    raise typer.Exit(status)


@contextlib.contextmanager
def _answered(*, settings: dict[str, Any], **choices: Any) -> Iterator[Translator | None]:
    """Answer the calls of child processes, too, if the extra `offline` is installed."""
    from ..config.settings import Settings
    from ..legacy.translation.translator import Translator

    try:
        from ..offline.children import answering_children
    except (ModuleNotFoundError, MissingExtra):
        yield None
        return
    own = Settings(**settings)
    uses_own = own.api_key or own.token
    translator = Translator(settings=settings, credentials="settings" if uses_own else "caller", **choices)
    with answering_children(translator):
        yield translator


app = typer.Typer(no_args_is_help=True, help="Run, serve or scan programs written for the classic API.")
for command in (gateway, scan):
    app.command()(reporting_errors(command))
# Options after the script belong to the script.
app.command(context_settings={"allow_interspersed_args": False})(reporting_errors(run))
