"""Notebooks: where the sources of their cells stand in the JSON, so that one can be replaced and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat

__all__ = ["Cell", "NotANotebook", "Notebook", "hide_magics", "open_notebook", "show_magics"]

CELL_MAGIC = re.compile(r"\s*%%(?P<name>!|\w+)")
PYTHON_MAGICS = frozenset(("time", "timeit", "capture", "prun", "debug", "python", "python3", "pypy"))
MAGIC = re.compile(
    r"^(?P<indent>[ \t]*)(?P<magic>(?:[\w.,\[\] ]+=[ \t]*)?[!%?][^\r\n]*|[\w.]+\?\??)(?=\r?$)", re.MULTILINE
)
HIDDEN = "__qrr_magic_{}__"
SHOWN = re.compile(HIDDEN.format(r"(\d+)"))


class NotANotebook(ValueError):
    """The text is no notebook."""


@dataclass(frozen=True)
class Cell:
    """A cell. `span`: where the JSON of its source stands in the file; None in the formats before 4."""

    number: int
    language: str
    text: str
    span: tuple[int, int] | None
    lines: tuple[int, ...] = ()

    def file_line(self, line: int) -> int:
        """The line of the file in which a line of the cell stands."""
        return self.lines[min(line, len(self.lines)) - 1] if self.lines else 1


@dataclass(frozen=True)
class Notebook:
    """A notebook's JSON, and its cells."""

    text: str
    cells: tuple[Cell, ...]

    def with_sources(self, sources: dict[int, str]) -> str:
        """The JSON with other texts in some cells, by number; the rest stays byte for byte."""
        text = self.text
        for cell in reversed(self.cells):
            if cell.number in sources and cell.span:
                start, end = cell.span
                text = text[:start] + _dumped(sources[cell.number], text[start:end]) + text[end:]
        return text


def open_notebook(text: str) -> Notebook:
    """Read a notebook of any format; raises `NotANotebook`."""
    try:
        raw = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]
        kernel = str(raw.get("metadata", {}).get("kernelspec", {}).get("language", "python")).lower()
        # Conversion may rename and move things, and is for the old formats only.
        cells = raw.cells if raw.get("nbformat") == 4 else nbformat.convert(raw, 4).cells  # type: ignore[no-untyped-call]
        spans = _source_spans(text) if raw.get("nbformat") == 4 else {}
        return Notebook(text, tuple(_cell(number, cell, kernel, text, spans) for number, cell in enumerate(cells, 1)))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, nbformat.ValidationError) as error:
        raise NotANotebook(str(error).splitlines()[0][:100] if str(error) else type(error).__name__) from None


def _cell(number: int, cell: nbformat.NotebookNode, kernel: str, text: str, spans: dict[int, tuple[int, int]]) -> Cell:
    source = "".join(cell.source) if isinstance(cell.source, list) else str(cell.source)
    magic = CELL_MAGIC.match(source)
    python = cell.cell_type == "code" and kernel.startswith("python")
    if magic and magic["name"] not in PYTHON_MAGICS:
        python = False
    span = spans.get(number - 1)
    lines = _file_lines(text, span) if span else ()
    return Cell(number, "python" if python else "text", source, span, lines)


def _file_lines(text: str, span: tuple[int, int]) -> tuple[int, ...]:
    first = text.count("\n", 0, span[0]) + 1
    if text[span[0]] != "[":
        return (first,)
    found: list[int] = []
    for start, end in _elements(text, span[0]):
        element = json.loads(text[start:end], strict=False)
        found += [text.count("\n", span[0], start) + first] * max(element.count("\n"), 1)
    return tuple(found) or (first,)


def _source_spans(text: str) -> dict[int, tuple[int, int]]:
    """The span of each cell's source, by the cell's place."""
    spans: dict[int, tuple[int, int]] = {}
    for key, start, _ in _members(text, _blank(text, 0)):
        if key == "cells":
            for place, (cell, _end) in enumerate(_elements(text, start)):
                for name, *span in _members(text, cell):
                    if name == "source":
                        spans[place] = (span[0], span[1])
    return spans


DECODER = json.JSONDecoder(strict=False)
BLANK = re.compile(r"[ \t\r\n]*")


def _blank(text: str, at: int) -> int:
    match = BLANK.match(text, at)
    return match.end() if match else at


def _members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Key, start and end of the value, of the members of the object at `start`."""
    at = _blank(text, start + 1)
    while text[at] != "}":
        key, at = DECODER.raw_decode(text, at)
        at = _blank(text, _blank(text, at) + 1)
        _, end = DECODER.raw_decode(text, at)
        yield key, at, end
        at = _blank(text, end)
        at = _blank(text, at + 1) if text[at] == "," else at


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of the elements of the list at `start`."""
    at = _blank(text, start + 1)
    while text[at] != "]":
        _, end = DECODER.raw_decode(text, at)
        yield at, end
        at = _blank(text, end)
        at = _blank(text, at + 1) if text[at] == "," else at


def _dumped(source: str, as_before: str) -> str:
    """A source as JSON, laid out as the one before it."""
    escaped = as_before.isascii()
    if not as_before.startswith("["):
        return json.dumps(source, ensure_ascii=escaped)
    blanks = as_before[1 : _blank(as_before, 1)]
    after = BLANK.match(as_before[::-1], 1)
    last = after[0][::-1] if after else ""
    lines = [json.dumps(line, ensure_ascii=escaped) for line in source.splitlines(keepends=True)]
    between = blanks or (" " if '", "' in as_before else "")
    return f"[{blanks}{f',{between}'.join(lines)}{last}]"


def hide_magics(source: str) -> tuple[str, list[re.Match[str]]]:
    """The source as Python that can be parsed, and the magics, for which names stand there."""
    magics: list[re.Match[str]] = []

    def name(match: re.Match[str]) -> str:
        magics.append(match)
        return match["indent"] + HIDDEN.format(len(magics) - 1)

    return MAGIC.sub(name, source), magics


def show_magics(source: str, magics: list[re.Match[str]]) -> str:
    """Undo `hide_magics`."""
    return SHOWN.sub(lambda match: magics[int(match[1])]["magic"], source)
