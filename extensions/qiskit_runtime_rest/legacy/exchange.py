"""A call of the classic API and its answer, whatever brought them: a socket, or a patched library."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["ClassicAnswer", "ClassicRequest"]

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class ClassicRequest:
    """One classic call.

    Attributes:
        method: in capitals.
        path: as sent, without the query.
        query: its parameters, each with all its values.
        headers: by lower-case name.
        body: the bytes.
        host: the classic host it was meant for; None at a gateway.
        where: file and line of the caller's source, where known: `script.py:12`.
    """

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    host: str | None = None
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClassicAnswer:
    """What the classic service would have answered."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Self:
        """An answer that is JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status=status, body=body, media_type=JSON, headers=headers or {})

    @classmethod
    def of_text(cls, text: str, *, status: int = 200) -> Self:
        """An answer that is plain text."""
        return cls(status=status, body=text.encode(), media_type=TEXT)

    def json(self) -> Any:
        """The body, parsed; raises `ValueError` when it is not JSON."""
        return json.loads(self.body)
