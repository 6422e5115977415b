"""Findings of a scan, for people, as JSON, and as SARIF 2.1.0, which code hosts show beside the lines.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..._version import __version__
from ..table import MIGRATION_GUIDE
from .rules import RULES, Rule

__all__ = ["Finding", "Hit", "Lines", "Skipped", "sarif"]
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A finding within one piece of text. `line` and `column` count from 1."""

    line: int
    column: int
    found: str
    rule: Rule
    becomes: str
    safe: bool = False


class Lines:
    """Converts offsets into lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        """Find the lines of `text`."""
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One classic use in a file.

    Attributes:
        path: the file.
        line, column: its beginning, from 1; in a notebook the line counts from the top of the cell.
        found: the text in the file.
        rule: the row of the tables.
        becomes: what to write instead.
        cell: the number of the notebook's cell, from 1; None in other files.
        file_line: the line of the file; it differs from `line` in notebooks only.
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
        """Its place as text: `a.py:3:5`, `a.ipynb:cell 2:3:5`."""
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{self.path}:{cell}{self.line}:{self.column}"

    def to_dict(self) -> dict[str, Any]:
        """Plain Python, for JSON."""
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
    """A file that was not read, or was only searched as text, and why."""

    path: Path
    why: str


def sarif(findings: Sequence[Finding], skipped: Sequence[Skipped] = ()) -> dict[str, Any]:
    """The findings as SARIF: one run with the tables as rules, and skipped files as notifications."""
    places = {rule.id: place for place, rule in enumerate(RULES)}
    driver = {"name": "qrr legacy scan", "version": __version__, "rules": [_rule(rule) for rule in RULES]}
    notices = [
        {"level": "warning", "message": {"text": one.why}, "locations": [{"physicalLocation": _artifact(one.path)}]}
        for one in skipped
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notices}],
        "results": [_result(finding, places[finding.rule.id]) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    # The link to the migration page is relative to the project; a `helpUri` must be absolute.
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title} of the classic API"},
        "fullDescription": {"text": f"{rule.title} is now: {rule.becomes}"},
        "helpUri": MIGRATION_GUIDE,
        "help": {"text": f"See: {rule.link}", "markdown": f"See `{rule.link}`."},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(finding: Finding, place: int) -> dict[str, Any]:
    # In a notebook the line is that of the JSON, where columns have no meaning.
    region = {"startLine": finding.file_line}
    location: dict[str, Any] = {"physicalLocation": {**_artifact(finding.path), "region": region}}
    if finding.cell is None:
        region["startColumn"] = finding.column
    else:
        name = f"cell {finding.cell}, line {finding.line}, column {finding.column}"
        location["logicalLocations"] = [{"name": name, "kind": "member"}]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": place,
        "level": "warning",
        "message": {"text": f"{finding.found} becomes: {finding.becomes}"},
        "locations": [location],
    }


def _artifact(path: Path) -> dict[str, Any]:
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    return {"artifactLocation": {"uri": uri}}
