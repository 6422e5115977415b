"""The pytest plugin: `-p tools.coverage.plugin --contract-coverage FILE` keeps the record of a run in a file.

What counts is what a test meets itself, not its fixtures: which test sets up a shared one depends on the order. Of a
test whose examples are made up by hypothesis, what each example met counts: the rest depends on chance. What a test
that fails has met counts for nothing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from .record import Fact, Item, Record
from .watching import Watch

WORKER = "contract_coverage"
"""Under this name a worker of pytest-xdist sends what it noted."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--contract-coverage", metavar="FILE", type=Path, help="keep there what the tests met, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Watch, if there is a file to write to."""
    if config.getoption("contract_coverage") is not None:
        config.pluginmanager.register(Noting(config), "contract coverage")


class Noting:
    """The hooks of a run that is noted."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin to watch."""
        self._facts: set[Fact] = set()
        self._ran: set[str] = set()
        self._watch = Watch()
        self._patches = pytest.MonkeyPatch()
        self._watch.put_on(self._patches.setattr)
        self._root = config.rootpath

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Note what the test meets."""
        self._watch.seen = set()
        with pytest.MonkeyPatch.context() as patches:
            certain = self._certain(item, patches)
            yield
        where = item.path.relative_to(self._root).as_posix()
        seen = self._watch.seen if certain is None else set.intersection(*(certain or [set()]))
        self._facts.update(Fact(each, where) for each in seen)
        self._ran.add(where)

    def _certain(self, item: pytest.Item, patches: pytest.MonkeyPatch) -> list[set[Item]] | None:
        """What each example of a test of hypothesis meets, filled as they are run; None if it is no such test."""
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        if handle is None:
            return None
        met: list[set[Item]] = []
        inner = handle.inner_test
        if not inspect.iscoroutinefunction(inner):  # Whoever runs coroutines puts something of its own in its place.

            @functools.wraps(inner)
            def example(*args: Any, **kwargs: Any) -> Any:
                self._watch.seen = set()
                inner(*args, **kwargs)
                met.append(self._watch.seen)

            patches.setattr(handle, "inner_test", example)
        return met

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist noted."""
        if WORKER in getattr(node, "workeroutput", {}):
            noted = Record.from_json(node.workeroutput[WORKER])
            self._facts |= noted.facts
            self._ran |= noted.ran

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record, or send it to whoever does."""
        record = Record(frozenset(self._facts), frozenset(self._ran))
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[WORKER] = record.as_json()
        else:
            record.write(session.config.getoption("contract_coverage"))

    def pytest_unconfigure(self) -> None:
        """Watch no longer."""
        self._patches.undo()
