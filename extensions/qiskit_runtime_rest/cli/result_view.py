"""A job's result for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from ..base.text import LINES, printable
from .histogram import histogram
from .terminal import Column, fitting_table

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..results import Result, ResultItem

__all__ = ["result_document", "result_view"]

PICTURE_WIDTH = 80


def result_view(result: Result, *, console: Console) -> Iterator[RenderableType]:
    """What to print: a histogram for each sampler pub, a table for each estimator pub, else the values."""
    if not len(result):
        yield Text(printable(result.text, keep=LINES))
    for position, item in enumerate(result):
        if len(result) > 1:
            yield Text(f"{position + 1} of {len(result)}: {item.what}", style="dim")
        yield _item_view(result.kind, item, console=console)


def _item_view(kind: str, item: ResultItem, *, console: Console) -> RenderableType:
    shares = _shares(kind, item)
    if shares is not None:
        return histogram(shares, width=min(console.width, PICTURE_WIDTH), ascii_only=not _has_blocks(console))
    if kind in ("estimator", "values"):
        columns = [Column("index"), Column("expectation value", needed=True, right=True), Column("±", right=True)]
        return fitting_table(columns, list(_estimates(item.evs, item.stds)), console=console)
    return Text(printable(str(item), keep=LINES))


def _shares(kind: str, item: ResultItem) -> Mapping[str, float] | None:
    """What a histogram can show, or None."""
    if kind == "quasi-distributions":
        from ..results import QuasiDistribution

        return item.probabilities() if isinstance(item, QuasiDistribution) else None
    try:
        return item.counts()
    except (TypeError, ValueError):  # level-1 data, registers of different shapes, no measured bits at all
        return None


def _estimates(evs: Any, stds: Any, index: tuple[int, ...] = ()) -> Iterator[tuple[str, str, str]]:
    if isinstance(evs, list):
        for place, value in enumerate(evs):
            yield from _estimates(value, stds[place] if isinstance(stds, list) else None, (*index, place))
    else:
        yield ", ".join(map(str, index)), f"{evs:+.4f}", "" if stds is None else f"{stds:.4f}"


def _has_blocks(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def result_document(result: Result) -> dict[str, Any]:
    """`result.to_dict()`, with `counts` next to the data of each item that has measured bits."""
    document = result.to_dict()
    for item, entry in zip(result, document.get("results", ()), strict=False):
        counts = None if result.kind == "quasi-distributions" else _shares(result.kind, item)
        if counts is not None:
            entry["counts"] = counts
    return document
