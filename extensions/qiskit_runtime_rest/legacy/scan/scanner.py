"""Scan files and folders for classic use, and make the fixed text of a file."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import text
from .files import Source, find_files, read, replace
from .finding import Finding, Skipped
from .hits import Evidence

__all__ = ["Fix", "Scanner", "scan"]


@dataclass(frozen=True)
class Fix:
    """A file as it is and as it would be: nothing is written until `write`."""

    source: Source
    after: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def before(self) -> str:
        """Its text as it is."""
        return self.source.text

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.after != self.before

    def diff(self) -> str:
        """The change as a unified diff; empty without one."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            fromfile=f"a/{self.path}",
            tofile=f"b/{self.path}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Replace the file at once; its mode, encoding, byte order mark and line endings stay. Raises `OSError`."""
        if self.changed:
            replace(self.path, self.source.encode(self.after))


@dataclass
class Scanner:
    """Finds classic use. `skipped`: the files that were not read, or not as what they are, and why."""

    skipped: list[Skipped] = field(default_factory=list)

    def scan(self, paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
        """Everything classic at or below `paths`, by file, line and column.

        A file that cannot be read is noted in `skipped`; nothing is raised. Folders that are hidden, virtual
        environments and `node_modules` are passed.
        """
        found: list[Finding] = []
        for path in find_files(map(Path, paths), on_skip=self.skipped.append):
            source = read(path)
            if isinstance(source, Skipped):
                self.skipped.append(source)
            else:
                found += text_findings(source)
        return found


def text_findings(source: Source) -> list[Finding]:
    """The findings of a file that is no program of ours to parse."""
    return [
        Finding(
            path=source.path,
            line=hit.line,
            file_line=hit.line,
            column=hit.column,
            found=hit.found,
            rule=hit.rule,
            becomes=hit.becomes,
        )
        for hit in text.find(source.text, Evidence.of(source.text))
    ]


def scan(paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
    """Everything classic at or below `paths`; see `Scanner.scan`."""
    return Scanner().scan(paths)
