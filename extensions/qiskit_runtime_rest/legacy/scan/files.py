"""Files: which of them a scan reads, how their bytes become text and back, and how they are replaced."""

from __future__ import annotations

import codecs
import io
import os
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ...base.files import write_atomically
from .finding import Skipped

__all__ = ["Language", "Source", "decode", "find_files", "language_of", "read", "replace"]

Language: TypeAlias = Literal["python", "notebook", "text"]

LARGEST = 20_000_000
"""Bytes; a larger file holds data, no program."""

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
PASSED = frozenset(("node_modules", "__pycache__", "site-packages", "bower_components"))
"""Folders of other people's programs; those that are hidden, and virtual environments, are passed too."""


@dataclass(frozen=True)
class Source:
    """A file that was read: `text` keeps its line endings; `encoding` and `bom` make it bytes again."""

    path: Path
    language: Language
    text: str
    encoding: str
    bom: bytes = b""

    def encode(self, text: str) -> bytes:
        """The bytes of the file with `text` in place of its own; raises `UnicodeEncodeError`."""
        return self.bom + text.encode(self.encoding)


def language_of(path: Path) -> Language | None:
    """What is in a file, by its name; None: nothing that a scan reads."""
    suffix = path.suffix.lower()
    if suffix in PYTHON:
        return "python"
    if suffix in NOTEBOOKS:
        return "notebook"
    # `.env` and `.env.local` are names without a suffix, or with one of their own.
    if suffix in TEXTS or path.name in NAMES or path.name.startswith((".env", "Dockerfile.")):
        return "text"
    return None


def find_files(paths: Iterable[Path], *, on_skip: Callable[[Skipped], None]) -> Iterator[Path]:
    """The files to read at or below `paths`, in order, each once; those named in `paths` whatever they are called."""
    seen: set[Path] = set()
    for path in paths:
        for file in _below(path, on_skip=on_skip) if path.is_dir() else (path,):
            # A link that leads round in a circle cannot be resolved; reading it says so.
            real = Path(os.path.realpath(file))
            if real not in seen:
                seen.add(real)
                yield file


def _below(folder: Path, *, on_skip: Callable[[Skipped], None]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        on_skip(Skipped(path=Path(error.filename or folder), why=error.strerror or str(error)))

    # Links to folders are not followed: they may lead round in a circle, or out of the project.
    for here, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not _passed(Path(here, name)))
        yield from (Path(here, name) for name in sorted(files) if language_of(Path(name)))


def _passed(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in PASSED or (folder / "pyvenv.cfg").exists()


def read(path: Path) -> Source | Skipped:
    """The text of a file, or why there is none."""
    try:
        if not path.is_file():
            return Skipped(path=path, why="it is no regular file")
        if path.stat().st_size > LARGEST:
            return Skipped(path=path, why=f"it is larger than {LARGEST // 1_000_000} MB")
        content = path.read_bytes()
    except OSError as error:
        return Skipped(path=path, why=error.strerror or str(error))
    return decode(path, content)


def decode(path: Path, content: bytes) -> Source | Skipped:
    """The text that bytes stand for: as Python's encoding cookie or a byte order mark says, else UTF-8."""
    language = language_of(path) or "text"
    bom, encoding = next(((bom, name) for bom, name in BOMS if content.startswith(bom)), (b"", "utf-8"))
    if not bom and b"\0" in content:
        return Skipped(path=path, why="it is binary")
    try:
        if language == "python":
            encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0].replace("utf-8-sig", "utf-8")
        return Source(path, language, content[len(bom) :].decode(encoding), encoding, bom)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        # Old editors wrote one byte for each character: classic use is ASCII, and found all the same.
        return Source(path, "text", content[len(bom) :].decode("latin-1"), "latin-1", bom)


BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the file's place at once, with its mode. Raises `OSError`."""
    write_atomically(path, content, mode=path.stat().st_mode)
