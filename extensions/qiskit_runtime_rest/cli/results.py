"""A job's result for the terminal (histograms, tables) and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ..base.text import LINES, printable
from .terminal import Column, fitting_table

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..results import Result, ResultItem

__all__ = ["bar", "counts_of", "histogram", "result_document", "result_view"]

MAX_HISTOGRAM_WIDTH = 80
MAX_OUTCOMES = 16
MIN_BAR, MAX_BAR = 4, 50
EIGHTHS = " ▏▎▍▌▋▊▉"
FULL, FULL_ASCII = "█", "#"


def result_view(result: Result, *, console: Console) -> Iterator[RenderableType]:
    """What to print: a histogram for each sampler pub, a table for each estimator pub, else the values."""
    if not len(result):
        yield Text(printable(result.text, keep=LINES))
    for position, item in enumerate(result):
        if len(result) > 1:
            yield Text(f"{position + 1} of {len(result)}: {item.what}", style="dim")
        note = _sweep_note(item)
        if note:
            yield Text(note, style="dim")
        yield _item_view(result.kind, item, console=console)


def _sweep_note(item: ResultItem) -> str:
    """What the histogram of a parameter sweep counts."""
    try:
        bits = item.bits()
    except (TypeError, ValueError):
        return ""
    return f"{bits.size} points of {bits.num_shots} shots, counted together; --table has each." if bits.shape else ""


def result_document(result: Result) -> dict[str, Any]:
    """`result.to_dict()`, with `counts` added to each item that has measured bits."""
    document = result.to_dict()
    for item, entry in zip(result, document.get("results", ()), strict=False):
        counts = None if result.kind == "quasi-distributions" else counts_of(result.kind, item)
        if counts is not None:
            entry["counts"] = counts
    return document


def _item_view(kind: str, item: ResultItem, *, console: Console) -> RenderableType:
    frequencies = counts_of(kind, item)
    if frequencies is not None:
        has_blocks = console.encoding.lower().startswith("utf")
        return histogram(frequencies, width=min(console.width, MAX_HISTOGRAM_WIDTH), ascii_only=not has_blocks)
    if kind in ("estimator", "values"):
        columns = [Column("index"), Column("expectation value", needed=True, right=True), Column("±", right=True)]
        return fitting_table(columns, list(_estimates(item.evs, item.stds)), console=console)
    return Text(printable(str(item), keep=LINES))


def counts_of(kind: str, item: ResultItem) -> Mapping[str, float] | None:
    """Counts or probabilities by bit string; None if the item has none."""
    if kind == "quasi-distributions":
        from ..results import QuasiDistribution

        return item.probabilities() if isinstance(item, QuasiDistribution) else None
    try:
        return item.counts()
    except (TypeError, ValueError):  # level-1 data, registers of different shapes, or no measured bits
        return None


def _estimates(evs: Any, stds: Any, index: tuple[int, ...] = ()) -> Iterator[tuple[str, str, str]]:
    if isinstance(evs, list):
        for place, value in enumerate(evs):
            yield from _estimates(value, stds[place] if isinstance(stds, list) else None, (*index, place))
    else:
        yield ", ".join(map(str, index)), f"{evs:+.4f}", "" if stds is None else f"{stds:.4f}"


def histogram(
    counts: Mapping[str, float], *, width: int = 80, most: int = MAX_OUTCOMES, ascii_only: bool = False
) -> Table:
    """A bar for each outcome, in the order of the bit strings, with its count and share.

    Args:
        counts: shots (or probabilities) by bit string.
        width: of the table, in characters.
        most: how many outcomes are shown, the most frequent ones; the last line adds up the others.
        ascii_only: for terminals without block characters.
    """
    total = sum(counts.values())
    shown = sorted(sorted(counts, key=lambda outcome: -counts[outcome])[:most])
    rows = [(outcome, counts[outcome]) for outcome in shown]
    numbers = {outcome: f"{value:.4g}" if isinstance(value, float) else str(value) for outcome, value in rows}
    taken = max(map(len, shown), default=0) + max(map(len, numbers.values()), default=0) + len("100.0 %") + 3 * 2
    longest = max(MIN_BAR, min(MAX_BAR, width - taken))
    peak = max((value for _, value in rows), default=0)

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="dim")
    for outcome, value in rows:
        share = f"{value / total:.1%}".replace("%", " %") if total else ""
        drawn = bar(value / peak if peak > 0 else 0.0, length=longest, ascii_only=ascii_only)
        table.add_row(outcome, drawn, numbers[outcome], share)
    if len(counts) > len(rows):
        rest = total - sum(value for _, value in rows)
        table.add_row("others", f"{len(counts) - len(rows)} outcomes", f"{rest:.4g}" if rest % 1 else f"{rest:.0f}", "")
    return table


def bar(share: float, *, length: int, ascii_only: bool = False) -> str:
    """A bar for `share`, 0 to 1, of at most `length` characters, in steps of an eighth of a character."""
    share = min(1.0, max(0.0, share))
    if ascii_only:
        return FULL_ASCII * round(share * length)
    whole, eighths = divmod(round(share * length * 8), 8)
    return FULL * whole + (EIGHTHS[eighths] if eighths else "")
