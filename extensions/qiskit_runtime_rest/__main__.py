"""The command `qrr`, which is also `python -m qiskit_runtime_rest`."""

from __future__ import annotations

import sys

from .errors import MissingExtra

WRONG_USE = 2
BROKEN_PIPE = 141
"""128 + the number of SIGPIPE: the exit status in shells of a command whose reader has closed the pipe."""


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    try:
        from .cli.app import app
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in ("typer", "rich"):
            raise
        sys.stderr.write(f"error: {MissingExtra('the command line', extra='cli', module=module)}\n")
        sys.exit(WRONG_USE)
    from .cli.exit_status import FAILED, UNWRITTEN

    try:
        app(prog_name="qrr")
    except SystemExit as end:
        # Typer and rich exit with 1 on a closed pipe, but here 1 means that a job or a request failed.
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(BROKEN_PIPE)
        raise
    except OSError as error:
        if error.errno not in UNWRITTEN:
            raise
        sys.stderr.write(f"error: the output could not be written: {error.strerror}.\n")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
