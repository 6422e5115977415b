"""`qrr contract record` and `replay`: what any client does on the live service, as a cassette without secrets."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InvalidInput, RuntimeRestError
from .exit_status import FAILED
from .options import JsonOption, PortOption, ReadyFileOption, ServiceOptions, check_folder, with_service_options
from .terminal import print_json, say

if TYPE_CHECKING:
    from ..cassettes import Judgement, Recorder, Recording
    from ..config.settings import Settings

__all__ = ["record", "replay"]


@with_service_options
def record(
    service: ServiceOptions,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The cassette to write (HAR).", dir_okay=False)],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND]...", help="Command to run and record.")
    ] = None,
    port: PortOption = 0,
    ready_file: ReadyFileOption = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Another text to replace (case-sensitive). Can be repeated."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing cassette.")] = False,
    json: JsonOption = False,
) -> None:
    """Record what any client does on the live service, as a cassette without secrets.

    With a command: runs it through the recorder, and exits with its exit status. Without one: prints the variables to
    export in another terminal, and records until Ctrl-C. Keys, tokens, CRNs, user ids and account ids are replaced
    before anything is written. Circuits, results, tags and names of instances stay.

    Set QRR_CASSETTE_SALT to replace the same secret by the same text in all cassettes.
    """
    from .. import cassettes

    if file.exists() and not overwrite:
        raise InvalidInput(f"{file} exists: add --overwrite to replace it.")
    check_folder(file)
    settings = service.settings()
    recorder = cassettes.Recorder(settings, hide=hide or ())
    try:
        if command:
            status = _run(recorder, settings, command, port=port)
        else:
            status = 0
            cassettes.serve(
                recorder.app, port=port, ready_file=ready_file, on_ready=lambda url: _announce(url, json=json)
            )
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None
    _print_recording(recorder.save(file), json=json)
    raise typer.Exit(status)


def _announce(url: str, *, json: bool, more: Mapping[str, str] | None = None) -> None:
    """Print the environment variables that point any client at the server."""
    from ..cassettes.services import environment

    variables = {**environment(url), **(more or {})}
    if json:
        print_json({"url": url, "environment": variables})
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    say(f"listening on {url}; press Ctrl-C to end it.")


def _run(recorder: Recorder, settings: Settings, command: Sequence[str], *, port: int) -> int:
    from .. import cassettes

    with cassettes.served(recorder.app, port=port, name="qiskit-runtime-recorder") as url:
        # The account may come from a file, where a client would find the real addresses too.
        service = cassettes.Loopback(url=url, api_key=settings.api_key, instance=settings.instance)
        try:
            child = subprocess.Popen(list(command), env={**os.environ, **service.environment})  # noqa: S603 - the user's own
        except OSError as error:
            raise InvalidInput(f"{command[0]} cannot be run: {error.strerror}.") from None
        return _wait_for(child)


def _wait_for(child: subprocess.Popen[bytes]) -> int:
    """The exit status of a command, as shells report it. Signals to this process end the command first."""
    from ..base.serving import ending_signals

    before = {number: signal.signal(number, lambda number, _: child.send_signal(number)) for number in ending_signals()}
    try:
        while True:
            try:
                status = child.wait()
            except KeyboardInterrupt:
                continue  # The command got the same signal, and ends after its own clean-up.
            return status if status >= 0 else 128 - status
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_recording(recording: Recording, *, json: bool) -> None:
    for remark in recording.remarks:
        say(remark, label="warning", label_style="bold yellow")
    _print_violations(recording.judgement)
    if json:
        print_json(_as_json(recording))
    elif recording.entries:
        say(f"{recording.entries} entries are in {recording.path}: {recording.judgement}.")


def _print_violations(judgement: Judgement) -> None:
    for violation in judgement.violations:
        say(violation, label="violation")


def _as_json(recording: Recording) -> dict[str, Any]:
    return {
        "file": str(recording.path) if recording.entries else None,
        "exchanges": recording.entries,
        "checked": recording.judgement.checked,
        "violations": list(recording.judgement.violations),
        "remarks": list(recording.remarks),
    }


class Match(StrEnum):
    """Which parts of a request must be as recorded."""

    REQUEST = "request"
    PATH = "path"


class Exhausted(StrEnum):
    """What answers a request that was recorded fewer times than it is sent."""

    REPEAT = "repeat"
    ERROR = "error"


def replay(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Cassettes, in order.")],
    port: PortOption = 0,
    ready_file: ReadyFileOption = None,
    match: Annotated[
        Match, typer.Option(help="What must be as recorded: the whole request, or all but its body.")
    ] = Match.REQUEST,
    exhausted: Annotated[
        Exhausted, typer.Option(help="Answer to a request after its last recorded answer: that one again, or an error.")
    ] = Exhausted.REPEAT,
    check: Annotated[
        bool, typer.Option("--check", help="Check the answers against the contract; do not serve.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Serve cassettes on this machine, to any client, until Ctrl-C.

    Any API key and any instance are accepted. A request that was not recorded gets status 421, and the nearest recorded
    request in the message.

    Exit status with --check: 0 all answers conform to the contract, 1 some do not.
    """
    from .. import cassettes

    replayed = cassettes.Replay(*files, match=match.value, exhausted=exhausted.value)
    if check:
        if not replayed.entries:
            raise InvalidInput(f"there is nothing in {', '.join(map(str, files))}: nothing was recorded.")
        _print_check(cassettes.judged(replayed.entries), json=json)
        return
    own = {"QISKIT_IBM_TOKEN": cassettes.API_KEY, "QISKIT_IBM_INSTANCE": replayed.instance}
    try:
        cassettes.serve(
            replayed.app,
            port=port,
            ready_file=ready_file,
            on_ready=lambda url: _announce(url, json=json, more=own),
        )
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None
    for missed in dict.fromkeys(replayed.missed):
        say(missed, label="not recorded")


def _print_check(judgement: Judgement, *, json: bool) -> None:
    if json:
        print_json({"checked": judgement.checked, "violations": list(judgement.violations)})
    else:
        _print_violations(judgement)
        typer.echo(str(judgement))
    if judgement.violations:
        raise typer.Exit(FAILED)
