"""JSON of callers: only what can be sent on."""

from __future__ import annotations

import json
from typing import Any

from .errors import INVALID_INPUT, ClassicError

__all__ = ["read_json"]

LONGEST_REASON = 300


def read_json(text: bytes, *, name: str = "The body") -> Any:
    """What `text` says; complaints call it `name`.

    Raises:
        ClassicError: 400: it is not JSON, or has numbers or characters that JSON cannot hold.
    """
    try:
        value = json.loads(text)
        # Python reads more than can be sent: NaN, 1e999, halves of surrogate pairs.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ClassicError(INVALID_INPUT, f"{name} is not JSON: {str(error)[:LONGEST_REASON]}.") from None
    return value
