"""The programs that the classic service brought, with the schemas of their parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources

from .program import Program

__all__ = ["ready_made"]


@cache
def ready_made() -> Mapping[str, Program]:
    """The programs by their ids."""
    text = resources.files(__package__).joinpath("ready_made.json").read_text("utf-8")
    rows = [row | {"created": datetime.fromisoformat(row["created"]).timestamp()} for row in json.loads(text)]
    return {row["id"]: Program(**row, updated=row["created"], is_public=True) for row in rows}
