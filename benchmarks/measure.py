"""Repeated, interleaved measurements, and a table of them."""

import itertools
from collections.abc import Callable, Mapping
from statistics import median

from rich.table import Table

__all__ = ["interleaved", "table"]


def interleaved(contestants: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """Run each contestant once per round, so that all see the same load; returns all figures.

    The order turns from round to round: after a heavy one, caches are cold.
    """
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()  # fills caches, not counted
    turns = itertools.cycle((list(contestants), list(contestants)[::-1]))
    for order in itertools.islice(turns, rounds):
        for name in order:
            figures[name].append(contestants[name]())
    return figures


def table(figures: Mapping[str, list[float]], *, ours: str, unit: str, scale: float, aims: Mapping[str, str]) -> Table:
    """The ratio of ours to each other one, then the medians with their ranges, in `unit`s of 1/`scale` seconds."""
    shown = Table("", "ours / this", "aim", f"median, {unit}", "min .. max", box=None, header_style="bold")
    for name, values in figures.items():
        ratio = "" if name == ours else f"{median(figures[ours]) / median(values):.2f}"
        low, middle, high = (value * scale for value in (min(values), median(values), max(values)))
        shown.add_row(name, ratio, aims.get(name, ""), f"{middle:.2f}", f"{low:.2f} .. {high:.2f}")
    return shown
