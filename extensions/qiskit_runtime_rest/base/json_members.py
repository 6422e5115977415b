"""Members of JSON objects of the service, if they have the expected type."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["member_count", "member_moment", "member_number", "member_object", "member_text", "member_texts"]


def member_text(of: Any, name: str) -> str | None:
    """The text `name`; None if it is empty, missing or of another type."""
    value = _member(of, name)
    return value if isinstance(value, str) and value else None


def member_number(of: Any, name: str) -> float | None:
    """The number `name` as a finite float; None if it is missing, of another type, or too large."""
    value = _member(of, name)
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def member_count(of: Any, name: str) -> int | None:
    """The whole number `name`; None if it is missing or of another type."""
    value = _member(of, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def member_object(of: Any, name: str) -> Mapping[str, Any]:
    """The object `name`; an empty one if it is missing or of another type."""
    value = _member(of, name)
    return value if isinstance(value, Mapping) else {}


def member_texts(of: Any, name: str) -> list[str]:
    """The non-empty texts in the list `name`; an empty list if it is missing or of another type."""
    value = _member(of, name)
    return [text for text in value if isinstance(text, str) and text] if isinstance(value, list | tuple) else []


def member_moment(of: Any, name: str) -> datetime.datetime | None:
    """The time `name`, which is UTC unless it says otherwise; None if it is missing or not a time."""
    try:
        moment = datetime.datetime.fromisoformat(_member(of, name))
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _member(of: Any, name: str) -> Any:
    return of.get(name) if isinstance(of, Mapping) else None
