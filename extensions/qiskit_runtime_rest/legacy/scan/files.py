"""Files and notebooks: which of them a scan reads, how bytes become text and back, and how files are replaced."""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import re
import stat
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import nbformat

from ...base.files import write_atomically
from .findings import Lines, Skipped

__all__ = [
    "Cell",
    "Language",
    "NotANotebook",
    "Notebook",
    "Source",
    "decode",
    "find_files",
    "hide_magics",
    "language_of",
    "open_notebook",
    "read",
    "rewrite",
    "show_magics",
]

Language: TypeAlias = Literal["python", "notebook", "text"]

LARGEST = 20_000_000
"""Bytes. A larger file holds data, not a program."""

PYTHON = (".py", ".pyi", ".pyw")
NOTEBOOKS = (".ipynb",)
_SUFFIXES = """
.adoc .awk .bash .bat .c .cc .cfg .cjs .clj .cmd .conf .cpp .cs .csh .curl .cxx .dart .env .erl .ex .exs .f90 .fish
.fs .go .gradle .groovy .h .hpp .hs .htm .html .http .hxx .ini .java .jl .js .json .json5 .jsonc .jsx .kt .kts .ksh
.lua .m .markdown .md .mdx .mjs .mk .ml .mlx .nb .nim .org .php .pl .pm .properties .ps1 .psm1 .qmd .r .rb .rest .rmd
.rs .rst .sbt .scala .sh .sql .svelte .swift .tcl .tex .tf .tfvars .toml .ts .tsx .txt .vb .vue .wl .wls .xml .yaml
.yml .zig .zsh
"""
TEXTS = frozenset(_SUFFIXES.split())
NAMES = frozenset(("Dockerfile", "Containerfile", "Makefile", "Jenkinsfile", "Pipfile", "Rakefile", "Vagrantfile"))
_SKIPPED = """
__pycache__ bower_components node_modules site-packages
.cache .eggs .git .gradle .hg .idea .ipynb_checkpoints .mypy_cache .nox .npm .pytest_cache .ruff_cache .svn .tox .venv
"""
SKIPPED_FOLDERS = frozenset(_SKIPPED.split())
"""Folders of installed programs and tools. Virtual environments are skipped too."""
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # That of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BEGINNING = 1000
"""Bytes in which UTF-16 without a byte order mark is recognised."""
CELL_MAGIC = re.compile(r"\s*%%(?P<name>!|\w+)")
PYTHON_MAGICS = frozenset(("time", "timeit", "capture", "prun", "debug", "python", "python3", "pypy"))
MAGIC = re.compile(
    r"^(?P<indent>[ \t]*)(?P<magic>(?:[\w.,\[\]][\w.,\[\] ]*=[ \t]*)?[!%?][^\r\n]*|[\w.]+\?\??)(?=\r?$)", re.MULTILINE
)
HIDDEN = "__qrr_magic_"
DECODER = json.JSONDecoder(strict=False)
BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Source:
    """A file that was read: `text` keeps its line endings; `encoding` and `bom` turn it into bytes again."""

    path: Path
    language: Language
    text: str
    encoding: str
    bom: bytes = b""

    def encode(self, text: str) -> bytes:
        """The bytes of the file with another `text`. Raises: UnicodeEncodeError."""
        return self.bom + text.encode(self.encoding)


def language_of(path: Path) -> Language | None:
    """The language of a file, by its name; None: a scan does not read it."""
    suffix = path.suffix.lower()
    if suffix in PYTHON:
        return "python"
    if suffix in NOTEBOOKS:
        return "notebook"
    # `.env` has no suffix, and that of `.env.local` is `.local`.
    if suffix in TEXTS or path.name in NAMES or path.name.startswith((".env", "Dockerfile.")):
        return "text"
    return None


def find_files(paths: Iterable[Path], *, on_skip: Callable[[Skipped], None]) -> Iterator[tuple[Path, Path | None]]:
    """The files to read at or below `paths`, in order, without duplicates, and the folder of `paths` that each is in.

    Files in `paths` may have any name.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _below(path, on_skip=on_skip) if path.is_dir() else (path,):
            # A circular link cannot be resolved; `read` reports it.
            real = Path(os.path.realpath(file))
            if real not in seen:
                seen.add(real)
                yield file, None if file is path else path


def _below(folder: Path, *, on_skip: Callable[[Skipped], None]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        on_skip(Skipped(path=Path(error.filename or folder), why=error.strerror or str(error)))

    # Links to folders are not followed: they may be circular, or leave the project.
    for here, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(here, name)))
        yield from (Path(here, name) for name in sorted(files) if language_of(Path(name)))


def _is_skipped(folder: Path) -> bool:
    return folder.name in SKIPPED_FOLDERS or (folder / "pyvenv.cfg").exists()


def read(path: Path) -> Source | Skipped:
    """Read a file; `Skipped` says why it was not read."""
    try:
        # Opening a pipe, and reading some files of the kernel, would wait for ever.
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Skipped(path=path, why="it is not a regular file")
            # It may grow, and its size may not be known.
            content = file.read(LARGEST + 1) or b""
        if len(content) > LARGEST:
            return Skipped(path=path, why=f"it is larger than {LARGEST // 1_000_000} MB")
    except OSError as error:
        return Skipped(path=path, why=error.strerror or str(error))
    return decode(path, content)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def decode(path: Path, content: bytes) -> Source | Skipped:
    """Decode the bytes of a file by byte order mark, by Python's encoding cookie, or as UTF-8."""
    language = language_of(path) or "text"
    bom, encoding = next(((bom, name) for bom, name in BOMS if content.startswith(bom)), (b"", "utf-8"))
    if not bom and b"\0" in content:
        found = _utf_16(content)
        if found is None:
            return Skipped(path=path, why="it is binary")
        encoding = found
    try:
        if language == "python" and encoding == "utf-8":
            encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0].replace("utf-8-sig", "utf-8")
        elif language == "python":
            language = "text"  # Python does not run it
        source = Source(path, language, content[len(bom) :].decode(encoding), encoding, bom)
        if source.encode(source.text) == content:
            return source
    except (SyntaxError, UnicodeError, LookupError):
        pass
    # An old one-byte encoding, or one that is not for programs. Classic use is ASCII, so it is still found.
    return Source(path, "text", content[len(bom) :].decode("latin-1"), "latin-1", bom)


def _utf_16(content: bytes) -> str | None:
    """The byte order of UTF-16 without a byte order mark, seen from ASCII text; None if it is another encoding."""
    start = content[:BEGINNING]
    even, odd, most = start[0::2].count(0), start[1::2].count(0), len(start) // 2 * 0.9
    if even == 0 and odd > most:
        return "utf-16-le"
    return "utf-16-be" if odd == 0 and even > most else None


def rewrite(path: Path, content: bytes, *, before: bytes) -> None:
    """Replace the file, which keeps its mode and its hard links; atomically, if it has no other hard link.

    Raises:
        OSError: the file is not as `before`, or cannot be written.
    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if file.read(len(before) + 1) != before:
            raise OSError(errno.ESTALE, "It has changed since it was read")
    if status.st_nlink == 1:
        write_atomically(path, content, mode=stat.S_IMODE(status.st_mode))
        return
    with path.open("r+b", buffering=0) as file:
        try:
            _overwrite(file, content)
        except OSError:  # the disk is full
            _overwrite(file, before)
            raise


def _overwrite(file: io.FileIO, content: bytes) -> None:
    file.seek(0)
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    file.truncate()


class NotANotebook(ValueError):
    """The text is not a notebook."""


@dataclass(frozen=True)
class Cell:
    """A cell. `span`: the span of its source in the JSON of the file; None in formats before 4."""

    number: int
    language: str
    text: str
    span: tuple[int, int] | None
    lines: tuple[int, ...] = ()

    def file_line(self, line: int) -> int:
        """The line of the file for a line of the cell."""
        return self.lines[min(line, len(self.lines)) - 1] if self.lines else 1


@dataclass(frozen=True)
class Notebook:
    """A notebook's JSON, and its cells."""

    text: str
    cells: tuple[Cell, ...]

    def with_sources(self, sources: dict[int, str]) -> str:
        """The JSON with new sources for some cells, by number; all other bytes stay the same."""
        text = self.text
        for cell in reversed(self.cells):
            if cell.number in sources and cell.span:
                start, end = cell.span
                text = text[:start] + _dumped(sources[cell.number], text[start:end]) + text[end:]
        return text


def open_notebook(text: str) -> Notebook:
    """Parse a notebook of any format. Raises: NotANotebook."""
    try:
        raw = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]
        kernel = str(raw.get("metadata", {}).get("kernelspec", {}).get("language", "python")).lower()
        # Convert the old formats only: conversion may rename and move things.
        cells = raw.cells if raw.get("nbformat") == 4 else nbformat.convert(raw, 4).cells  # type: ignore[no-untyped-call]
        spans = _source_spans(text) if raw.get("nbformat") == 4 else {}
        starts = Lines(text)
        numbered = enumerate(cells, 1)
        return Notebook(text, tuple(_cell(number, cell, kernel, text, spans, starts) for number, cell in numbered))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, nbformat.ValidationError) as error:
        raise NotANotebook(str(error).splitlines()[0][:100] if str(error) else type(error).__name__) from None


def _cell(
    number: int,
    cell: nbformat.NotebookNode,
    kernel: str,
    text: str,
    spans: dict[int, tuple[int, int]],
    starts: Lines,
) -> Cell:
    source = "".join(cell.source) if isinstance(cell.source, list) else str(cell.source)
    magic = CELL_MAGIC.match(source)
    python = cell.cell_type == "code" and kernel.startswith("python")
    if magic and magic["name"] not in PYTHON_MAGICS:
        python = False
    span = spans.get(number - 1)
    lines = _file_lines(text, span, starts) if span else ()
    return Cell(number, "python" if python else "text", source, span, lines)


def _file_lines(text: str, span: tuple[int, int], starts: Lines) -> tuple[int, ...]:
    first = starts.at(span[0])[0]
    if text[span[0]] != "[":
        return (first,)
    found: list[int] = []
    for start, end in _elements(text, span[0]):
        element = json.loads(text[start:end], strict=False)
        found += [starts.at(start)[0]] * max(element.count("\n"), 1)
    return tuple(found) or (first,)


def _source_spans(text: str) -> dict[int, tuple[int, int]]:
    """The span of each cell's source, by the cell's index."""
    spans: dict[int, tuple[int, int]] = {}
    for key, start, _ in _members(text, _blank(text, 0)):
        if key == "cells":
            for place, (cell, _end) in enumerate(_elements(text, start)):
                for name, *span in _members(text, cell):
                    if name == "source":
                        spans[place] = (span[0], span[1])
    return spans


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
    """A source as JSON, in the layout of the old one."""
    escaped = as_before.isascii()
    if not as_before.startswith("["):
        return json.dumps(source, ensure_ascii=escaped)
    blanks = as_before[1 : _blank(as_before, 1)]
    after = BLANK.match(as_before[::-1], 1)
    last = after[0][::-1] if after else ""
    lines = [json.dumps(line, ensure_ascii=escaped) for line in source.splitlines(keepends=True)]
    between = blanks or (" " if '", "' in as_before else "")
    return f"[{blanks}{f',{between}'.join(lines)}{last}]"


def hide_magics(source: str) -> tuple[str, dict[str, re.Match[str]]]:
    """The source with names instead of magics, so that it can be parsed, and the magics by these names."""
    magics: dict[str, re.Match[str]] = {}
    hidden = HIDDEN
    while hidden in source:
        hidden = f"_{hidden}_"

    def name(match: re.Match[str]) -> str:
        name = f"{hidden}{len(magics)}__"
        magics[name] = match
        return match["indent"] + name

    return MAGIC.sub(name, source), magics


def show_magics(source: str, magics: Mapping[str, re.Match[str]]) -> str:
    """Undo `hide_magics`."""
    if not magics:
        return source
    return re.sub("|".join(magics), lambda match: magics[match[0]]["magic"], source)
