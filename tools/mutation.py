"""Mutation testing: change one operator or number of the client's inner rooms at a time, and run the stepped tests.

A mutant that no test fails on survives: a test is missing, or the change makes no difference. Files on disk do not
change: each mutant runs in a fork of this process, which imports the changed source. The mutations are cosmic-ray's.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.machinery
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["main"]

PACKAGES = Path("extensions")
ROOM = PACKAGES / "qiskit_runtime_rest"
TESTS = {
    "http": (
        "tests/http/test_retrying_steps.py",
        "tests/http/test_retry_policy.py",
        "tests/http/test_auth_steps.py",
        "tests/http/test_error_mapping.py",
        "tests/http/test_body_steps.py",
    ),
    "submission": ("tests/submission/test_submitter_steps.py", "tests/submission/test_request_steps.py"),
    "waiting": ("tests/waiting/test_wait_steps.py",),
}
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--no-header")
# `|` is written between types only, and a decorator removed from a property or a dataclass fails everywhere.
LEFT_OUT = ("BitOr", "RemoveDecorator")
SECONDS_EACH = 60
"""A mutant that runs longer counts as found: it does not end."""


class Mutant(NamedTuple):
    """One change of one file."""

    path: Path
    operator: str
    occurrence: int

    def source(self) -> str:
        """The changed file."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        changed: str = mutate_code(self.path.read_text(), get_operator(self.operator)(), self.occurrence)
        return changed

    def __str__(self) -> str:
        """Where it is, and the lines before and after."""
        lines = self.path.read_text().splitlines()
        changes = list(difflib.unified_diff(lines, self.source().splitlines(), lineterm="", n=0))
        line = changes[2].split(" ")[1].lstrip("-").partition(",")[0]
        text = "\n".join(f"    {change[0]} {change[1:].strip()}" for change in changes[3:])
        return f"{self.path}:{line}  {self.operator.partition('/')[2]}\n{text}"


class Changed(importlib.machinery.SourceFileLoader):
    """Loads the module from another source than its file's."""

    changed = ""

    def get_code(self, _name: str) -> CodeType:
        """Compile it."""
        return compile(self.changed, self.path, "exec")


class Finder:
    """Finds the changed module; all others are found as usual."""

    def __init__(self, path: Path, source: str) -> None:
        """`path`: the module's file; `source`: its new content."""
        name = ".".join(path.relative_to(PACKAGES).with_suffix("").parts)
        self._name = name.removesuffix(".__init__")
        self._loader = Changed(self._name, str(path.absolute()))
        self._loader.changed = source

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """As of a finder on `sys.meta_path`."""
        return importlib.util.spec_from_loader(name, self._loader) if name == self._name else None


def mutants(paths: Sequence[Path]) -> Iterator[Mutant]:
    """All changes of the files."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    for path in paths:
        nodes = list(ast_nodes(get_ast(path.read_text())))
        for name in operator_names():
            kind = get_operator(name)
            if any(part in name for part in LEFT_OUT) or kind.arguments():
                continue
            number = sum(1 for node in nodes for _ in kind().mutation_positions(node))
            yield from (Mutant(path, name, occurrence) for occurrence in range(number))


def start(mutant: Mutant) -> int:
    """Run the tests of the mutant's room in a fork; returns its process id."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        signal.alarm(SECONDS_EACH)
        with Path(os.devnull).open("r+") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        sys.meta_path.insert(0, Finder(mutant.path, mutant.source()))
        status = run_tests(mutant.path.relative_to(ROOM).parts[0])
    finally:
        os._exit(status)


def run_tests(room: str) -> int:
    """The exit status of pytest."""
    import pytest

    return int(pytest.main([*OPTIONS, *(test for test in TESTS[room] if Path(test).exists())]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run mutants in random order until the time is up; list those that survived."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(TESTS), help="folders of the package, or files in them")
    parser.add_argument("--minutes", type=float, default=10.0, help="stop after this time (default 10)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0, help="of the order")
    chosen = parser.parse_args(arguments)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # Imported once, for all forks; the package itself is not.
    import httpx  # noqa: F401
    import hypothesis  # noqa: F401

    paths = [path for room in chosen.rooms for path in sorted((ROOM / room).rglob("*.py")) or [ROOM / room]]
    left = list(mutants(paths))
    total = len(left)
    random.Random(chosen.seed).shuffle(left)
    end = time.monotonic() + 60 * chosen.minutes
    running: dict[int, Mutant] = {}
    survivors: list[Mutant] = []
    while running or (left and time.monotonic() < end):
        while left and len(running) < chosen.workers and time.monotonic() < end:
            mutant = left.pop()
            running[start(mutant)] = mutant
        process, status = os.wait()
        mutant = running.pop(process)
        if status == 0:
            survivors.append(mutant)
    for mutant in sorted(survivors):
        print(mutant)
    run = total - len(left)
    print(f"{total} mutants, {run} run, {run - len(survivors)} found, {len(survivors)} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
