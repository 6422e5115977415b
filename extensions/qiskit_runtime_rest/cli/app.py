"""The list of commands. A command's module is imported when the command runs, so that `qrr --help` is quick."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from .._version import __version__

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

__all__ = ["COMMANDS", "SECTIONS", "Entry", "app"]


class Entry(NamedTuple):
    """Where a command is, `module:name` of this package, and the first sentence of its help."""

    place: str
    summary: str


SECTIONS: Mapping[str, Mapping[str, Entry]] = {
    "Jobs": {
        "submit": Entry("submit:submit", "Submit jobs and print their ids."),
        "jobs": Entry("jobs:jobs", "List jobs, newest first."),
        "show": Entry("show:show", "Show a job: details, timeline, params and log."),
        "wait": Entry("wait:wait", "Wait until jobs have ended, and print their last status."),
        "result": Entry("result:result", "Wait for a job and print its result."),
        "logs": Entry("show:logs", "Print the log of a job."),
        "metrics": Entry("show:metrics", "Show the times of a job and the QPU time that it is charged."),
        "tags": Entry("change:tags", "Show, add or remove tags of a job, or search for tags."),
        "cancel": Entry("change:cancel", "Cancel jobs that are queued or running."),
        "delete": Entry("change:delete", "Delete jobs that have ended, with their params and results."),
        "sessions": Entry("sessions:app", "List, show, close or cancel sessions and batches."),
    },
    "Service": {
        "backends": Entry("backends:backends", "List the backends of the instance, with their queues and errors."),
        "usage": Entry("usage:usage", "Show what the instance has used."),
        "versions": Entry("versions:versions", "List the API versions."),
    },
    "Account": {
        "login": Entry("login:login", "Ask for an API key, try it, and save it."),
        "accounts": Entry("login:accounts", "List the saved accounts, without their API keys."),
        "doctor": Entry("doctor:doctor", "Check settings, IAM, the service, versions, the clock and the extras."),
    },
    "Help": {
        "docs": Entry("docs:docs", "List or show the pages of the documentation, which come with this package."),
    },
    "Without the service": {
        "demo": Entry("demo:demo", "Run a Bell state, from the API key to the counts, on the embedded service."),
        "emulator": Entry("emulator:app", "The embedded service: the API on this machine, offline."),
        "offline": Entry("offline:app", "Run any program, unchanged, against the embedded service."),
        "legacy": Entry("legacy:app", "Run, serve or scan programs written for the classic API."),
        "contract": Entry("contract:app", "Compare contract, client and service."),
    },
}
"""The commands by section of the help."""

COMMANDS: Mapping[str, Entry] = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Commands(MutableMapping[str, "Command"]):
    """The commands by name; each is imported when it is first needed."""

    def __init__(self) -> None:
        """Import nothing yet."""
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        """The command `name`."""
        if name not in self._loaded:
            self._loaded[name] = _load(name, COMMANDS[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: Command) -> None:
        """Replace a command."""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        """Forget a command that was loaded."""
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(COMMANDS)

    def __len__(self) -> int:
        """Number of commands."""
        return len(COMMANDS)


def _load(name: str, entry: Entry) -> Command:
    from .exit_status import reporting_errors

    module, _, attribute = entry.place.partition(":")
    found = getattr(import_module(f".{module}", __package__), attribute)
    if not isinstance(found, typer.Typer):
        # A callback would make it a group of one command.
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name)(reporting_errors(found))
        found = single
    found._add_completion = False
    command = typer.main.get_command(found)
    command.name = name
    return command


class Group(TyperGroup):
    """`qrr`: its help names the commands without importing them."""

    def __init__(self, **attributes: Any) -> None:
        """`attributes`: as typer passes them."""
        super().__init__(**attributes)
        self.commands = Commands()

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands, section by section."""
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(f"{name:<9}", entry.summary.rstrip(".")) for name, entry in entries.items()])


app = typer.Typer(
    name="qrr",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes longer to import than everything else
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def qrr(
    context: typer.Context,
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
    if debug:
        context.with_resource(_debugging())


@contextlib.contextmanager
def _debugging() -> Iterator[None]:
    """Log each request and show tracebacks until the command ends; this process may run others after it."""
    import logging

    from .exit_status import DEBUG

    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s")
    loggers = [logging.getLogger(name) for name in ("qiskit_runtime_rest", "httpx", "httpx2")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    token = DEBUG.set(True)
    try:
        yield
    finally:
        DEBUG.reset(token)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
