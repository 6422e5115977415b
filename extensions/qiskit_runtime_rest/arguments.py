"""Checks of arguments that several modules take: what is meant is understood, the rest is told what to pass instead."""

from __future__ import annotations

import math
import operator
from numbers import Real
from pathlib import Path
from typing import Any, Protocol

from .errors import InvalidInput

__all__ = ["Named", "backend_name", "folder_path", "positive_whole", "whole_seconds"]


class Named(Protocol):
    """What has a name, such as the handle of a backend."""

    @property
    def name(self) -> str:
        """The name."""


def backend_name(backend: Any) -> str:
    """The name of `backend`, which is one or has one.

    Raises:
        InvalidInput: says what to pass.
    """
    if backend is None or (isinstance(backend, str) and not backend):
        raise InvalidInput("backend is missing: name one, such as 'ibm_torino'.")
    name = backend if isinstance(backend, str) else getattr(backend, "name", None)
    if not isinstance(name, str) or not name:
        awaited = "await it first, or " if hasattr(backend, "__await__") else ""
        raise InvalidInput(
            f"backend is {type(backend).__name__}, not a backend: {awaited}pass its name, such as 'ibm_torino', or "
            "what client.backends.get(...) or least_busy() gave."
        )
    return name


def whole_seconds(value: Any, name: str, *, most: int) -> int:
    """`value`, any real number from 1 to `most`, as the service takes it: a fraction counts as a whole second.

    Raises:
        InvalidInput: says what to pass.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        kind = type(value).__name__
        advice = "its total_seconds()" if hasattr(value, "total_seconds") else f"a number from 1 to {most}"
        raise InvalidInput(f"{name}={value!r} is {kind}, not a number of seconds: pass {advice}.")
    seconds = float(value)
    if not 1 <= seconds <= most:
        raise InvalidInput(f"{name}={value!r}: 1 to {most} seconds.")
    return math.ceil(seconds)


def positive_whole(value: Any, name: str) -> int:
    """`value`, any whole number from 1, as an int.

    Raises:
        InvalidInput: it is another number, or none.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise InvalidInput(f"{name}={value!r} is not a positive whole number.")
    return number


def folder_path(path: Any, name: str) -> Path | None:
    """`path` as a `Path`; None stays None.

    Raises:
        InvalidInput: it is neither a text nor a `Path`.
    """
    if path is not None and not isinstance(path, str | Path):
        raise InvalidInput(f"{name}={path!r} is {type(path).__name__}: pass the path of a folder, or leave it out.")
    return None if path is None else Path(path)
