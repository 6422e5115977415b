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
    """The data that `results.directed` reads, without nulls: the contract leaves open whether they may be inside."""
    return {MARK: {"program": program, "version": VERSION, **_without_nulls(settings)}}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
