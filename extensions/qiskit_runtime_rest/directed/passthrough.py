"""What travels with a job of the executor, so that any process that reads its result knows what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from ..results.directed import MARK, VERSION

__all__ = ["Planned", "passthrough"]


@frozen
class Planned:
    """A job to submit.

    Args:
        params: of the program `executor`.
        positions: the pubs that it runs.
    """

    params: dict[str, Any] = field()
    positions: tuple[int, ...] = field()


def passthrough(program: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The data that `results.directed` reads."""
    return {MARK: {"program": program, "version": VERSION, **settings}}
