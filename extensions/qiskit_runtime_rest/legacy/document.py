"""The classic API as an OpenAPI document: shown at `/openapi/`, and what calls about programs are checked against."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["document", "document_text"]


@cache
def document_text() -> str:
    """The document, as the package carries it."""
    return resources.files(__package__).joinpath("openapi.json").read_text("utf-8")


@cache
def document() -> dict[str, Any]:
    """The document, parsed once; not to be changed."""
    parsed: dict[str, Any] = json.loads(document_text())
    return parsed
