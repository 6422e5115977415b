"""Counts as a picture in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

__all__ = ["bar", "histogram"]

MOST_OUTCOMES = 16
LONGEST_BAR = 50
EIGHTHS = " ▏▎▍▌▋▊▉"
FULL, FULL_ASCII = "█", "#"


def histogram(
    counts: Mapping[str, float], *, width: int = 80, most: int = MOST_OUTCOMES, ascii_only: bool = False
) -> Table:
    """A bar for each outcome, in the order of the bit strings, with its count and share.

    Args:
        counts: shots (or probabilities) by bit string.
        width: characters that the picture may take.
        most: outcomes shown, the most frequent ones; the others are added up in a last line.
        ascii_only: for terminals without block characters.
    """
    total = sum(counts.values())
    shown = sorted(sorted(counts, key=lambda outcome: -counts[outcome])[:most])
    rows = [(outcome, counts[outcome]) for outcome in shown]
    numbers = {outcome: f"{value:.4g}" if isinstance(value, float) else str(value) for outcome, value in rows}
    taken = max(map(len, shown), default=0) + max(map(len, numbers.values()), default=0) + len("100.0 %") + 3 * 2
    longest = max(4, min(LONGEST_BAR, width - taken))
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
    """A bar of `share` (0 to 1) of `length` characters, in eighths of a character where the terminal has them."""
    share = min(1.0, max(0.0, share))
    if ascii_only:
        return FULL_ASCII * round(share * length)
    whole, eighths = divmod(round(share * length * 8), 8)
    return FULL * whole + (EIGHTHS[eighths] if eighths else "")
