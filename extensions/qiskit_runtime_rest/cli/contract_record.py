"""`qrr contract record`: what any client does on the live service, as a cassette without secrets."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InvalidInput, RuntimeRestError
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, say

if TYPE_CHECKING:
    from ..cassettes import Recorder, Recording
    from ..config.settings import Settings

__all__ = ["announce", "cassettes_module", "record"]


def cassettes_module() -> ModuleType:
    """The package `qiskit_runtime_rest.cassettes`, with what it needs, or `MissingExtra`."""
    from .. import cassettes

    return cassettes


@with_service_options
def record(
    service: ServiceOptions,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The cassette to write (HAR).", dir_okay=False)],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND]...", help="Run this and record what it does.")
    ] = None,
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 0,
    ready_file: Annotated[
        Path | None, typer.Option(help="JSON file that appears as soon as requests are recorded.")
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Something else that is secret, in this case of letters; can be repeated."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a cassette that is there.")] = False,
    json: JsonOption = False,
) -> None:
    """Record what a client of any make does on the live service, as a cassette without secrets.

    With a command, runs it so that it goes through the recorder; its exit status is this one's. Without, prints the
    variables to export in another terminal, and records until Ctrl-C. Keys, tokens, CRNs, ids of users and accounts
    are replaced before anything is written; circuits, results, tags and names of instances stay.

    QRR_CASSETTE_SALT, if set, makes the same secret the same text in all cassettes.
    """
    cassettes = cassettes_module()
    if file.exists() and not overwrite:
        raise InvalidInput(f"{file} exists: --overwrite replaces it.")
    if not file.absolute().parent.is_dir():
        raise InvalidInput(f"{file.parent} is no folder.")
    settings = service.settings()
    recorder = cassettes.Recorder(settings, hide=hide or ())
    try:
        if command:
            status = _run(cassettes, recorder, settings, command, port=port)
        else:
            status = 0
            cassettes.serve(
                recorder.app, port=port, ready_file=ready_file, on_ready=lambda url: announce(url, json=json)
            )
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None
    _tell(recorder.save(file), json=json)
    raise typer.Exit(status)


def announce(url: str, *, json: bool, more: Mapping[str, str] | None = None) -> None:
    """Print the variables that lead clients of any make to a server of ours."""
    from ..cassettes.services import environment

    variables = {**environment(url), **(more or {})}
    if json:
        print_json({"url": url, "environment": variables})
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    say(f"listening on {url}; Ctrl-C ends it.")


def _run(cassettes: ModuleType, recorder: Recorder, settings: Settings, command: Sequence[str], *, port: int) -> int:
    with cassettes.served(recorder.app, port=port, name="qiskit-runtime-recorder") as url:
        # The account may be one of a file, from which a client would take the real addresses as well.
        service = cassettes.Loopback(url=url, api_key=settings.api_key, instance=settings.instance)
        try:
            child = subprocess.Popen(list(command), env={**os.environ, **service.environment})  # noqa: S603 - the user's own
        except OSError as error:
            raise InvalidInput(f"{command[0]} cannot be run: {error.strerror}.") from None
        return _ended(child)


def _ended(child: subprocess.Popen[bytes]) -> int:
    """The exit status of a command, as shells have it; whatever ends us ends it first, so that nothing is lost."""
    from ..base.serving import ending_signals

    before = {number: signal.signal(number, lambda number, _: child.send_signal(number)) for number in ending_signals()}
    try:
        while True:
            try:
                status = child.wait()
            except KeyboardInterrupt:
                continue  # It got the same signal, and ends when it has done what it has to.
            return status if status >= 0 else 128 - status
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(recording: Recording, *, json: bool) -> None:
    for remark in recording.remarks:
        say(remark, label="warning", label_style="bold yellow")
    for violation in recording.judgement.violations:
        say(violation, label="violation")
    if json:
        print_json(as_json(recording))
    elif recording.entries:
        say(f"{recording.entries} entries are in {recording.path}: {recording.judgement}.")


def as_json(recording: Recording) -> dict[str, Any]:
    """What was recorded, for programs; `file` is null if nothing was."""
    return {
        "file": str(recording.path) if recording.entries else None,
        "exchanges": recording.entries,
        "checked": recording.judgement.checked,
        "violations": list(recording.judgement.violations),
        "remarks": list(recording.remarks),
    }
