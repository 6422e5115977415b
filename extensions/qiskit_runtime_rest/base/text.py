"""Make texts of the service safe for terminals and logs: they can contain control characters."""

from __future__ import annotations

__all__ = ["LINES", "printable"]

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
