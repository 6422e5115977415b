"""The process that has imported what programs need, and forks the workers: none of them waits for imports.

There is one for all `Workers` of a process. It starts with the first worker, and ends when the last `Workers` closes.
Only Linux forks; elsewhere each worker is an interpreter of its own. Processes are started as `python -c` and not by
multiprocessing, whose child processes import the user's script again.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from types import TracebackType
from typing import IO, Protocol

from . import programs

__all__ = ["TEMPLATE", "Started", "Template"]

# More than one thread makes small circuits slower, and the workers would compete for the cores.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# What the template is asked for, and the number of the worker.
_MESSAGE = struct.Struct("=ci")
_FORK, _FORK_WARM, _KILL = b"f", b"w", b"k"
_STATUS = struct.Struct("=i")
# Whether workers are forked: elsewhere, libraries do not bear it.
FORKS = sys.platform == "linux"
# Seconds between looks for the server, whose socket a child of it may hold open.
_LOOK_SECONDS = 1.0


class Started(Protocol):
    """A worker process, as `subprocess.Popen` is one. Leaving its context closes the pipes and waits for its end."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def kill(self) -> None:
        """End it."""

    def wait(self) -> int:
        """Wait for its end: its exit status, or the signal that ended it, negative."""

    def __enter__(self) -> Started:
        """Itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close the pipes and wait."""


class Template:
    """The server's side: start workers. All methods may be called from any thread."""

    def __init__(self) -> None:
        """No process yet."""
        self._lock = threading.Lock()
        self._users = 0
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._server = 0

    def hold(self) -> None:
        """Keep the process, once it has started, until `release`."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        """End the process if nobody else holds it."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._end()

    def start(self, *, warm: bool, errors: IO[bytes]) -> Started:
        """A new worker: `worker_process.main`; `warm`: with everything imported. `errors` is its standard error.

        Raises:
            OSError: no process can be started.
        """
        if not FORKS:
            command = _command(
                f"from {__package__}.worker_process import main; main(parent={os.getpid()}, warm={warm})"
            )
            pipe = subprocess.PIPE
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=_environment())  # noqa: S603
        with self._lock:
            try:
                return self._fork(warm=warm, errors=errors)
            except OSError:
                # It may have ended; a new one is asked once.
                self._end()
                return self._fork(warm=warm, errors=errors)

    def kill(self, number: int) -> None:
        """End the worker of this number, if it has not ended."""
        with self._lock, contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.send(_MESSAGE.pack(_KILL, number))

    def _fork(self, *, warm: bool, errors: IO[bytes]) -> _Forked:
        to_template = self._connected()
        number = next(self._numbers)
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            stdin, into = os.pipe()
            theirs.callback(os.close, stdin)
            worker_stdin = ours.enter_context(os.fdopen(into, "wb"))
            out, stdout = os.pipe()
            theirs.callback(os.close, stdout)
            worker_stdout = ours.enter_context(os.fdopen(out, "rb"))
            status_read, status = os.pipe()
            theirs.callback(os.close, status)
            ended = ours.enter_context(os.fdopen(status_read, "rb"))
            message = _MESSAGE.pack(_FORK_WARM if warm else _FORK, number)
            socket.send_fds(to_template, [message], [stdin, stdout, errors.fileno(), status])
            ours.pop_all()
        return _Forked(self, number, worker_stdin, worker_stdout, ended)

    def _connected(self) -> socket.socket:
        if self._server != os.getpid():
            # A child of the process that started it has its own.
            self._process = self._socket = None
        if self._socket is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = _command(f"from {__name__} import serve; serve({theirs.fileno()}, server={os.getpid()})")
                try:
                    self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        pass_fds=[theirs.fileno()],
                        env=_environment(),
                    )
                except BaseException:
                    ours.close()
                    raise
            self._socket, self._server = ours, os.getpid()
        return self._socket

    def _end(self) -> None:
        if self._socket is not None and self._process is not None and self._server == os.getpid():
            self._socket.close()
            self._process.kill()
            self._process.wait()
        self._process = self._socket = None


TEMPLATE = Template()
"""The template of this process."""


class _Forked:
    """A worker that the template has forked."""

    def __init__(self, template: Template, number: int, stdin: IO[bytes], stdout: IO[bytes], ended: IO[bytes]) -> None:
        self.stdin: IO[bytes] | None = stdin
        self.stdout: IO[bytes] | None = stdout
        self._template, self._number = template, number
        self._ended = ended
        self._returncode: int | None = None

    def kill(self) -> None:
        self._template.kill(self._number)

    def wait(self) -> int:
        if self._returncode is None:
            status = self._ended.read(_STATUS.size)
            # Workers are killed with the template.
            self._returncode = _STATUS.unpack(status)[0] if status else -signal.SIGKILL
        return self._returncode

    def __enter__(self) -> _Forked:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for pipe in (self.stdout, self.stdin):
                if pipe is not None:
                    pipe.close()
        finally:
            self.wait()
            self._ended.close()


def _command(code: str) -> list[str]:
    return [sys.executable, "-P", "-c", code]


def _environment() -> dict[str, str]:
    return os.environ | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def serve(control: int, *, server: int) -> None:
    """The main loop of the template: fork and kill workers as the socket `control` asks, and report their ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    programs.load()
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    template = os.getpid()
    statuses: dict[int, tuple[int, int]] = {}
    with socket.socket(fileno=control) as asked, selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while os.getppid() == server:
            ready = {key.fd for key, _ in selector.select(_LOOK_SECONDS)}
            if woken in ready:
                os.read(woken, 4096)
                _report_ends(statuses)
            if control not in ready:
                continue
            message, files, _, _ = socket.recv_fds(asked, _MESSAGE.size, 4)
            if not message:
                return
            what, number = _MESSAGE.unpack(message)
            if what == _KILL:
                for process, (known, _) in statuses.items():
                    if known == number:
                        os.kill(process, signal.SIGKILL)
                continue
            if what == _FORK_WARM:
                programs.load(everything=True)
            *streams, status = files
            gc.freeze()
            process = os.fork()
            if not process:
                kept = [status for _, status in statuses.values()]
                for file in (control, woken, wake, selector.fileno(), status, *kept):
                    os.close(file)
                _become_worker(streams, template=template, warm=what == _FORK_WARM)
            for file in streams:
                os.close(file)
            statuses[process] = (number, status)


def _become_worker(streams: list[int], *, template: int, warm: bool) -> None:
    """In the new process, a child of `template`: run `worker_process.main` on `streams`, and never return."""
    from .worker_process import main

    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for stream, file in enumerate(streams):
            os.dup2(file, stream)
            os.close(file)
        main(parent=template, warm=warm)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _report_ends(statuses: dict[int, tuple[int, int]]) -> None:
    """Write the exit status of each process that has ended to its pipe."""
    while statuses:
        process, ended = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        _, status = statuses.pop(process)
        with contextlib.suppress(OSError):  # the server is gone
            os.write(status, _STATUS.pack(os.waitstatus_to_exitcode(ended)))
        os.close(status)
