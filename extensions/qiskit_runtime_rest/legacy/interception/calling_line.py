"""Find the line of the user's code that makes a call."""

from __future__ import annotations

import functools
import sys
import sysconfig
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ["PACKAGE", "calling_line", "place"]

PACKAGE = Path(__file__).parents[2]
NOT_THE_USERS = (
    PACKAGE,
    *{Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")},
)
INSTALLED = ("site-packages", "dist-packages")
PATCHED = ("aiohttp", "httpx", "requests", "urllib3", "websocket", "websockets")
"""Patched packages; they are not the user's code wherever they are installed."""


def calling_line() -> str | None:
    """File and line of the innermost frame of the user's code, such as `script.py:12`.

    None if no such frame is on the stack, such as in a thread of a library.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package not in PATCHED and is_users(frame.f_code.co_filename):
            return place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


@functools.lru_cache(maxsize=4096)
def is_users(filename: str) -> bool:
    """Whether code compiled from `filename` is the user's, not a library's."""
    if filename.startswith("<"):
        return filename.startswith("<ipython-input")
    path = Path(filename)
    return not any(part in INSTALLED for part in path.parts) and not any(map(path.is_relative_to, NOT_THE_USERS))


def place(filename: str, line: int) -> str:
    """A line as text: relative to the working folder for files below it; with the cell number for notebooks."""
    cell = _cell(filename)
    if cell is not None:
        return f"{cell}, line {line}"
    path = Path(filename)
    here = Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{line}"


def _cell(filename: str) -> str | None:
    """The notebook cell that was compiled as `filename`; None for a file."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    names = shell.compile.format_code_name(filename) if shell else None
    return " ".join(names) if names else None
