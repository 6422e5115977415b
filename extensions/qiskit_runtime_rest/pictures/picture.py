"""A figure without global state: a theme, a size, and the two formats in which it is saved."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InvalidInput

__all__ = ["COLOURS", "GRADIENT", "TWO_SIDED", "Picture", "Theme", "drawn", "themed"]

Theme: TypeAlias = Literal["light", "dark"]

COLOURS = ("#0072B2", "#D55E00")
"""Blue and vermilion: of the palette of Okabe and Ito, which is safe for all kinds of colour vision."""

GRADIENT, TWO_SIDED = "cividis", "PuOr"
"""Colour maps: of values from low to high, and of values around zero."""

INKS: Mapping[str, tuple[str, str, str]] = {
    "light": ("#ffffff", "#1b1b1b", "#d0d0d0"),
    "dark": ("#161616", "#f0f0f0", "#454545"),
}
"""Background, text and grid of each theme."""

FORMATS = (".png", ".svg")
DOTS_PER_INCH = 144


class Picture(Figure):
    """A figure of matplotlib that notebooks show."""

    def save(self, path: str | Path) -> Path:
        """Write the picture, as PNG or SVG by the end of the file's name. Returns the path.

        Raises:
            InvalidInput: another format, or a file that cannot be written.
        """
        file = Path(path)
        if file.suffix.lower() not in FORMATS:
            raise InvalidInput(f"{file}: a picture is saved as {' or '.join(FORMATS)}.")
        try:
            file.write_bytes(self._bytes(file.suffix.lower()[1:]))
        except OSError as error:
            raise InvalidInput(f"the picture cannot be written to {file}: {error.strerror}.") from error
        return file

    def _bytes(self, form: str) -> bytes:
        content = io.BytesIO()
        # Without a date and with fixed ids, the same picture has the same bytes.
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        with _settings():
            if self.get_layout_engine() is not None:
                # Each drawing would move the parts a little more.
                self.draw_without_rendering()
                self.set_layout_engine("none")
            self.savefig(content, format=form, dpi=DOTS_PER_INCH, metadata=metadata, facecolor=self.get_facecolor())
        return content.getvalue()

    def _repr_png_(self) -> bytes:
        return self._bytes("png")


@contextmanager
def _settings(**more: Any) -> Iterator[None]:
    # Labels are texts of the service: a dollar sign in one is not the begin of a formula.
    fixed = {"svg.hashsalt": "qiskit-runtime-rest", "text.parse_math": False, "font.family": "DejaVu Sans"}
    values: dict[Any, Any] = {}
    values.update(fixed)
    values.update(more)
    with matplotlib.rc_context(values):
        yield


@contextmanager
def themed(theme: Theme) -> Iterator[None]:
    """Draw in the colours of a theme.

    Raises:
        InvalidInput: there is no such theme.
    """
    if theme not in INKS:
        raise InvalidInput(f"theme={theme!r}: must be {' or '.join(INKS)}.")
    paper, ink, grid = INKS[theme]
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    with _settings(
        **{"figure.facecolor": paper, "axes.facecolor": paper, "grid.color": grid, **dict.fromkeys(inked, ink)},
        **{"axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True},
        **{"axes.titlesize": "medium", "axes.titleweight": "bold", "axes.titlelocation": "left"},
    ):
        yield


def drawn(rows: int, *, width: float, height: float) -> tuple[Picture, list[Axes]]:
    """A picture of `rows` drawings, one below the other, each of a size in inches."""
    picture = Picture(figsize=(width, height * rows), layout="constrained")
    grid = picture.subplots(rows, 1, squeeze=False)
    return picture, [line[0] for line in grid]
