"""Which files of a project share classic addresses: the files that import them, and the values of imported names."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from .addresses import HOLE, Evidence, addresses, imports
from .files import Source, read
from .text import named_addresses

__all__ = ["Links", "links"]

PYTHON = (".py", ".pyi", ".pyw", ".ipynb")
SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".vue", ".svelte")
SHARED_FOLDER = (".go",)
"""Languages whose files in a folder see each other's names."""
SHARED_NAMES = (".m", ".java", ".kt", ".kts", ".scala", ".cs", ".swift", ".groovy")
"""Languages that name a file's class without an import."""
ROUNDS = 3
"""How often names are followed through files that pass them on."""

FROM = re.compile(r"\bfrom[ \t]++(?P<module>[\w.]*+)[ \t]++import[ \t]++(?P<names>\((?:[^()]{0,2000})\)|[\w, \t]+|\*)")
IMPORT = re.compile(r"(?m)^[ \t\"]*import[ \t]+(?P<names>[\w., \t]+)")
RELATIVE = re.compile(r"(?:\bfrom|\brequire\(|\bimport\(?)\s*[\"'`](?P<path>\.{1,2}/[^\"'`\n]+)[\"'`]")
LINE = re.compile(
    r"(?m)^(?P<indent>[ \t]*)"
    r"(?:class[ \t]+(?P<class>\w+)|(?P<name>\w+)[ \t]*(?::[^=\n]{1,80})?=(?!=)(?P<value>[^\n]{1,500}))"
)


@dataclass
class Links:
    """What a file has to do with the other files of its project.

    Attributes:
        linked: whether it imports a file with a classic address.
        shared: whether another file imports its classic addresses.
        constants: the addresses of imported names.
    """

    linked: bool = False
    shared: bool = False
    constants: dict[str, str] = field(default_factory=dict)


def links(paths: Sequence[Path], on_file: Callable[[Path], object] = lambda _: None) -> Mapping[Path, Links]:
    """The links between files. `on_file`: called with each file before it is read or searched."""
    found = {path: Links() for path in paths}
    classic: dict[Path, str] = {}
    for path in paths:
        on_file(path)
        source = read(path)
        if isinstance(source, Source) and Evidence.of(source.text).addresses:
            classic[path] = source.text
    if not classic:
        return found
    python = {os.path.normpath(path): path for path in paths if path.suffix.lower() in PYTHON}
    by_place = {os.path.normpath(path): path for path in classic}
    suffixes = {path.suffix.lower() for path in classic}
    texts = {path: text for path, text in classic.items() if path.suffix.lower() in PYTHON}
    imported: dict[Path, list[_Import]] = {}
    for path in paths:
        suffix = path.suffix.lower()
        if suffix not in suffixes and suffix not in (*PYTHON, *SCRIPTS):
            continue  # it cannot import one of them
        on_file(path)
        source = read(path)
        if not isinstance(source, Source):
            continue
        if suffix in PYTHON:
            imported[path] = list(_imports(path, source.text, python))
            if imported[path]:
                texts[path] = source.text
        for other in _others(path, source.text, classic, by_place):
            found[path].linked = found[other].shared = True
            found[path].constants |= named_addresses(classic[other])
    _follow_python(texts, imported, set(classic), found, on_file)
    return found


def _others(path: Path, text: str, classic: Iterable[Path], by_place: Mapping[str, Path]) -> Iterator[Path]:
    """The classic files that a file in another language than Python uses."""
    suffix = path.suffix.lower()
    if suffix in PYTHON:
        return
    if suffix in SCRIPTS:
        for match in RELATIVE.finditer(text):
            target = os.path.normpath(path.parent / match["path"])
            named = (target, *(target + end for one in SCRIPTS for end in (one, f"/index{one}")))
            yield from (by_place[one] for one in named if one in by_place)
        return
    words = set(re.findall(r"\w+", text)) if suffix in SHARED_NAMES else imports(text)
    for other in classic:
        near = other.suffix.lower() == suffix and other != path
        if near and (other.stem in words or (suffix in SHARED_FOLDER and other.parent == path.parent)):
            yield other


# Python

_Import: TypeAlias = tuple[Path, str, str]
"""The file, the name in it or an empty text for the file itself, and the name here."""


def _follow_python(
    texts: Mapping[Path, str],
    imported: Mapping[Path, Sequence[_Import]],
    classic: Set[Path],
    found: Mapping[Path, Links],
    on_file: Callable[[Path], object],
) -> None:
    """Follow imported names; files that pass classic names on count as classic, too."""
    passing = set(classic)
    for _ in range(ROUNDS):
        own: dict[Path, dict[str, str]] = {}
        for path in passing & texts.keys():
            on_file(path)
            own[path] = _constants(texts[path], found[path].constants)
        for path, names in imported.items():
            for other, name, bound in names:
                if other not in passing:
                    continue
                found[path].linked = found[other].shared = True
                found[path].constants |= _bound(own.get(other, {}), name, bound)
        passing |= {path for path in imported if found[path].constants}


def _bound(exported: Mapping[str, str], name: str, bound: str) -> dict[str, str]:
    """The constants of a module under the names that another file has for them. `name`: empty for the module itself."""
    if name == "*":
        return {one: text for one, text in exported.items() if "." not in one}
    if not name:
        return {f"{bound}.{one}": text for one, text in exported.items()}
    inside = {bound + one.removeprefix(name): text for one, text in exported.items() if one.startswith(f"{name}.")}
    return inside | ({bound: exported[name]} if name in exported else {})


def _imports(path: Path, text: str, modules: Mapping[str, Path]) -> Iterator[_Import]:
    """The imports of files of the project."""
    for match in FROM.finditer(text):
        module = match["module"]
        file = _resolved(path, module, modules)
        for name, bound in _named(match["names"]):
            inside = _resolved(path, f"{module}.{name}" if module.strip(".") else module + name, modules)
            if inside is not None:
                yield inside, "", bound
            elif file is not None:
                yield file, name, bound
    for match in IMPORT.finditer(text):
        for name, bound in _named(match["names"]):
            file = _resolved(path, name, modules)
            if file is not None:
                yield file, "", bound


def _named(names: str) -> Iterator[tuple[str, str]]:
    for one in re.sub(r"#[^\n]*|[()\"\\]", " ", names).split(","):
        words = one.split()
        if words:
            yield words[0], words[-1]


def _resolved(path: Path, module: str, modules: Mapping[str, Path]) -> Path | None:
    """The file of a module, beside the importing file or in a folder above it."""
    parts = module.lstrip(".")
    dots = len(module) - len(parts)
    folders = list(path.absolute().parents)
    relative = os.path.join(*parts.split(".")) if parts else ""  # noqa: PTH118 - many; pathlib is slow
    here = path.parent
    for _ in folders[dots - 1 : dots] if dots else folders:
        base = here if not dots else Path(os.path.normpath(here / ("../" * (dots - 1))))
        for place in ("", "src"):
            for end in (".py", "/__init__.py"):
                target = os.path.normpath(base / place / f"{relative}{end}" if relative else base / end.lstrip("/"))
                if target in modules and modules[target] != path:
                    return modules[target]
        if here == here.parent:
            return None
        here = here.parent
    return None


def _constants(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """The names of a module, and of its classes, that are classic addresses."""
    found: dict[str, str] = dict(known)
    classes: list[tuple[int, str]] = []
    for match in LINE.finditer(text):
        indent = len(match["indent"].expandtabs())
        classes = [one for one in classes if one[0] < indent]
        if match["class"]:
            classes.append((indent, match["class"]))
            continue
        prefix = "".join(f"{name}." for _, name in classes)
        value = _text(match["value"], found, prefix)
        if value is not None and any(addresses(value)) and (prefix or not indent):
            found[prefix + match["name"]] = value
    return found


def _text(value: str, known: Mapping[str, str], prefix: str) -> str | None:
    """The text of an expression in one line, with holes; None if it is not a text."""
    try:
        return _evaluated(ast.parse(value.strip(), mode="eval").body, known, prefix)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _evaluated(node: ast.expr, known: Mapping[str, str], prefix: str) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return known.get(prefix + name, known.get(name))
        case ast.JoinedStr(values=values):
            return "".join(_evaluated(one, known, prefix) or HOLE for one in values)
        case ast.FormattedValue(value=inside):
            return _evaluated(inside, known, prefix)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [_evaluated(one, known, prefix) for one in (left, right)]
            return "".join(one or HOLE for one in parts) if any(parts) else None
        case ast.Call(args=[_, default]):  # os.environ.get("URL", "https://...")
            return _evaluated(default, known, prefix)
        case _:
            return None
