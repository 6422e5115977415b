"""Check arguments of public methods before anything is sent; each error names the argument and what to pass."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeGuard

from .base.text import shown
from .errors import ConfigurationError, InvalidInput, RuntimeRestError

__all__ = [
    "FLAG",
    "FUNCTION",
    "NOT_NEGATIVE",
    "PATH",
    "POSITIVE",
    "SHARE",
    "WHOLE",
    "Check",
    "Named",
    "backend_name",
    "check",
    "check_library",
    "check_timeout",
    "check_types",
    "folder_path",
    "is_iterable",
    "is_one_of",
    "is_text",
    "positive_whole",
    "real_number",
    "whole_seconds",
]


class Check(NamedTuple):
    """What a value must be: a test of it, and its name in messages."""

    fits: Callable[[Any], bool]
    expected: str

    @property
    def or_none(self) -> Check:
        """The same, or None."""
        return Check(lambda value: value is None or self.fits(value), f"{self.expected} or None")

    def accepts(self, value: Any) -> bool:
        """Whether `value` fits; one that cannot even be compared does not."""
        try:
            return bool(self.fits(value))
        except Exception:
            return False


def check(
    values: Mapping[str, Any], checks: Mapping[str, Check], *, error: type[RuntimeRestError] = InvalidInput
) -> None:
    """Check each of `values` that has a check of its name.

    Raises:
        InvalidInput, or `error`: names the first one that does not fit, and what to pass.
    """
    for name, wanted in checks.items():
        if name in values and not wanted.accepts(values[name]):
            raise error(f"{name}={shown(values[name])}: expected {wanted.expected}.")


def check_types(values: Mapping[str, Any], annotations: Mapping[str, str]) -> None:
    """Check each of `values`, arguments of a public method, that has an annotation in `OF_TYPE`.

    Raises:
        InvalidInput: as `check`.
    """
    check(values, {name: OF_TYPE[kind] for name, kind in annotations.items() if kind in OF_TYPE})


def check_library(values: Mapping[str, Any]) -> None:
    """Check that each of `values` is no object of the one of httpx and httpx2 that is not in use.

    Raises:
        ConfigurationError: names the first one, and the library in use.
    """
    from qiskit_runtime_api.http_library import httpx

    (other,) = {"httpx", "httpx2"} - {httpx.__name__}
    for name, value in values.items():
        if other in {base.__module__.partition(".")[0] for base in type(value).__mro__}:
            used = httpx.__name__
            raise ConfigurationError(
                f"{name}: it is of {other}, but this process uses {used} (httpx2 if it is installed, else httpx): pass "
                f"one of {used}."
            )


def real_number(value: Any) -> float:
    """`value`, any real number, as a float; NaN, which fits nothing, for other values."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if operator.gt(value, 0) else -math.inf


def _is_whole(value: Any) -> bool:
    return operator.index(value) >= 1 and not isinstance(value, bool)


def is_one_of(value: Any, texts: Iterable[str]) -> bool:
    """Whether `value` is one of these texts. Other types need not have a comparison, or a hash."""
    return isinstance(value, str) and value in texts


def is_iterable(value: Any) -> bool:
    """Whether items can be taken from `value`; an array without axes, for example, only looks so."""
    try:
        iter(value)
    except Exception:
        return False
    return True


def is_text(value: Any) -> TypeGuard[str]:
    """Whether `value` is a text that can be sent."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


POSITIVE = Check(lambda value: real_number(value) > 0, "a number of more than 0")
NOT_NEGATIVE = Check(lambda value: real_number(value) >= 0, "a number, 0 or more")
SHARE = Check(lambda value: 0 <= real_number(value) <= 1, "a number from 0 to 1")
WHOLE = Check(_is_whole, "a positive whole number")
FLAG = Check(lambda value: isinstance(value, bool) or type(value).__name__ == "bool_", "True or False")
FUNCTION = Check(callable, "a function")
PATH = Check(lambda value: isinstance(value, Path) or is_text(value), "the path of a file or folder")
TEXT = Check(is_text, "a text")
EVENT = Check(lambda value: hasattr(value, "is_set"), "a threading.Event")
EXECUTOR = Check(lambda value: hasattr(value, "submit"), "an executor, such as a ProcessPoolExecutor")

OF_TYPE: Mapping[str, Check] = {
    "str": TEXT,
    "str | None": TEXT.or_none,
    "bool": FLAG,
    "bool | None": FLAG.or_none,
    "threading.Event | None": EVENT.or_none,
    "StatusCallback | None": FUNCTION.or_none,
    "Callable[[Submitted[J]], Any] | None": FUNCTION.or_none,
    "Executor | None": EXECUTOR.or_none,
}
"""The checks of public methods, by the annotation of the argument. Other arguments have checks of their own."""


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
        raise InvalidInput(
            f"backend={shown(backend)}: expected a backend name, such as those of client.backends.list()."
        )
    name = backend if isinstance(backend, str) else getattr(backend, "name", None)
    if not is_text(name) or not name:
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
            f"{name}={shown(value)}: expected a number of seconds from 1 to {most}, got {type(value).__name__}{advice}."
        )
    seconds = real_number(value)
    if not 1 <= seconds <= most:
        raise InvalidInput(f"{name}={shown(value)}: must be between 1 and {most} seconds.")
    return math.ceil(seconds)


def check_timeout(timeout: Any) -> float | None:
    """`timeout` in seconds; None: without a limit.

    Raises:
        InvalidInput: a text, a negative number, NaN.
    """
    if timeout is None:
        return None
    seconds = real_number(timeout)
    if not seconds >= 0:
        raise InvalidInput(f"timeout={shown(timeout)}: pass seconds, 0 or more, or None to wait without a limit.")
    return seconds if seconds < threading.TIMEOUT_MAX else None


def positive_whole(value: Any, name: str) -> int:
    """`value`, any positive whole number, as an int.

    Raises:
        InvalidInput: another number, or not a number.
    """
    try:
        number = operator.index(value)
    except Exception:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise InvalidInput(f"{name}={shown(value)}: must be a positive whole number.")
    return number


def folder_path(path: Any, name: str) -> Path | None:
    """`path` as a `Path`; None stays None.

    Raises:
        InvalidInput: neither a str nor a `Path`.
    """
    if not PATH.or_none.fits(path):
        raise InvalidInput(f"{name}={shown(path)}: expected the path of a folder or None, got {type(path).__name__}.")
    return None if path is None else Path(path)
