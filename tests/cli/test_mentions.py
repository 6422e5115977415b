"""What texts of the package point at exists for installed users: pages, sections, commands, options, extras, hosts."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from qiskit_runtime_rest.cli.app import COMMANDS, app
from qiskit_runtime_rest.cli.docs import page_names, page_text, section

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "extensions" / "qiskit_runtime_rest"
PAGE = re.compile(r"\bqrr docs ([a-z][\w/.-]*(?:#[\w-]+)?)|\bdocs/([\w/-]+)\.md(#[\w-]+)?")
COMMAND = re.compile(r"(?:`|: |\s{4}|^)(qrr [a-z][^`\n]*?)(?:`|$|\n|\. |, |;|\))", re.MULTILINE)
OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]+)")
EXTRA = re.compile(r"qiskit-runtime-rest\[([a-z0-9,]+)\]")
MISSING = re.compile(r"""MissingExtra\([^)]*extra="([a-z0-9]+)""")
HOST = re.compile(r"https?://([\w.-]+)")
POINTS = re.compile("qrr |docs/|qiskit-runtime-rest|https?://")
UNKNOWN = "X"
"""Stands for the values in texts that are put together when the program runs."""


def texts(tree: ast.AST) -> Iterator[str]:
    """All texts of a module, docstrings too."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in ast.walk(node)}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else UNKNOWN for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


@pytest.fixture(scope="module")
def mentions() -> list[tuple[str, str]]:
    """Where a text is, and the text, of those that may point at something."""
    found = []
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in {".py", ".html", ".js"} and POINTS.search(content := path.read_text("utf-8")):
            parts = texts(ast.parse(content)) if path.suffix == ".py" else [content]
            found += [(str(path.relative_to(PACKAGE)), text) for text in parts if POINTS.search(text)]
    return found


def test_every_page_and_section_that_is_named_can_be_shown(mentions: list[tuple[str, str]]) -> None:
    named = {(where, *found) for where, text in mentions for found in PAGE.findall(text)}
    wrong = []
    for where, shown, file, place in named:
        page, _, anchor = (shown or f"{file}{place}").rstrip(".").partition("#")
        if UNKNOWN in page or UNKNOWN in anchor:
            continue
        if page not in page_names():
            wrong.append((where, page))
        elif anchor:
            section(page_text(page), anchor)
    assert len(named) >= 4
    assert wrong == []


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words after its name."""
    found: Any = typer.main.get_command(app)
    while words and hasattr(found, "commands"):
        if words[0] not in found.commands:
            return (None, words) if not found.invoke_without_command else (found, words)
        found, words = found.commands[words[0]], words[1:]
    return found, words


def test_every_command_and_option_that_is_named_exists(mentions: list[tuple[str, str]]) -> None:
    named = {(where, line.strip()) for where, text in mentions for line in COMMAND.findall(text)}
    wrong = []
    for where, line in sorted(named):
        words = line.split()[1:]
        if words[0] not in COMMANDS:
            wrong.append((where, line))
            continue
        command, rest = command_of(words)
        if command is None:
            wrong.append((where, line))
            continue
        known = {name for option in command.params for name in [*option.opts, *option.secondary_opts]}
        of_program = rest.index("--") if "--" in rest else len(rest)
        given = OPTION.findall(" ".join(rest[:of_program]))
        if not set(given) <= known | {"--help"}:
            wrong.append((where, line))
    assert len(named) > 40
    assert wrong == []


def test_every_extra_that_is_named_exists(mentions: list[tuple[str, str]]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = {name for _, text in mentions for group in EXTRA.findall(text) for name in group.split(",")} - {"extra"}
    for path in PACKAGE.rglob("*.py"):
        named |= set(MISSING.findall(path.read_text("utf-8")))
    assert len(named) > 5
    assert named - set(extras) == set()


def test_links_do_not_lead_to_files_of_a_repository(mentions: list[tuple[str, str]]) -> None:
    """Pages of the service and of standards may be linked; ours come with the package (`qrr docs`)."""
    hosts = {host.lower() for _, text in mentions for host in HOST.findall(text)}
    assert "quantum.cloud.ibm.com" in hosts
    assert {host for host in hosts if re.search("github|gitlab|readthedocs|pypi", host)} == set()
