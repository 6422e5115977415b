"""Tables in HTML, for notebooks. All texts are escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from .text import printable

__all__ = ["facts_table", "rows_table"]

MOST_ROWS = 50
"""Rows of a table; a last line counts the others."""


def facts_table(facts: Mapping[str, object]) -> str:
    """A table with a line for each fact. Those that are None or empty are left out."""
    lines = [
        f"<tr><th style='text-align:left'>{_text(name)}</th><td style='text-align:left'>{_text(value)}</td></tr>"
        for name, value in facts.items()
        if value not in (None, "")
    ]
    return _table(lines, "")


def rows_table(rows: Sequence[Mapping[str, object]], *, caption: str = "", of: int | None = None) -> str:
    """A table with a line for each row, and a column for each name in one of them. `of`: the number of all rows."""
    shown = rows[:MOST_ROWS]
    names = list(dict.fromkeys(name for row in shown for name in row))
    lines = [f"<tr>{''.join(f'<th>{_text(name)}</th>' for name in names)}</tr>"]
    lines += [f"<tr>{''.join(f'<td>{_text(row.get(name))}</td>' for name in names)}</tr>" for row in shown]
    more = (len(rows) if of is None else of) - len(shown)
    if more > 0:
        lines.append(f"<tr><td colspan='{max(1, len(names))}'>and {more} more</td></tr>")
    return _table(lines, caption)


def _table(lines: Sequence[str], caption: str) -> str:
    heading = f"<caption>{_text(caption)}</caption>" if caption else ""
    return f"<table>{heading}{''.join(lines)}</table>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return escape(printable(f"{value:.6g}" if isinstance(value, float) else str(value)))
