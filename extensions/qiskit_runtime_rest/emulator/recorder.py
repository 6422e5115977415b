"""A record of the last requests, with all secrets blanked."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import asdict, define, field, frozen

from .state.clock import Clock, isoformat

if TYPE_CHECKING:
    from starlette.types import Scope

    from .faults import FaultRule

__all__ = ["RecordedRequest", "Recorder", "SeenRequest"]

# The key of an ASGI scope under which its request is kept.
_SEEN = "qiskit_runtime_rest.seen_request"
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


@define(kw_only=True, eq=False, repr=False)
class SeenRequest:
    """A request as it came, and what has become of it so far. What is shown of it is made when somebody looks."""

    number: int
    at: float
    method: str
    path: str
    query: bytes
    operation: str | None
    headers: Sequence[tuple[bytes, bytes]]
    body: bytearray = field(factory=bytearray)
    status: int | None = None
    response_headers: Sequence[tuple[bytes, bytes]] = ()
    response_body: bytearray = field(factory=bytearray)
    seconds: float | None = None
    fault: str | None = None

    def record(self) -> RecordedRequest:
        """What can be shown: without secrets."""
        return RecordedRequest(
            number=self.number,
            at=isoformat(self.at),
            method=self.method,
            path=self.path,
            query=_without_secrets(self.query),
            operation=self.operation,
            headers=_headers_without_secrets(self.headers),
            body=_without_secrets(self.body),
            status=self.status,
            response_headers=_headers_without_secrets(self.response_headers),
            response_body=_without_secrets(self.response_body),
            seconds=self.seconds,
            fault=self.fault,
        )


class Recorder:
    """Keeps the last requests."""

    def __init__(self, *, clock: Clock, limit: int) -> None:
        """Keep at most `limit` requests."""
        self._clock = clock
        self._count = 0
        self._requests: deque[SeenRequest] = deque(maxlen=limit)

    def all(self) -> list[RecordedRequest]:
        """The requests, oldest first."""
        return [request.record() for request in self._requests]

    def last(self, count: int) -> list[RecordedRequest]:
        """The last requests, newest first."""
        return [request.record() for request in islice(reversed(self._requests), count)]

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._requests)

    def clear(self) -> None:
        """Forget the requests."""
        self._requests.clear()

    def arrived(self, scope: Scope, *, operation: str | None) -> SeenRequest:
        """Record a request; what is known of it later is set in what this returns."""
        self._count += 1
        seen = SeenRequest(
            number=self._count,
            at=self._clock.now(),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            operation=operation,
            headers=scope["headers"],
        )
        self._requests.append(seen)
        scope[_SEEN] = seen
        return seen

    def fault_fired(self, scope: Scope, rule: FaultRule) -> None:
        """Record that a rule spoilt a request."""
        if _SEEN in scope:
            scope[_SEEN].fault = rule.kind


def _without_secrets(body: bytes | bytearray) -> str:
    """The text of a body, with keys and tokens blanked."""
    if not body:
        return ""
    text = body.decode("utf-8", "replace")
    return _SECRET_IN_FORM.sub(rf"\1{_BLANK}", _SECRET_IN_JSON.sub(rf"\1{_BLANK}", text))


def _headers_without_secrets(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
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
