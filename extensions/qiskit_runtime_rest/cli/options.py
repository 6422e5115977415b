"""Options that several commands share: output, the service and its account, servers, the classic API."""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

from ..errors import InvalidInput
from .terminal import say, working

if TYPE_CHECKING:
    from ..client.client import RuntimeClient
    from ..config.settings import Settings

__all__ = [
    "AllowHostOption",
    "DeviceOption",
    "EraOption",
    "HostOption",
    "InstancesOption",
    "JsonLinesOption",
    "JsonOption",
    "PaceOption",
    "PortOption",
    "ReadyFileOption",
    "ServiceOptions",
    "StoreOption",
    "check_folder",
    "pace_choice",
    "with_service_options",
]

P = ParamSpec("P")

PANEL = "Connection"

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]
JsonLinesOption = Annotated[
    bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout: one object on each line.")
]


def check_folder(file: Path) -> None:
    """Raise `InvalidInput` unless the folder of `file` exists."""
    if not file.absolute().parent.is_dir():
        raise InvalidInput(f"{file} cannot be written: {file.parent} is not a folder.")


def _in_a_folder(file: Path | None) -> Path | None:
    if file is not None:
        try:
            check_folder(file)
        except InvalidInput as error:
            raise typer.BadParameter(str(error)) from None
    return file


HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="Further name by which clients address the server (header Host). Can be repeated.",
    ),
]
PortOption = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
ReadyFileOption = Annotated[
    Path | None,
    typer.Option(dir_okay=False, callback=_in_a_folder, help="JSON file that appears when the server is ready."),
]

PaceOption = Annotated[
    str | None,
    typer.Option(
        help="How fast jobs move on: immediate, reads:N, seconds:S or hold; two values are for QUEUED,RUNNING."
    ),
]
DeviceOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A device, instead of those of today: NAME, NAME=SNAPSHOT or NAME=CONFIGURATION.json,PROPERTIES.json; "
        "can be repeated."
    ),
]
EraOption = Annotated[
    str, typer.Option(help="Form of the classic API, 2021 or 2023, for calls that do not show which.")
]
InstancesOption = Annotated[
    Path | None,
    typer.Option(help='JSON file: {"hub/group/project": "crn:...", "*": "crn:..."}. Default: QRR_CLASSIC_INSTANCES.'),
]
StoreOption = Annotated[
    Path | None, typer.Option(help="SQLite file for programs. Default: a file in your state directory.")
]


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """The options of a connection. For those not given, the environment counts, then the account file.

    There is no option for the API key: other users of the machine could read it in the list of processes.
    """

    instance: Annotated[
        str | None,
        typer.Option(help="CRN or name of the instance. Default: QISKIT_IBM_INSTANCE.", rich_help_panel=PANEL),
    ] = None
    account: Annotated[
        str | None,
        typer.Option(help="Name of a saved account (see `qrr login`).", rich_help_panel=PANEL),
    ] = None
    account_file: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="File with saved accounts. Default: ~/.qiskit/qiskit-ibm.json.", rich_help_panel=PANEL
        ),
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option(
            help="URL of the service, up to /v1. Default: QISKIT_IBM_URL, else from the CRN's region.",
            rich_help_panel=PANEL,
        ),
    ] = None
    iam_url: Annotated[
        str | None,
        typer.Option(help="Host that exchanges the API key for a token. Default: IAM_URL.", rich_help_panel=PANEL),
    ] = None
    api_version: Annotated[
        str | None,
        typer.Option(help="API version (the header IBM-API-Version).", metavar="YYYY-MM-DD", rich_help_panel=PANEL),
    ] = None
    allow_insecure_http: Annotated[
        bool | None,
        typer.Option(
            "--allow-insecure-http",
            help="Allow http:// URLs of other machines: the API key travels in the clear.",
            rich_help_panel=PANEL,
        ),
    ] = None

    ca_bundle: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="File with the certificates to trust (PEM). Default: SSL_CERT_FILE, REQUESTS_CA_BUNDLE ...",
            rich_help_panel=PANEL,
        ),
    ] = None
    proxy: Annotated[
        str | None,
        typer.Option(help="URL of a proxy for all requests. Default: HTTPS_PROXY.", rich_help_panel=PANEL),
    ] = None

    @property
    def given(self) -> dict[str, Any]:
        """The options that were given, by their names as arguments of `Settings`."""
        names = {"account_file": "account_path", "ca_bundle": "verify", "proxy": "proxies"}
        values = {**vars(self), "proxy": None if self.proxy is None else {"all": self.proxy}}
        return {names.get(name, name): value for name, value in values.items() if value is not None}

    def settings(self, **more: Any) -> Settings:
        """The settings that follow from the options; `more`: further arguments of `Settings`."""
        from ..config.settings import Settings

        return Settings(**{**self.given, **more}, application="qrr")

    def client(self, *, journal: bool | Path = False, **more: Any) -> RuntimeClient:
        """A client with these settings. Close it.

        Args:
            journal: whether to keep one; a path is its file.
            more: further arguments of `Settings`.
        """
        from ..client.client import RuntimeClient

        file = self.account_file
        if file is not None and not file.exists():
            raise InvalidInput(f"there is no account file {file}; `qrr login --account-file {file}` makes one.")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            settings = self.settings(**more)
            looked_up = settings.instance_name
            with working(f"looking for the instance {looked_up}") if looked_up else contextlib.nullcontext():
                client = RuntimeClient(settings=settings, journal=journal)
        for warning in caught:
            say(str(warning.message), label="warning", label_style="bold yellow")
        return client


def pace_choice(text: str | None) -> str | dict[str, str] | None:
    """What `--pace` means to the embedded service."""
    queued, comma, running = (text or "").partition(",")
    return {"queued": queued, "running": running} if comma else text


def with_service_options(command: Callable[Concatenate[ServiceOptions, P], None]) -> Callable[..., None]:
    """Turn `command`, whose first parameter takes `ServiceOptions`, into one with a parameter for each of them."""
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    hints = get_type_hints(ServiceOptions, include_extras=True)
    shared = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(ServiceOptions)
    ]

    @functools.wraps(command)
    def call(**given: Any) -> None:
        options = ServiceOptions(**{parameter.name: given.pop(parameter.name) for parameter in shared})
        command(options, **given)  # type: ignore[call-arg]  # the rest of `given` is what `command` declares

    parameters = [*(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own), *shared]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by `inspect.signature`
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call
