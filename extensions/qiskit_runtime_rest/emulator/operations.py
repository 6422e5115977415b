"""Which operation a method and a path stand for: for the layers that lie above the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.routing import compile_path

if TYPE_CHECKING:
    from .contract import Contract
    from .routing import Route

__all__ = ["OperationNames"]


class OperationNames:
    """The names of each operation: the plain one, and the contract's operation id."""

    def __init__(self, routes: Iterable[Route], *, contract: Contract) -> None:
        """Read the tables of routes."""
        self._patterns: list[tuple[str, re.Pattern[str], str, frozenset[str]]] = []
        for route in routes:
            operation = contract.operations.get((route.method, route.path)) if route.contracted else None
            names = frozenset({route.name} | ({operation.id} if operation else set()))
            self._patterns.append((route.method, compile_path(route.full_path)[0], route.name, names))

    @property
    def known(self) -> frozenset[str]:
        """All names of all operations."""
        return frozenset().union(*(names for *_, names in self._patterns))

    def plain(self, method: str, path: str) -> str | None:
        """The plain name; `None` for a path of no operation."""
        for known, pattern, name, _ in self._patterns:
            if known == method and pattern.match(path):
                return name
        return None

    def all(self, method: str, path: str) -> frozenset[str]:
        """All names; none for a path of no operation."""
        for known, pattern, _, names in self._patterns:
            if known == method and pattern.match(path):
                return names
        return frozenset()
