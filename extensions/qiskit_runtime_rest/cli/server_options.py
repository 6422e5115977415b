"""The options of commands that serve: where they listen, and the file that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["HostOption", "PortOption", "ReadyFileOption"]


def _in_a_folder(path: Path | None) -> Path | None:
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"{path} cannot be written: {path.parent} is no folder.")
    return path


HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)]
ReadyFileOption = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False, callback=_in_a_folder, help="JSON file that appears as soon as requests are answered."
    ),
]
