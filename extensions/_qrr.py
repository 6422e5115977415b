"""The start of the command `qrr`: until the command line is imported, Ctrl-C ends the process without a traceback."""

import _signal  # type: ignore[import-not-found]  # built in: `signal` imports other modules first

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def main() -> None:
    """Run the command line."""
    from qiskit_runtime_rest.__main__ import main as run

    run()
