"""A record of the last requests, with all secrets blanked."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, field, frozen

from .state.clock import Clock, isoformat

if TYPE_CHECKING:
    from starlette.types import Scope

    from .faults import FaultRule

__all__ = ["NUMBER", "RecordedRequest", "Recorder", "headers_without_secrets", "without_secrets"]

# The key of an ASGI scope under which the number of its request is kept.
NUMBER = "qiskit_runtime_rest.request_number"
_BLANK = "***"
_SECRET_HEADERS = frozenset({"cookie", "set-cookie", "proxy-authorization", "x-access-token"})
_SECRETS_NAMED = "api_?key|api_?token|access_token|refresh_token|token|password|passcode"
_SECRET_IN_JSON = re.compile(rf'("(?:{_SECRETS_NAMED})"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE)
_SECRET_IN_FORM = re.compile(rf"((?:^|&)(?:{_SECRETS_NAMED})=)[^&]*", re.IGNORECASE)


@frozen(kw_only=True)
class RecordedRequest:
    """One request, and the response to it.

    `status` is `None` until the response begins, and after a reset of the connection. Bodies are cut after 16 KiB.
    """

    number: int
    at: str
    method: str
    path: str
    query: str
    operation: str | None
    headers: Mapping[str, str] = field(factory=dict)
    body: str = ""
    status: int | None = None
    response_headers: Mapping[str, str] = field(factory=dict)
    response_body: str = ""
    seconds: float | None = None
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


class Recorder:
    """Keeps the last requests."""

    def __init__(self, *, clock: Clock, limit: int) -> None:
        """Keep at most `limit` requests."""
        self._clock = clock
        self._limit = limit
        self._count = 0
        self._requests: OrderedDict[int, RecordedRequest] = OrderedDict()

    def all(self) -> list[RecordedRequest]:
        """The requests, oldest first."""
        return list(self._requests.values())

    def clear(self) -> None:
        """Forget the requests."""
        self._requests.clear()

    def arrived(self, scope: Scope, *, operation: str | None) -> int:
        """Record a request and return its number."""
        self._count += 1
        self._requests[self._count] = RecordedRequest(
            number=self._count,
            at=isoformat(self._clock.now()),
            method=scope["method"],
            path=scope["path"],
            query=without_secrets(scope["query_string"]),
            operation=operation,
            headers=headers_without_secrets(scope["headers"]),
        )
        if len(self._requests) > self._limit:
            self._requests.popitem(last=False)
        return self._count

    def note(self, number: int, **changes: Any) -> None:
        """Add to the record of a request."""
        if number in self._requests:
            self._requests[number] = evolve(self._requests[number], **changes)

    def fault_fired(self, scope: Scope, rule: FaultRule) -> None:
        """Record that a rule spoilt a request."""
        self.note(scope.get(NUMBER, 0), fault=rule.kind)


def without_secrets(body: bytes | bytearray) -> str:
    """The text of a body, with keys and tokens blanked."""
    if not body:
        return ""
    text = body.decode("utf-8", "replace")
    return _SECRET_IN_FORM.sub(rf"\1{_BLANK}", _SECRET_IN_JSON.sub(rf"\1{_BLANK}", text))


def headers_without_secrets(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as texts, with keys and tokens blanked."""
    texts = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]
    return {name: _blanked(name, value) for name, value in texts}


def _blanked(name: str, value: str) -> str:
    if name in _SECRET_HEADERS:
        return _BLANK
    if name == "authorization":
        scheme, _, rest = value.partition(" ")
        return f"{scheme} {_BLANK}" if rest else _BLANK
    return value
