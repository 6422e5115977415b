"""Scan files and folders for classic use, and fix files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .examination import Examination, Task, examine
from .files import find_files
from .findings import Finding, Skipped
from .fixes import Fix
from .project import Links, links
from .separate import SeparateProcess, Stopped

__all__ = ["Scanner", "fix", "scan"]


MOST_LEFT_OUT = 10
"""After so many files that take too long or crash the process, imports are not followed at all."""


@dataclass
class Scanner:
    """Finds classic use.

    Attributes:
        skipped: the files that were not read, or were only searched as text, and why.
        seconds: the budget for each file. Files are then read in a separate process, so that a crash of a parser
            ends the search of one file only. None: they are read in this process, without a limit.
        on_file: called with each file before it is read.
    """

    skipped: list[Skipped] = field(default_factory=list)
    seconds: float | None = None
    on_file: Callable[[Path], object] | None = None

    def scan(self, paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
        """All findings at or below `paths`, by file, line and column.

        Files that cannot be read are added to `skipped`. Virtual environments, `node_modules` and the folders
        of tools such as `.git` are not read.
        """
        return self.examine(paths, fix=False)[0]

    def fix(self, path: str | os.PathLike[str]) -> Fix | None:
        """The file with safe uses rewritten, and comments `# qrr: ...` above the rest. Nothing is written.

        None if the file is neither Python nor a notebook, or cannot be parsed.
        """
        done = examine(Task(path=Path(path), fix=True))
        self.skipped += done.skipped
        return done.fix

    def examine(self, paths: Iterable[str | os.PathLike[str]], *, fix: bool = True) -> tuple[list[Finding], list[Fix]]:
        """The findings of `scan`, and with `fix=True` the fixes of all files that change. Files are read only once."""
        findings: list[Finding] = []
        fixes: list[Fix] = []
        process = None if self.seconds is None else SeparateProcess(self.seconds)
        try:
            files = list(find_files(map(Path, paths), on_skip=self.skipped.append))
            shares = self._links(process, [path for path, _ in files])
            for path, within in files:
                if self.on_file:
                    self.on_file(path)
                task = Task(path=path, within=within, fix=fix, links=shares.get(path, Links()))
                done = examine(task) if process is None else self._separately(process, task)
                self.skipped += done.skipped
                findings += done.findings
                if done.fix is not None and done.fix.changed:
                    fixes.append(done.fix)
        finally:
            if process is not None:
                process.end()
        return findings, fixes

    def _links(self, process: SeparateProcess | None, paths: list[Path]) -> Mapping[Path, Links]:
        if process is None:
            return links(paths)
        for _ in range(MOST_LEFT_OUT):
            try:
                return process.link(paths)
            except Stopped as error:
                if error.path is None:
                    break
                self.skipped.append(Skipped(path=error.path, why=f"{error}: imports of it are not followed"))
                paths = [path for path in paths if path != error.path]
        return {}

    def _separately(self, process: SeparateProcess, task: Task) -> Examination:
        try:
            return process.examine(task)
        except Stopped as error:
            why = str(error)
        try:
            done = process.examine(replace(task, as_text=True, fix=False))
        except Stopped:
            return Examination(skipped=[Skipped(path=task.path, why=f"{why}: it is not searched")])
        return replace(done, skipped=[*done.skipped, Skipped(path=task.path, why=f"{why}: searched as text")])


def scan(paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
    """All findings at or below `paths`; see `Scanner.scan`."""
    return Scanner().scan(paths)


def fix(path: str | os.PathLike[str]) -> Fix | None:
    """The fix of a file; see `Scanner.fix`."""
    return Scanner().fix(path)
