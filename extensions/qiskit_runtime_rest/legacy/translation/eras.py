"""Which form of the classic API a caller speaks: some requests show it, and it counts for those that do not."""

from __future__ import annotations

from typing import Any

from ..programs.requests import TEXTS_OF_2021
from ..table import Route
from .call import Era, Note
from .callers import Caller
from .jobs import is_oldest_form

__all__ = ["Eras", "shown_era"]

ONLY_2021 = frozenset({"isPublic", *TEXTS_OF_2021.values()})
ONLY_2023 = frozenset({"program_id", "is_public", "spec"})
DEPENDENT = frozenset({"/jobs", "/jobs/{id}", "/programs", "/programs/{id}"})
"""Paths that answer a GET in another form in each era."""

UNKNOWN = "is not shown by the calls so far: answered in the form of 2023; for a script of 2021, use --era 2021"
MOST_CALLERS = 10_000


class Eras:
    """The era of each caller, as far as its requests have shown it."""

    def __init__(self, default: Era) -> None:
        """`default`: for callers that have not shown it; "2021" counts for all."""
        self._default = default
        self._shown: dict[Caller | None, Era] = {}

    def of(self, caller: Caller | None, body: Any, route: Route, notes: list[Note]) -> Era:
        """The era of a request. A note says so if it is only guessed and the answer depends on it."""
        if self._default == "2021":
            return self._default
        if (shown := shown_era(body)) is not None:
            if len(self._shown) >= MOST_CALLERS:
                self._shown.clear()
            self._shown[caller] = shown
        known = self._shown.get(caller)
        if known is None and route.method == "GET" and route.path in DEPENDENT:
            notes.append(Note(call=f"{route.method} {route.path}", field="era", what=UNKNOWN))
        return known or self._default


def shown_era(body: Any) -> Era | None:
    """The era that the body of a request shows, if any."""
    if is_oldest_form(body):
        return "2021"
    if not isinstance(body, dict):
        return None
    if body.keys() & ONLY_2021:
        return "2021"
    return "2023" if body.keys() & ONLY_2023 else None
