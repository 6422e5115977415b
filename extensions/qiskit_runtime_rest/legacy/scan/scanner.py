"""Scan files and folders for classic use, and fix files."""

from __future__ import annotations

import difflib
import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import python, text
from .addresses import Evidence
from .files import (
    Cell,
    NotANotebook,
    Notebook,
    Source,
    find_files,
    hide_magics,
    language_of,
    open_notebook,
    read,
    rewrite,
    show_magics,
)
from .findings import Finding, Hit, Skipped
from .project import Links, links
from .separate import SeparateProcess, Stopped

__all__ = ["Examination", "Examined", "Fix", "Scanner", "Task", "examine", "fix", "scan"]


LINES = re.compile(r"[^\n]*\n|[^\n]+")
"""Lines as diffs count them: form feeds and other Unicode separators do not end a line."""


MOST_LEFT_OUT = 10
"""After so many files that take too long or crash the process, imports are not followed at all."""


@dataclass(frozen=True)
class Fix:
    """A file before and after the fix. Only `write` writes it."""

    source: Source
    after: str
    within: Path | None = None
    """The folder of the scan that the file is in; None: the file was named itself."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def before(self) -> str:
        """The text before the fix."""
        return self.source.text

    @property
    def changed(self) -> bool:
        """Whether the fix changes the file."""
        return self.after != self.before

    def diff(self) -> str:
        """The change as a unified diff; empty if there is none."""
        lines = difflib.unified_diff(
            LINES.findall(self.before),
            LINES.findall(self.after),
            fromfile=f"a/{self.path.as_posix().lstrip('/')}",
            tofile=f"b/{self.path.as_posix().lstrip('/')}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Replace the file; mode, hard links, encoding, byte order mark and line endings stay.

        Raises:
            OSError: it has changed since it was read, is a link out of the folder of the scan, or cannot be written.
        """
        if self.changed:
            if self.within and not Path(os.path.realpath(self.path)).is_relative_to(os.path.realpath(self.within)):
                raise OSError(errno.EXDEV, f"It is a link to a file outside of {self.within}")
            rewrite(self.path, self.source.encode(self.after), before=self.source.encode(self.before))


@dataclass(frozen=True, kw_only=True)
class Task:
    """A file to examine.

    Attributes:
        path: the file.
        within: the folder of the scan that the file is in; None: the file was named itself.
        fix: whether its fix is wanted.
        as_text: whether it is searched as text only.
        links: what it has to do with the other files.
    """

    path: Path
    within: Path | None = None
    fix: bool = False
    as_text: bool = False
    links: Links = field(default_factory=Links)


@dataclass(frozen=True)
class Examination:
    """What was found in a file."""

    findings: list[Finding] = field(default_factory=list)
    fix: Fix | None = None
    skipped: list[Skipped] = field(default_factory=list)


def examine(task: Task) -> Examination:
    """Read a file, and find its classic use."""
    source = read(task.path)
    if isinstance(source, Skipped):
        return Examination(skipped=[source])
    skipped: list[Skipped] = []
    if task.as_text:
        source = replace(source, language="text")
    elif source.language == "text" and language_of(task.path) == "python":
        skipped.append(Skipped(path=task.path, why="its encoding is not one of Python: searched as text"))
    examined = Examined(source, on_skip=skipped.append, links=task.links)
    found = examined.findings()
    fixed = examined.fix() if task.fix else None
    return Examination(found, fixed and replace(fixed, within=task.within), skipped)


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


@dataclass(frozen=True)
class _Unit:
    """A cell, or a file without cells. `module`: the parsed Python; `magics`: findings in its lines of magics."""

    cell: Cell
    module: python.Module | None = None
    magics: tuple[Hit, ...] = ()
    show: Callable[[str], str] = str


class Examined:
    """One file that was read, with its findings."""

    def __init__(self, source: Source, *, on_skip: Callable[[Skipped], None], links: Links | None = None) -> None:
        """Read the source. Parts that cannot be parsed are reported to `on_skip`, and searched as text."""
        self._links = Links() if links is None else links
        self._source = source
        self._on_skip = on_skip
        self._notebook: Notebook | None = None
        self._evidence = Evidence.of(source.text, linked=self._links.linked)
        self._units = self._parsed() if self._evidence else []

    def _note(self, why: str) -> None:
        self._on_skip(Skipped(path=self._source.path, why=why))

    def _parsed(self) -> list[_Unit]:
        cells = [Cell(0, self._source.language, self._source.text, None)]
        if self._source.language == "notebook":
            try:
                self._notebook = open_notebook(self._source.text)
                cells = list(self._notebook.cells)
                # The JSON of the file escapes quotes, so look at the cells.
                self._evidence = Evidence.of("\n".join(cell.text for cell in cells), linked=self._links.linked)
            except NotANotebook as error:
                self._note(f"it is not a notebook ({error}): searched as text")
        units = [self._unit(cell) for cell in cells]
        try:
            python.read([unit.module for unit in units if unit.module], self._evidence, self._links)
        except python.NotPython as error:
            self._note(f"{error}: searched as text")
            return [_Unit(unit.cell) for unit in units]
        return units

    def _unit(self, cell: Cell) -> _Unit:
        if cell.language != "python":
            return _Unit(cell)
        magics: dict[str, re.Match[str]] = {}
        try:
            try:
                module = python.parse(cell.text)
            except python.NotPython:
                if not self._notebook:
                    raise
                hidden, magics = hide_magics(cell.text)
                module = python.parse(hidden)
        except python.NotPython as error:
            where = f"cell {cell.number}, " if self._notebook else ""
            self._note(f"it is not Python 3 (see {where}{error}): searched as text")
            return _Unit(cell)
        lines = frozenset(cell.text.count("\n", 0, match.start()) + 1 for match in magics.values())
        found = text.find(cell.text, self._evidence, self._links.constants) if lines else []
        return _Unit(
            cell,
            module,
            magics=tuple(hit for hit in found if hit.line in lines),
            show=lambda source: show_magics(source, magics),
        )

    def findings(self) -> list[Finding]:
        """All findings in the file."""
        return [
            Finding(
                path=self._source.path,
                line=hit.line,
                column=hit.column,
                found=hit.found,
                rule=hit.rule,
                becomes=hit.becomes,
                cell=unit.cell.number if self._notebook else None,
                file_line=unit.cell.file_line(hit.line) if self._notebook else hit.line,
                safe=hit.safe,
            )
            for unit in self._units
            for hit in self._hits(unit)
        ]

    def _hits(self, unit: _Unit) -> list[Hit]:
        if unit.module is None:
            return text.find(unit.cell.text, self._evidence, self._links.constants)
        return sorted([*unit.module.hits, *unit.magics], key=lambda hit: (hit.line, hit.column))

    def fix(self) -> Fix | None:
        """The file with its changes; None if it has no Python."""
        fixed: dict[int, str] = {}
        for unit in self._units:
            if unit.module is not None and unit.module.hits:
                if not unit.module.exact:
                    self._note("the parser would change its form feeds or line ends: left as it is")
                    return None
                fixed[unit.cell.number] = unit.show(unit.module.fixed())
        if self._notebook:
            changed = {number: new for number, new in fixed.items() if new != self._notebook.cells[number - 1].text}
            return Fix(self._source, self._notebook.with_sources(changed))
        return Fix(self._source, fixed.get(0, self._source.text)) if self._source.language == "python" else None


def scan(paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
    """All findings at or below `paths`; see `Scanner.scan`."""
    return Scanner().scan(paths)


def fix(path: str | os.PathLike[str]) -> Fix | None:
    """The fix of a file; see `Scanner.fix`."""
    return Scanner().fix(path)
