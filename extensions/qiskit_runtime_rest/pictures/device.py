"""The map of a device: its qubits, coloured by readout error, and its couplings, by the error of the 2-qubit gate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, LogNorm

from ..errors import InvalidInput
from .picture import COLOURS, GRADIENT, Picture, Theme, drawn, themed

__all__ = ["plot_device"]

Place: TypeAlias = tuple[float, float]

WIDTH = 8.0
FAULTY = 0.5
"""A larger error means that the qubit or gate does not work; the service reports 1 for those."""

MOST_NUMBERS = 200
MANY = 40
"""Devices of more qubits have no numbers in them; those of many have small ones."""

SHADES = 256
SPAN: Mapping[Theme, tuple[float, float]] = {"light": (0.0, 0.62), "dark": (0.37, 1.0)}
"""The part of the gradient that is seen on the ground: lines in the colours next to it would get lost."""

LIGHT_GROUND = 0.179
"""Black is easier to read than white on grounds with a higher luminance."""

FAULTY_COLOUR = COLOURS[1]
"""Of qubits and gates that do not work, or whose errors are not known while those of others are."""


def plot_device(configuration: Any, properties: Any = None, *, title: str = "", theme: Theme = "light") -> Picture:
    """Draw the map of a device.

    Args:
        configuration: of the backend, as `client.backends.configuration(name)` returns it, or as JSON.
        properties: of the backend, as `client.backends.properties(name)` returns them; without them, all is of one
            colour.
        title: of the picture; by default the backend's name.
        theme: `light` or `dark`.

    Raises:
        InvalidInput: the configuration has no qubits.
        MissingExtra: matplotlib is not installed.
    """
    device, calibration = _plain(configuration), _plain(properties)
    count = device.get("n_qubits") or 0
    if not count:
        raise InvalidInput("the configuration has no qubits to draw.")
    pairs = sorted({tuple(sorted(pair)) for pair in device.get("coupling_map") or () if len(set(pair)) == 2})
    places = _places(device.get("coords"), pairs, count)
    readout = dict(_readout_errors(calibration))
    gates = dict(_gate_errors(calibration))
    with themed(theme):
        picture, (axes,) = drawn(1, width=WIDTH, height=_height(places))
        lines = LineCollection([[places[a], places[b]] for a, b in pairs], linewidths=3, zorder=1)
        _colour(lines, [gates.get(pair) for pair in pairs], theme)
        axes.add_collection(lines)
        columns, rows = zip(*places, strict=True)
        dots = axes.scatter(columns, rows, s=_size(count), zorder=2)
        _colour(dots, [readout.get(qubit) for qubit in range(count)], theme)
        if count <= MOST_NUMBERS:
            dots.update_scalarmappable()
            grounds = np.resize(dots.get_facecolor(), (count, 4))
            for qubit, (place, ground) in enumerate(zip(places, grounds, strict=True)):
                size = 5.5 if count > MANY else 9
                colour = _number_colour(*ground)
                axes.annotate(str(qubit), place, ha="center", va="center", fontsize=size, color=colour)
        for drawing, errors, label in ((dots, readout, "readout error"), (lines, gates, "error of the 2-qubit gate")):
            if any(0 < error < FAULTY for error in errors.values()):
                _scale(picture, axes, drawing, label)
        axes.set_title(title or str(device.get("backend_name") or ""))
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.set_axis_off()
    return picture


def _plain(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, Mapping) else value.to_dict()


def _readout_errors(calibration: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    for qubit, facts in enumerate(calibration.get("qubits") or ()):
        for fact in facts:
            if fact.get("name") == "readout_error" and isinstance(fact.get("value"), int | float):
                yield qubit, float(fact["value"])


def _gate_errors(calibration: Mapping[str, Any]) -> Iterator[tuple[tuple[int, ...], float]]:
    """The error of each pair; the lowest, if several gates are calibrated, since a circuit can choose."""
    found: dict[tuple[int, ...], float] = {}
    for gate in calibration.get("gates") or ():
        pair = tuple(sorted(gate.get("qubits") or ()))
        if len(pair) != 2:
            continue
        for fact in gate.get("parameters") or ():
            if fact.get("name") == "gate_error" and isinstance(fact.get("value"), int | float):
                found[pair] = min(float(fact["value"]), found.get(pair, math.inf))
    yield from found.items()


def _places(coords: Any, pairs: Sequence[tuple[int, ...]], count: int) -> list[Place]:
    """Where each qubit is drawn: at the device's coordinates (column, row), else by its distance from the others.

    Older devices have all of their qubits in one line, which is no use.
    """
    if isinstance(coords, Sequence) and len(coords) == count and all(len(place) == 2 for place in coords):
        columns, rows = ({place[axis] for place in coords} for axis in (0, 1))
        if min(len(columns), len(rows)) > 1:
            return [(float(column), float(row)) for column, row in coords]
    return _spread(pairs, count)


def _spread(pairs: Sequence[tuple[int, ...]], count: int) -> list[Place]:
    """Places whose distances are near the number of couplings between two qubits (classical scaling)."""
    near: list[list[int]] = [[] for _ in range(count)]
    for a, b in pairs:
        near[a].append(b)
        near[b].append(a)
    squares = np.array([_steps(qubit, near) for qubit in range(count)], dtype=float) ** 2
    centred = np.eye(count) - 1 / count
    sizes, directions = np.linalg.eigh(-centred @ squares @ centred / 2)
    places = [
        direction * math.sqrt(max(size, 0.0)) * (1 if direction[np.argmax(np.abs(direction))] > 0 else -1)
        for size, direction in zip(sizes[::-1][:2], directions.T[::-1][:2], strict=True)
    ]
    lines = [places[0], places[1] if len(places) > 1 else np.zeros(count)]
    return [(float(x), float(y)) for x, y in zip(*lines, strict=True)]


def _steps(start: int, near: Sequence[Sequence[int]]) -> list[int]:
    """The number of couplings from one qubit to each other one; to one that cannot be reached, as many as there are."""
    steps = {start: 0}
    for qubit in (waiting := [start]):
        for other in near[qubit]:
            if other not in steps:
                steps[other] = steps[qubit] + 1
                waiting.append(other)
    return [steps.get(qubit, len(near)) for qubit in range(len(near))]


def _height(places: Sequence[Place]) -> float:
    wide, high = (1 + max(axis) - min(axis) for axis in zip(*places, strict=True))
    return float(min(9.0, max(2.5, WIDTH * high / wide + 1)))


def _size(count: int) -> float:
    return 700.0 if count <= 10 else 330.0 if count <= MANY else 150.0


def _number_colour(red: float, green: float, blue: float, _: float) -> str:
    """Black or white: the one with the higher contrast (luminance and limit of WCAG 2)."""
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return "black" if luminance > LIGHT_GROUND else "white"


def _scale(picture: Picture, axes: Axes, drawing: Any, label: str) -> None:
    low, high = drawing.norm.vmin, drawing.norm.vmax
    bar = picture.colorbar(drawing, ax=axes, label=label, location="bottom", shrink=0.7, aspect=40, pad=0.02)
    bar.ax.minorticks_off()
    bar.set_ticks(
        marks := [low, math.sqrt(low * high), high], labels=[f"{mark:.2%}".replace("%", " %") for mark in marks]
    )


def _colour(drawing: Any, errors: Sequence[float | None], theme: Theme) -> None:
    """Colour the parts of `drawing` by their errors, on a logarithmic scale."""
    known = [error for error in errors if error is not None and 0 < error < FAULTY]
    if not known:
        drawing.set_color(COLOURS[0])
        return
    shades = matplotlib.colormaps[GRADIENT](np.linspace(*SPAN[theme], SHADES))
    colours = ListedColormap(shades).with_extremes(bad=FAULTY_COLOUR)
    low, high = min(known), max(known)
    drawing.set_cmap(colours)
    drawing.set_norm(LogNorm(vmin=low, vmax=max(high, low * 1.01)))
    drawing.set_array([error if error is not None and 0 < error < FAULTY else math.nan for error in errors])
