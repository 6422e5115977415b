"""The options of every command that talks to the service: which instance, where, as whom."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

from .terminal import say

if TYPE_CHECKING:
    from pathlib import Path

    from ..client.client import RuntimeClient
    from ..config.settings import Settings

__all__ = ["JsonLinesOption", "JsonOption", "ServiceOptions", "with_service_options"]

P = ParamSpec("P")

PANEL = "Connection"

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")]
JsonLinesOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on stdout, an object a line, and nothing else there.")
]


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """What was given on the command line; what was not comes from the environment, then the account file.

    There is no option for the API key: other users of the machine could read it in the list of processes.
    """

    instance: Annotated[
        str | None,
        typer.Option(help="CRN of the instance; else QISKIT_IBM_INSTANCE.", rich_help_panel=PANEL),
    ] = None
    account: Annotated[
        str | None,
        typer.Option(help="Name of a saved account (see `qrr login`).", rich_help_panel=PANEL),
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option(help="Service, up to /v1; else QISKIT_IBM_URL, or by the CRN's region.", rich_help_panel=PANEL),
    ] = None
    iam_url: Annotated[
        str | None,
        typer.Option(help="Host that exchanges the API key for a token; else IAM_URL.", rich_help_panel=PANEL),
    ] = None
    api_version: Annotated[
        str | None,
        typer.Option(help="IBM-API-Version to ask for.", metavar="YYYY-MM-DD", rich_help_panel=PANEL),
    ] = None

    @property
    def any_given(self) -> bool:
        """Whether any of them was given."""
        return any(getattr(self, field.name) is not None for field in fields(self))

    def settings(self, **more: Any) -> Settings:
        """The settings that follow from the options; `more`: further arguments of `Settings`."""
        from ..config.settings import Settings

        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return Settings(**{**given, **more}, application="qrr")

    def client(self, *, journal: bool | Path = False, **more: Any) -> RuntimeClient:
        """A client with these settings; to be closed. `journal`: keep one, in that file. `more`: as for `settings`."""
        from ..client.client import RuntimeClient

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client = RuntimeClient(settings=self.settings(**more), journal=journal)
        for warning in caught:
            say(str(warning.message), label="warning", label_style="bold yellow")
        return client


def with_service_options(command: Callable[Concatenate[ServiceOptions, P], None]) -> Callable[..., None]:
    """`command`, whose first parameter takes `ServiceOptions`, as one that has their fields as parameters."""
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
