"""`qrr`, also as `python -m qiskit_runtime_rest`."""

from __future__ import annotations

import sys

from .errors import MissingExtra

WRONG_USE = 2


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
    app(prog_name="qrr")


if __name__ == "__main__":
    main()
