"""Whether another process of this machine still lives, and the processor time that this one may use."""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["Process", "limit_processor_time", "used_too_much_time"]

PROC = Path("/proc")
ENDED = ("Z", "X")
"""States of a process that has ended, but whose parent did not take note of that yet."""


class Process(NamedTuple):
    """A process, also after its id is used again; parts that this system does not tell are empty.

    Attributes:
        boot: the start of the machine.
        namespace: the container in which `pid` counts.
        pid: its id.
        started: when it started, since the machine did.
    """

    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Process:
        """This process."""
        pid = os.getpid()
        return cls(_boot(), _namespace(), pid, _started(pid))

    @classmethod
    def parse(cls, text: str) -> Process:
        """The process whose `str` is `text`."""
        boot, namespace, pid, started = text.split(" ")
        return cls(boot, namespace, int(pid), started)

    def __str__(self) -> str:
        """One line, for a file."""
        return " ".join(map(str, self))

    @property
    def is_of_this_boot(self) -> bool | None:
        """Whether the machine was not started anew since; None: unknown."""
        boot = _boot()
        return self.boot == boot if self.boot and boot else None

    @property
    def is_alive(self) -> bool | None:
        """Whether it lives; None: unknown."""
        if self.is_of_this_boot is False:
            return False
        if self.namespace != _namespace():
            return None
        if self.started:
            return self.started == _started(self.pid)
        if os.name != "posix":
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _namespace() -> str:
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the process started; empty if there is none, or the system does not tell."""
    try:
        # The name of the program, in brackets, may contain anything.
        fields = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if fields[0] in ENDED else fields[19]
    except (OSError, IndexError):
        return ""


def limit_processor_time(seconds: float) -> None:
    """Let the kernel end this process after that much more processor time, where kernels do that."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(time.process_time() + seconds)
    if most == resource.RLIM_INFINITY or limit < most:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def used_too_much_time(returncode: int) -> bool:
    """Whether a process with this return code ended because of `limit_processor_time`."""
    return returncode == -getattr(signal, "SIGXCPU", 0) != 0
