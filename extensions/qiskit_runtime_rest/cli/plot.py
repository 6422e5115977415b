"""The options `--plot FILE` and `--theme`, and pictures in files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import InvalidInput
from .options import check_folder
from .terminal import say

if TYPE_CHECKING:
    from ..pictures import Picture

__all__ = ["PlotOption", "Theme", "ThemeOption", "check_plot", "save_picture"]

ENDINGS = (".png", ".svg")


class Theme(StrEnum):
    """The colours of a picture."""

    LIGHT = "light"
    DARK = "dark"

    @property
    def value(self) -> Literal["light", "dark"]:
        """The word for it in `qiskit_runtime_rest.pictures`."""
        return "dark" if self is Theme.DARK else "light"


PlotOption = Annotated[
    Path | None, typer.Option(dir_okay=False, metavar="FILE", help="Draw a picture into this file: .png or .svg.")
]
ThemeOption = Annotated[Theme, typer.Option(help="With --plot: the colours.")]


def check_plot(file: Path | None) -> None:
    """Refuse a file that cannot be written, before anything is asked of the service."""
    if file is None:
        return
    if file.suffix.lower() not in ENDINGS:
        raise InvalidInput(f"--plot {file}: a picture is saved as {' or '.join(ENDINGS)}.")
    check_folder(file)


def save_picture(picture: Picture, file: Path) -> None:
    """Write the picture, and say where it is."""
    picture.save(file)
    say(f"the picture is in {file}.", label="ok", label_style="green")
