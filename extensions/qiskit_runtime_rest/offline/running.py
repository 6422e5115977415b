"""Run a command with the environment of a run, and end as it ended."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

from ..base.serving import ending_signals
from ..errors import RuntimeRestError

__all__ = ["CannotRun", "run"]

NOT_EXECUTABLE = 126
NOT_FOUND = 127
BY_SIGNAL = 128


class CannotRun(RuntimeRestError):
    """The command does not exist, or cannot be run. `status`: the exit status of a shell for it."""

    def __init__(self, command: str, error: OSError) -> None:
        """`error`: the reason."""
        super().__init__(f"{command} cannot be run: {error.strerror}.")
        self.status = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command until it ends; its input and output are those of this process. Call it from the main thread.

    Ctrl-C reaches the command from the terminal, so this process goes on until the command has ended. Signals that
    end this process are sent on.

    Returns:
        The exit status, as of a shell: 128 plus the number of a signal.

    Raises:
        CannotRun: the command does not exist, or cannot be run.
    """
    with _until_it_ends() as children:
        try:
            child = subprocess.Popen(list(command), env=dict(environment))  # noqa: S603 - what the user asked for
        except OSError as error:
            raise CannotRun(command[0], error) from None
        children.append(child)
        status = child.wait()
    return status if status >= 0 else BY_SIGNAL - status


@contextlib.contextmanager
def _until_it_ends() -> Iterator[list[subprocess.Popen[bytes]]]:
    children: list[subprocess.Popen[bytes]] = []

    def send_on(number: int, _: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    def ignore(number: int, _: FrameType | None) -> None:
        del number

    # A handler, not SIG_IGN, which the command would inherit.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, ignore)}
    before |= {number: signal.signal(number, send_on) for number in ending_signals()}
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
