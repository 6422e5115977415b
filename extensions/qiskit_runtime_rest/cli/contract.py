"""`qrr contract`: whether contract, client and service still agree."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import InvalidInput
from .contract_check import check
from .contract_record import record
from .contract_replay import replay
from .outcome import FAILED, reported
from .service_options import JsonOption
from .terminal import print_json

__all__ = ["app"]


def drift(
    *,
    spec: Annotated[
        str | None,
        typer.Option(metavar="URL|PATH", help="The contract to compare with; by default the published one."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="An API version to compare from, in place of this client's."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="An API version to compare with, in place of SPEC.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let any difference fail, not only breaking ones.")] = False,
    json: JsonOption = False,
) -> None:
    """Compare the contract that this client was made for with the published one, or two API versions.

    Each difference is breaking, additive or cosmetic for this client, and comes with the generated files and the
    hand-written functions that it touches. Writes Markdown; nothing of the service but the document is asked for.

    Exit status: 0 no breaking difference (with --strict: none at all), 1 some, 2 wrong use, or no document to compare.
    """
    from ..client.operations import OPERATIONS
    from ..contract.changes import Kind
    from ..contract.document import NotOpenApi
    from ..contract.drift import as_json, as_markdown, worst
    from ..contract.drift import drift as compared

    if spec is not None and to is not None:
        raise InvalidInput("--spec and --to both name what is compared with: give one of them.")
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
    """The contract of an API version, and its name; None: the vendored one."""
    from ..contract.versions import contract_of, vendored

    if version is None:
        document = vendored()
        return f"this client's ({document['info']['version']})", document
    return version, contract_of(version)


def _document(spec: str | None) -> tuple[str, Any]:
    from ..contract.sources import PUBLISHED, read

    return spec or PUBLISHED, read(spec or PUBLISHED)


app = typer.Typer(no_args_is_help=True, help="Whether contract, client and service still agree.")
app.command()(reported(drift))
app.command()(reported(check))
app.command()(reported(record))
app.command()(reported(replay))
