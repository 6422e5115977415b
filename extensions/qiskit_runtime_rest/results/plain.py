"""Decoded values as plain Python that `json.dumps` accepts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from .arrays import Array
from .bits import Bits

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """Lists, objects, numbers and texts: complex numbers become [real, imaginary], times ISO texts, sets lists."""
    if isinstance(value, Array):
        return plain(value.tolist())
    if isinstance(value, Bits):
        return value.to_dict()
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name if isinstance(name, str) else str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value), key=repr)
    if attrs.has(type(value)):
        return {part.name: plain(getattr(value, part.name)) for part in attrs.fields(type(value))}
    return value
