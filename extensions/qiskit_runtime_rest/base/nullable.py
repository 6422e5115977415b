"""Schemas of OpenAPI 3.0 that allow null beside `anyOf`."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["with_null_variants"]

NULL: Final = {"type": "string", "enum": [None], "nullable": True}


def with_null_variants(document: Any) -> Any:
    """The document with null as one more variant of each `anyOf` that is `nullable`.

    A validator of OpenAPI 3.0 looks at `nullable` only beside `type`.
    """
    match document:
        case dict():
            copy = {name: with_null_variants(part) for name, part in document.items()}
            if copy.get("nullable") is True and isinstance(copy.get("anyOf"), list):
                copy["anyOf"] = [*copy["anyOf"], NULL]
            return copy
        case list():
            return [with_null_variants(part) for part in document]
        case _:
            return document
