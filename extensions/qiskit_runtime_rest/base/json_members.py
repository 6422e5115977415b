"""What a JSON object of the service's holds under a name, where it is of the type that it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["member_count", "member_number", "member_object", "member_text", "member_texts"]


def member_text(of: Any, name: str) -> str | None:
    """The text `name`; None if it is empty, or anything else."""
    value = _member(of, name)
    return value if isinstance(value, str) and value else None


def member_number(of: Any, name: str) -> float | None:
    """The number `name`; None for anything else, also for one that no float can be."""
    value = _member(of, name)
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def member_count(of: Any, name: str) -> int | None:
    """The whole number `name`; None for anything else."""
    value = _member(of, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def member_object(of: Any, name: str) -> Mapping[str, Any]:
    """The object `name`; an empty one for anything else."""
    value = _member(of, name)
    return value if isinstance(value, Mapping) else {}


def member_texts(of: Any, name: str) -> list[str]:
    """The texts in the list `name`; none for anything else."""
    value = _member(of, name)
    return [text for text in value if isinstance(text, str) and text] if isinstance(value, list | tuple) else []


def _member(of: Any, name: str) -> Any:
    return of.get(name) if isinstance(of, Mapping) else None
