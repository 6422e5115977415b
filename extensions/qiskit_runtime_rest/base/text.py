"""Make texts of the service safe for terminals and logs: they can contain control characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

__all__ = ["LINES", "also_half_built", "printable", "shown"]

LINES = "\n\t"
"""Characters to keep in a text of several lines."""


def printable(text: str, *, keep: str = "") -> str:
    """`text` with a space for each white space, and an escape such as `\\x1b` for each other unprintable character.

    Those are control characters, marks of the writing direction, and surrogates. `keep`: characters to leave unchanged.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else _instead(each) for each in text)


def _instead(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode("ascii")


LONGEST_SHOWN = 200


def shown(value: object) -> str:
    """The repr of a value of the caller, for a message: short, and whatever its `__repr__` does."""
    try:
        text = repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def also_half_built(shown: Callable[[Any], str]) -> Callable[[Any], str]:
    """A `__repr__` that also works for objects that could not be made: debuggers show them among local variables."""

    @wraps(shown)
    def text(self: Any) -> str:
        try:
            return shown(self)
        except AttributeError:
            return f"<{type(self).__name__} that could not be made>"

    return text
