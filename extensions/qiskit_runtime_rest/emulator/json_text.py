"""JSON as the service writes it. What does not change is kept as text, and put together with what does."""

from __future__ import annotations

import json

__all__ = ["extended", "json_text"]

# Escaped to ASCII: clients may have sent lone surrogates, which UTF-8 cannot carry.
json_text = json.JSONEncoder(separators=(",", ":")).encode


def extended(text: str, members: str) -> str:
    """The text of a JSON object that has members, with further ones: `"name":value,...`."""
    return f"{text[:-1]},{members}}}"
