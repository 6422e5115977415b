"""Scan files and folders for classic use, and fix files."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
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
    replace,
    show_magics,
)
from .findings import Finding, Hit, Skipped

__all__ = ["Examined", "Fix", "Scanner", "fix", "scan"]


LINES = re.compile(r"[^\n]*\n|[^\n]+")
"""Lines as diffs count them: form feeds and other Unicode separators do not end a line."""


@dataclass(frozen=True)
class Fix:
    """A file before and after the fix. Only `write` writes it."""

    source: Source
    after: str

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
        """Replace the file atomically; mode, encoding, byte order mark and line endings stay. Raises: OSError."""
        if self.changed:
            replace(self.path, self.source.encode(self.after))


@dataclass
class Scanner:
    """Finds classic use. `skipped`: the files that were not read, or were only searched as text, and why."""

    skipped: list[Skipped] = field(default_factory=list)

    def scan(self, paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
        """All findings at or below `paths`, by file, line and column.

        Files that cannot be read are added to `skipped`. Hidden folders, virtual environments and `node_modules` are
        not read.
        """
        return self.examine(paths, fix=False)[0]

    def fix(self, path: str | os.PathLike[str]) -> Fix | None:
        """The file with safe uses rewritten, and comments `# qrr: ...` above the rest. Nothing is written.

        None if the file is neither Python nor a notebook, or cannot be parsed.
        """
        read_file = self._read(Path(path))
        return None if read_file is None else read_file.fix()

    def examine(self, paths: Iterable[str | os.PathLike[str]], *, fix: bool = True) -> tuple[list[Finding], list[Fix]]:
        """The findings of `scan`, and with `fix=True` the fixes of all files that change. Files are read only once."""
        findings: list[Finding] = []
        fixes: list[Fix] = []
        for read_file in self._files(paths):
            findings += read_file.findings()
            fixed = read_file.fix() if fix else None
            if fixed is not None and fixed.changed:
                fixes.append(fixed)
        return findings, fixes

    def _files(self, paths: Iterable[str | os.PathLike[str]]) -> Iterator[Examined]:
        for path in find_files(map(Path, paths), on_skip=self.skipped.append):
            if read_file := self._read(path):
                yield read_file

    def _read(self, path: Path) -> Examined | None:
        source = read(path)
        if isinstance(source, Skipped):
            self.skipped.append(source)
            return None
        if source.language == "text" and language_of(path) == "python":
            self.skipped.append(Skipped(path=path, why="its encoding is not known: searched as text"))
        return Examined(source, on_skip=self.skipped.append)


@dataclass(frozen=True)
class _Unit:
    """A cell, or a file without cells. `module`: the parsed Python; `magics`: findings in its lines of magics."""

    cell: Cell
    module: python.Module | None = None
    magics: tuple[Hit, ...] = ()
    show: Callable[[str], str] = str


class Examined:
    """One file that was read, with its findings."""

    def __init__(self, source: Source, *, on_skip: Callable[[Skipped], None]) -> None:
        """Read the source. Parts that cannot be parsed are reported to `on_skip`, and searched as text."""
        self._source = source
        self._on_skip = on_skip
        self._notebook: Notebook | None = None
        self._evidence = Evidence.of(source.text)
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
                self._evidence = Evidence.of("\n".join(cell.text for cell in cells))
            except NotANotebook as error:
                self._note(f"it is not a notebook ({error}): searched as text")
        units = [self._unit(cell) for cell in cells]
        try:
            python.read([unit.module for unit in units if unit.module], self._evidence)
        except python.NotPython as error:
            self._note(f"{error}: searched as text")
            return [_Unit(unit.cell) for unit in units]
        return units

    def _unit(self, cell: Cell) -> _Unit:
        if cell.language != "python":
            return _Unit(cell)
        magics: list[re.Match[str]] = []
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
        lines = frozenset(cell.text.count("\n", 0, match.start()) + 1 for match in magics)
        found = text.find(cell.text, self._evidence) if lines else []
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
            return text.find(unit.cell.text, self._evidence)
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
