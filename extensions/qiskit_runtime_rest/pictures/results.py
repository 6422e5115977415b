"""Pictures of results: histograms, expectation values with error bars, and heat maps of sweeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..errors import InvalidInput
from .picture import COLOURS, GRADIENT, TWO_SIDED, Picture, Theme, drawn, themed

__all__ = ["plot_rows"]

Row: TypeAlias = Mapping[str, Any]

MOST_OUTCOMES = 24
"""Outcomes of a drawing, the most frequent ones; the last bar adds up the others."""

MOST_PUBS = 12
WIDTH, HEIGHT = 7.0, 3.2
NARROW_LABEL = 6
"""Longer outcomes are written upwards."""


def plot_rows(rows: Sequence[Row], *, pub: int | None = None, theme: Theme = "light") -> Picture:
    """Draw the rows of `result.to_rows()`, one drawing for each pub.

    Counts become a histogram, expectation values points with error bars, a sweep of expectation values over one axis
    a line, and other sweeps a heat map.

    Args:
        rows: see `Result.to_rows`.
        pub: draw only this one. By default all are drawn, 12 at most.
        theme: `light` or `dark`.

    Raises:
        InvalidInput: there is nothing to draw, or no such theme.
        MissingExtra: matplotlib is not installed.
    """
    pubs: dict[int, list[Row]] = {}
    for row in rows:
        pubs.setdefault(row["pub"], []).append(row)
    chosen = list(pubs)[:MOST_PUBS] if pub is None else [pub]
    if not rows or not set(chosen) <= set(pubs):
        known = f"it has {len(pubs)} with data" if pubs else "it has neither counts nor expectation values"
        raise InvalidInput(f"pub={pub!r}: the result has nothing to draw there; {known}.")
    with themed(theme):
        picture, places = drawn(len(chosen), width=WIDTH, height=HEIGHT)
        for axes, number in zip(places, chosen, strict=True):
            kind, draw = _drawing(pubs[number])
            draw(axes, pubs[number])
            axes.set_title(f"pub {number}: {kind}" if len(pubs) > 1 else kind)
        if pub is None and len(pubs) > MOST_PUBS:
            _remark(places[-1], f"{len(pubs) - MOST_PUBS} more pubs: pub=...")
    return picture


def _drawing(rows: Sequence[Row]) -> tuple[str, Callable[[Axes, Sequence[Row]], None]]:
    swept = len(_axes_of(rows))
    if "ev" in rows[0] and rows[0]["ev"] is not None:
        if swept == 2:
            return "expectation values", _value_map
        return "expectation values", _values
    if not swept:
        quasi = rows[0].get("shots") is None
        return "quasi-probabilities" if quasi else f"{sum(row['shots'] for row in rows)} shots", _histogram
    points = {_point(row) for row in rows}
    return f"{len(points)} points of {_shots_of_a_point(rows)} shots", _outcome_map


def _axes_of(rows: Sequence[Row]) -> list[str]:
    """The coordinates that these rows have."""
    return [name for name in rows[0] if name.startswith("index_") and rows[0][name] is not None]


def _point(row: Row) -> tuple[Any, ...]:
    return tuple(value for name, value in row.items() if name.startswith("index_") and value is not None)


def _shots_of_a_point(rows: Sequence[Row]) -> int:
    first = _point(rows[0])
    return sum(row["shots"] for row in rows if _point(row) == first)


def _histogram(axes: Axes, rows: Sequence[Row]) -> None:
    shares = {row["outcome"]: row["share"] for row in rows}
    frequent = sorted(sorted(shares, key=lambda outcome: -shares[outcome])[:MOST_OUTCOMES])
    heights = [shares[outcome] for outcome in frequent]
    labels = list(frequent)
    if len(shares) > len(frequent):
        labels.append(f"{len(shares) - len(frequent)} others")
        heights.append(sum(shares.values()) - sum(heights))
    places = range(len(labels))
    bars = axes.bar(places, heights, color=COLOURS[0], width=0.75)
    if len(labels) > len(frequent):
        bars[-1].set_alpha(0.45)
    _name_outcomes(axes, labels)
    axes.set_ylabel("share")
    axes.grid(axis="y")


def _name_outcomes(axes: Axes, labels: Sequence[str]) -> None:
    upwards = max(map(len, labels)) > NARROW_LABEL or len(labels) * max(map(len, labels)) > 60
    axes.set_xticks(range(len(labels)), labels, rotation=90 if upwards else 0, family="monospace")
    axes.set_xlabel("outcome")


def _values(axes: Axes, rows: Sequence[Row]) -> None:
    """Points in the order of the rows; along one axis they are joined."""
    values = [row["ev"] for row in rows]
    errors = [row.get("std") for row in rows]
    known = None if any(error is None for error in errors) else [abs(error) for error in errors if error is not None]
    swept = _axes_of(rows)
    axes.errorbar(
        range(len(values)),
        values,
        yerr=known,
        color=COLOURS[0],
        ecolor=COLOURS[1],
        marker="o",
        markersize=5 if len(values) < 60 else 2,
        capsize=3 if len(values) < 60 else 0,
        linestyle="-" if len(swept) == 1 and len(values) > 2 else "",
        linewidth=1,
    )
    if len(values) <= MOST_OUTCOMES:
        axes.set_xticks(range(len(values)), [", ".join(map(str, _point(row))) or "0" for row in rows])
        axes.set_xlim(-0.6, len(values) - 0.4)
    axes.set_xlabel("index")
    axes.set_ylabel("expectation value")
    axes.grid(axis="y")


def _value_map(axes: Axes, rows: Sequence[Row]) -> None:
    """A colour for each pair of coordinates; the colours are symmetric around zero."""
    lengths = [1 + max(row[f"index_{axis}"] for row in rows) for axis in range(2)]
    values = [[math.nan] * lengths[1] for _ in range(lengths[0])]
    for row in rows:
        values[row["index_0"]][row["index_1"]] = row["ev"]
    peak = max((abs(row["ev"]) for row in rows if math.isfinite(row["ev"])), default=0.0) or 1.0
    image = axes.imshow(values, cmap=TWO_SIDED, vmin=-peak, vmax=peak, aspect="auto", interpolation="nearest")
    axes.figure.colorbar(image, ax=axes, label="expectation value")
    axes.set_ylabel("index 0")
    axes.set_xlabel("index 1")


def _outcome_map(axes: Axes, rows: Sequence[Row]) -> None:
    """The share of each outcome at each point of the sweep, the most frequent outcomes from below."""
    points = list(dict.fromkeys(map(_point, rows)))
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["outcome"]] = totals.get(row["outcome"], 0.0) + row["share"]
    outcomes = sorted(sorted(totals, key=lambda outcome: -totals[outcome])[:MOST_OUTCOMES])
    place = {point: number for number, point in enumerate(points)}
    shares = [[0.0] * len(points) for _ in outcomes]
    for row in rows:
        if row["outcome"] in outcomes:
            shares[outcomes.index(row["outcome"])][place[_point(row)]] = row["share"]
    image = axes.imshow(shares, cmap=GRADIENT, vmin=0, aspect="auto", interpolation="nearest", origin="lower")
    axes.figure.colorbar(image, ax=axes, label="share")
    axes.set_yticks(range(len(outcomes)), outcomes, family="monospace")
    axes.set_ylabel("outcome")
    axes.set_xlabel("point of the sweep")
    axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    if len(totals) > len(outcomes):
        _remark(axes, f"{len(totals) - len(outcomes)} rarer outcomes are left out")


def _remark(axes: Axes, text: str) -> None:
    axes.annotate(text, (1, 1.02), xycoords="axes fraction", ha="right", fontsize="small")
