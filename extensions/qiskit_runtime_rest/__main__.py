"""The command `qrr`, which is also `python -m qiskit_runtime_rest`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from .errors import MissingExtra

WRONG_USE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
"""128 + the number of SIGPIPE: the exit status in shells of a command whose reader has closed the pipe."""


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    _open_closed_streams()
    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_DFL):
        # Until a command runs, and handles Ctrl-C itself, there is nothing to clean up.
        signal.signal(signal.SIGINT, _end_at_once)
    try:
        from .cli.app import app

        app(prog_name="qrr")
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in ("typer", "rich"):
            raise
        sys.stderr.write(f"error: {MissingExtra('the command line', extra='cli', module=module)}\n")
        sys.exit(WRONG_USE)
    except SystemExit as end:
        # Typer and rich exit with 1 on a closed pipe, but here 1 means that a job or a request failed.
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(BROKEN_PIPE)
        raise
    except OSError as error:
        from .cli.exit_status import FAILED, UNWRITTEN

        if error.errno not in UNWRITTEN:
            raise
        sys.stderr.write(f"error: the output could not be written: {error.strerror}.\n")
        # The interpreter writes what is left when it ends, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted.\n")
        sys.exit(INTERRUPTED)
    finally:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # The interpreter may be interrupted while it ends, too.
            signal.signal(signal.SIGINT, _end_at_once)


def _open_closed_streams() -> None:
    """Replace streams that the parent has closed (`qrr ... <&-`): stdin is empty, the others lose what is written."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end


def _end_at_once(_signal: int, _frame: FrameType | None) -> None:
    sys.stderr.write("interrupted.\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
