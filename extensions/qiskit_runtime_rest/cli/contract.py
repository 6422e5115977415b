"""`qrr contract`: compare contract, client and service."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import InvalidInput
from .contract_cassettes import record, replay
from .contract_check import check
from .exit_status import FAILED, reporting_errors
from .options import JsonOption
from .terminal import print_json

__all__ = ["app"]


def drift(
    *,
    spec: Annotated[
        str | None,
        typer.Option(metavar="URL|PATH", help="The contract to compare with. Default: the published one."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="API version to compare from. Default: this client's."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="API version to compare with, instead of --spec.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 on any difference.")] = False,
    json: JsonOption = False,
) -> None:
    """Compare this client's contract with the published one, or compare two API versions.

    Each difference is breaking, additive or cosmetic for this client, and comes with the generated files and the
    hand-written functions that it touches. Prints Markdown. Only the document is downloaded; the service is not asked.

    Exit status: 0 no breaking difference (with --strict: no difference), 1 otherwise, 2 wrong use or no document.
    """
    from ..client.operations import OPERATIONS
    from ..contract.changes import Kind
    from ..contract.document import NotOpenApi
    from ..contract.drift import as_json, as_markdown, worst
    from ..contract.drift import drift as compared

    if spec is not None and to is not None:
        raise InvalidInput("--spec and --to both name the contract to compare with: give one of them.")
    old_name, old = _contract(since)
    new_name, new = _contract(to) if to is not None else _document(spec)
    try:
        differences = compared(old, new, uses=OPERATIONS)
    except NotOpenApi as error:
        raise InvalidInput(str(error)) from error
    if json:
        print_json(as_json(differences, old=old_name, new=new_name))
    else:
        typer.echo(as_markdown(differences, old=old_name, new=new_name), nl=False)
    if worst(differences) is Kind.BREAKING or (strict and differences):
        raise typer.Exit(FAILED)


def _contract(version: str | None) -> tuple[str, Any]:
    """Name and contract of an API version; None: the vendored one."""
    from ..contract.versions import contract_of, vendored

    if version is None:
        document = vendored()
        return f"this client's ({document['info']['version']})", document
    return version, contract_of(version)


def _document(spec: str | None) -> tuple[str, Any]:
    from ..contract.sources import PUBLISHED, read

    return spec or PUBLISHED, read(spec or PUBLISHED)


app = typer.Typer(no_args_is_help=True, help="Compare contract, client and service.")
for command in (drift, check, record, replay):
    app.command()(reporting_errors(command))
