"""`qrr`, also as `python -m qiskit_runtime_rest`."""

from __future__ import annotations

import sys

from .errors import MissingExtra

WRONG_USE = 2
READER_GONE = 141
"""128 and the number of SIGPIPE: what shells see of a command whose reader has gone away."""


def main() -> None:
    """Run the command line; ends the process with its exit status."""
    try:
        from .cli.app import app
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in ("typer", "rich"):
            raise
        sys.stderr.write(f"error: {MissingExtra('the command line', extra='cli', module=module)}\n")
        sys.exit(WRONG_USE)
    from .cli.outcome import FAILED, UNWRITTEN

    try:
        app(prog_name="qrr")
    except SystemExit as end:
        # Typer and rich end with 1 then, which here means that a job or a request failed.
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(READER_GONE)
        raise
    except OSError as error:
        if error.errno not in UNWRITTEN:
            raise
        sys.stderr.write(f"error: the output could not be written: {error.strerror}.\n")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
