"""Check arguments of public methods before anything is sent; each error names the argument and what to pass."""

from __future__ import annotations

import math
import operator
import threading
from numbers import Real
from pathlib import Path
from typing import Any, Protocol

from .errors import InvalidInput

__all__ = ["Named", "backend_name", "check_timeout", "folder_path", "positive_whole", "whole_seconds"]


class Named(Protocol):
    """An object with a name, such as the handle of a backend."""

    @property
    def name(self) -> str:
        """The name."""


def backend_name(backend: Any) -> str:
    """The name of `backend`: a name, or an object with a `name`.

    Raises:
        InvalidInput: neither of them.
    """
    if backend is None or (isinstance(backend, str) and not backend):
        raise InvalidInput(f"backend={backend!r}: expected a backend name, such as those of client.backends.list().")
    name = backend if isinstance(backend, str) else getattr(backend, "name", None)
    if not isinstance(name, str) or not name:
        awaited = " Await it first." if hasattr(backend, "__await__") else ""
        raise InvalidInput(
            "backend: expected a name, such as 'ibm_fez', or a backend from client.backends.get(...) or "
            f"least_busy(), got {type(backend).__name__}.{awaited}"
        )
    return name


def whole_seconds(value: Any, name: str, *, most: int) -> int:
    """`value`, any real number from 1 to `most`, rounded up to whole seconds, as the service expects it.

    Raises:
        InvalidInput: not a number, or outside this range.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        advice = ": pass its total_seconds()" if hasattr(value, "total_seconds") else ""
        raise InvalidInput(
            f"{name}={value!r}: expected a number of seconds from 1 to {most}, got {type(value).__name__}{advice}."
        )
    seconds = float(value)
    if not 1 <= seconds <= most:
        raise InvalidInput(f"{name}={value!r}: must be between 1 and {most} seconds.")
    return math.ceil(seconds)


def check_timeout(timeout: Any) -> float | None:
    """`timeout` in seconds; None: without a limit.

    Raises:
        InvalidInput: a text, a negative number, NaN.
    """
    if timeout is None:
        return None
    if not isinstance(timeout, Real) or isinstance(timeout, bool) or not float(timeout) >= 0:
        raise InvalidInput(f"timeout={timeout!r}: pass seconds, 0 or more, or None to wait without a limit.")
    return float(timeout) if float(timeout) < threading.TIMEOUT_MAX else None


def positive_whole(value: Any, name: str) -> int:
    """`value`, any positive whole number, as an int.

    Raises:
        InvalidInput: another number, or not a number.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise InvalidInput(f"{name}={value!r}: must be a positive whole number.")
    return number


def folder_path(path: Any, name: str) -> Path | None:
    """`path` as a `Path`; None stays None.

    Raises:
        InvalidInput: neither a str nor a `Path`.
    """
    if path is not None and not isinstance(path, str | Path):
        raise InvalidInput(f"{name}={path!r}: expected the path of a folder or None, got {type(path).__name__}.")
    return None if path is None else Path(path)
