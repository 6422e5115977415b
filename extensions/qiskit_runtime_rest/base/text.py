"""Texts of the service's, made fit to be shown: they may hold what moves a terminal's cursor, or forges a log line."""

from __future__ import annotations

__all__ = ["LINES", "printable"]

LINES = "\n\t"
"""What a text of several lines keeps."""


def printable(text: str, *, keep: str = "") -> str:
    """`text` with a blank for each white space, and an escape such as `\\x1b` for what else is not printed as it is.

    That is: control characters, marks that turn the direction of writing, surrogates. `keep`: those that stay.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else _instead(each) for each in text)


def _instead(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode("ascii")
