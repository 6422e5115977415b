"""What a scan finds: one use of something classic, and the rule that says what it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..table import MIGRATION_PAGE

__all__ = ["Finding", "Rule", "Skipped"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One classic thing, read from the tables.

    Attributes:
        id: its kind and name: `route/get-jobs`.
        title: what it is, as the table spells it.
        becomes: what to write now.
        anchor: its place on the migration page.
    """

    id: str
    title: str
    becomes: str
    anchor: str

    @property
    def link(self) -> str:
        """The rule on the migration page."""
        return f"{MIGRATION_PAGE}#{self.anchor}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One use of something classic.

    Attributes:
        path: the file.
        line, column: where it begins, from 1; in a notebook the line counts from the top of the cell.
        found: the text of the file.
        rule: what it is.
        becomes: what to write in its place.
        cell: the number of a notebook's cell, from 1; None elsewhere.
        file_line: the line of the file; another one than `line` in notebooks only.
        safe: whether `fix` rewrites it.
    """

    path: Path
    line: int
    column: int
    found: str
    rule: Rule
    becomes: str
    cell: int | None = None
    file_line: int
    safe: bool = False

    @property
    def link(self) -> str:
        """The rule on the migration page."""
        return self.rule.link

    @property
    def place(self) -> str:
        """Where it is, for people: `a.py:3:5`, `a.ipynb:cell 2:3:5`."""
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{self.path}:{cell}{self.line}:{self.column}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return {
            "path": str(self.path),
            "cell": self.cell,
            "line": self.line,
            "column": self.column,
            "found": self.found,
            "rule": self.rule.id,
            "becomes": self.becomes,
            "link": self.link,
            "safe": self.safe,
        }


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A file that was not read, or not read as what it is, and why."""

    path: Path
    why: str
