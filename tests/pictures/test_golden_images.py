"""Each picture is compared with a saved one. `make pictures` draws them anew: look at them before you commit them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.testing.compare import compare_images

from qiskit_runtime_rest.pictures import Picture, Theme, plot_device, plot_rows, plot_timeline

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = 4.0
"""Root mean square of the differences of pixels, of 255; another release of matplotlib may move a text by a pixel."""

COUNTS: list[dict[str, Any]] = [
    {"pub": 0, "outcome": outcome, "shots": n, "share": n / 1000} for outcome, n in (("00", 489), ("11", 511))
]
MANY = [{"pub": 0, "outcome": f"{i:06b}", "shots": 60 - i, "share": (60 - i) / 1830} for i in range(60)]
VALUES = [{"pub": 0, "index_0": i, "ev": math.cos(i / 3), "std": 0.05 + i / 200} for i in range(12)]
SINGLE: list[dict[str, Any]] = [{"pub": 0, "ev": 0.5, "std": 0.1}, {"pub": 1, "ev": -0.25, "std": None}]
GRID = [
    {"pub": 0, "index_0": i, "index_1": j, "ev": math.sin(i / 2) * math.cos(j / 2), "std": 0.1}
    for i in range(8)
    for j in range(12)
]
SWEEP = [
    {"pub": 0, "index_0": point, "outcome": outcome, "shots": shots, "share": shots / 20}
    for point in range(21)
    for outcome, shots in (("0", point), ("1", 20 - point))
    if shots
]
QUASI: list[dict[str, Any]] = [{"pub": 0, "outcome": "0", "share": 1.02}, {"pub": 0, "outcome": "1", "share": -0.02}]
METRICS = {
    "timestamps": {
        "created": "2026-11-30T10:00:00Z",
        "running": "2026-11-30T10:00:12.5Z",
        "finished": "2026-11-30T10:00:36Z",
    },
    "usage": {"qpu_charge_time_seconds": 14, "status": "complete"},
}
PAIRS = [[0, 1], [1, 0], [1, 2], [3, 1], [3, 4]]
DEVICE = {"backend_name": "a_device", "n_qubits": 5, "coupling_map": PAIRS, "coords": [[0, n] for n in range(5)]}
PLACED = {**DEVICE, "coords": [[1, 1], [2, 1], [3, 1], [2, 2], [2, 3]]}


def _error(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "", "date": "2026-11-30T10:00:00Z"}


CALIBRATION = {
    "qubits": [[_error("readout_error", value)] for value in (0.01, 0.02, 0.04, 1.0, 0.015)],
    "gates": [
        {"gate": "cz", "qubits": pair, "parameters": [_error("gate_error", 0.002 * (1 + sum(pair)))]} for pair in PAIRS
    ],
}

DRAWN: dict[str, Callable[[Theme], Picture]] = {
    "counts": lambda theme: plot_rows(COUNTS, theme=theme),
    "many-outcomes": lambda theme: plot_rows(MANY, theme=theme),
    "values": lambda theme: plot_rows(VALUES, theme=theme),
    "single-values": lambda theme: plot_rows(SINGLE, theme=theme),
    "value-map": lambda theme: plot_rows(GRID, theme=theme),
    "outcome-map": lambda theme: plot_rows(SWEEP, theme=theme),
    "quasi-probabilities": lambda theme: plot_rows(QUASI, theme=theme),
    "timeline": lambda theme: plot_timeline(METRICS, title="d4f2k8m0s", theme=theme),
    "device": lambda theme: plot_device(PLACED, CALIBRATION, theme=theme),
    "device-without-places": lambda theme: plot_device(DEVICE, theme=theme),
}
DARK = ("counts", "values", "value-map", "timeline", "device")
CASES = [*((name, "light") for name in DRAWN), *((name, "dark") for name in DARK)]


@pytest.mark.parametrize(("name", "theme"), CASES, ids=map("-".join, CASES))
def test_a_picture_is_as_it_was(name: str, theme: Theme, tmp_path: Path) -> None:
    file = f"{name}-{theme}.png"
    picture = DRAWN[name](theme)
    if os.environ.get("DRAW_PICTURES"):
        picture.save(GOLDEN / file)
    drawn = picture.save(tmp_path / file)
    assert compare_images(str(GOLDEN / file), str(drawn), tol=TOLERANCE) is None


def test_all_saved_pictures_are_drawn() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}-{theme}.png" for name, theme in CASES}
