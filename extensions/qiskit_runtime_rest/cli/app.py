"""The list of commands. `GROUPS` holds the commands with subcommands, such as `qrr emulator serve`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated

import typer

from .._version import __version__
from . import contract, emulator, legacy, sessions
from .backends import backends
from .demo import demo
from .doctor import doctor
from .exit_status import DEBUG, reporting_errors
from .jobs import cancel, jobs, result, wait
from .login import login
from .offline import offline
from .submit import submit
from .usage import usage
from .versions import versions

__all__ = ["app"]

COMMANDS: tuple[Callable[..., None], ...] = (
    demo,
    login,
    doctor,
    backends,
    submit,
    jobs,
    wait,
    result,
    cancel,
    usage,
    versions,
)
GROUPS = {"sessions": sessions.app, "emulator": emulator.app, "legacy": legacy.app, "contract": contract.app}

app = typer.Typer(
    name="qrr",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def qrr(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log each request, and show the traceback of an error.")
    ] = False,
    version: Annotated[  # noqa: ARG001 - the callback prints it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The Qiskit Runtime REST API from the command line.

    Exit status: 0 done, 1 the job or the request failed, 2 wrong use, 3 timed out, 130 interrupted.
    """
    DEBUG.set(debug)
    if debug:
        logging.basicConfig(format="%(asctime)s %(name)s: %(message)s")
        for name in ("qiskit_runtime_rest", "httpx"):
            logging.getLogger(name).setLevel(logging.DEBUG)


for command in COMMANDS:
    app.command()(reporting_errors(command))
for name, group in GROUPS.items():
    app.add_typer(group, name=name)
# Options after the command belong to the command.
app.command(context_settings={"allow_interspersed_args": False})(reporting_errors(offline))
