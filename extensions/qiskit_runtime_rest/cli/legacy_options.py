"""The options of every command that translates classic calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EraOption", "InstancesOption", "StoreOption"]

EraOption = Annotated[str, typer.Option(help="Form of the classic API: 2021 or 2023, where calls do not show it.")]
InstancesOption = Annotated[
    Path | None,
    typer.Option(help='JSON file: {"hub/group/project": "crn:...", "*": "crn:..."}; else QRR_CLASSIC_INSTANCES.'),
]
StoreOption = Annotated[Path | None, typer.Option(help="SQLite file for programs; else one in your state directory.")]
