"""`qrr contract replay`: cassettes, served to clients of any make."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InvalidInput, RuntimeRestError
from .contract_record import announce, cassettes_module
from .outcome import FAILED
from .service_options import JsonOption
from .terminal import print_json, say

if TYPE_CHECKING:
    from ..cassettes import Judgement

__all__ = ["replay"]


class Match(StrEnum):
    """What of a request has to be as it was recorded."""

    REQUEST = "request"
    PATH = "path"


class Exhausted(StrEnum):
    """What a request gets that was recorded less often."""

    REPEAT = "repeat"
    ERROR = "error"


def replay(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Cassettes, one after the other.")],
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 0,
    ready_file: Annotated[
        Path | None, typer.Option(help="JSON file that appears as soon as requests are answered.")
    ] = None,
    match: Annotated[
        Match, typer.Option(help="What has to be as it was recorded: all of a request, or all but its body.")
    ] = Match.REQUEST,
    exhausted: Annotated[
        Exhausted, typer.Option(help="What a request gets that was recorded less often: the last answer, or an error.")
    ] = Exhausted.REPEAT,
    check: Annotated[bool, typer.Option("--check", help="Serve nothing: check what is in them.")] = False,
    json: JsonOption = False,
) -> None:
    """Serve cassettes on this machine, to clients of any make, until Ctrl-C.

    Any API key and any instance will do. What was not recorded is answered with status 421, and what is nearest to it.

    Exit status with --check: 0 all answers keep the contract, 1 some do not.
    """
    cassettes = cassettes_module()
    replayed = cassettes.Replay(*files, match=match.value, exhausted=exhausted.value)
    if check:
        if not replayed.entries:
            raise InvalidInput(f"there is nothing in {', '.join(map(str, files))}: nothing was recorded.")
        _check(cassettes.judged(replayed.entries), json=json)
        return
    own = {"QISKIT_IBM_TOKEN": cassettes.API_KEY, "QISKIT_IBM_INSTANCE": replayed.instance}
    try:
        cassettes.serve(
            replayed.app,
            port=port,
            ready_file=ready_file,
            on_ready=lambda url: announce(url, json=json, more=own),
        )
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None
    for missed in dict.fromkeys(replayed.missed):
        say(missed, label="not recorded")


def _check(judgement: Judgement, *, json: bool) -> None:
    if json:
        print_json({"checked": judgement.checked, "violations": list(judgement.violations)})
    else:
        for violation in judgement.violations:
            say(violation, label="violation")
        typer.echo(str(judgement))
    if judgement.violations:
        raise typer.Exit(FAILED)
