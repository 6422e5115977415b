"""Examine one file: its classic use, and its fix."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import python, text
from .addresses import Evidence
from .files import Cell, NotANotebook, Notebook, Source, hide_magics, language_of, open_notebook, read, show_magics
from .findings import Finding, Hit, Skipped
from .fixes import Fix
from .project import Links

__all__ = ["Examination", "Examined", "Task", "examine"]


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
