"""One classic call in progress, the notes about it, and its record."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import parse_qsl

from ...base.text import printable
from ..messages import INVALID_INPUT, ClassicError, ClassicRequest, ClassicResponse, read_json
from .callers import send

if TYPE_CHECKING:
    from qiskit_runtime_api.http_library import httpx

    from ...client.client import AsyncRuntimeClient
    from ..programs import Programs
    from ..programs.local_jobs import LocalJobs
    from ..store import KnownJobs
    from ..table import Route
    from .callers import Caller, Service
    from .instances import Instances

__all__ = ["ERAS", "CallRecord", "ClassicCall", "Era", "Note", "Notes", "Resources", "read_body"]

Era: TypeAlias = Literal["2021", "2023"]
ERAS: tuple[Era, ...] = ("2021", "2023")
FORM = "application/x-www-form-urlencoded"
LONGEST_NAME = 100
CARRIED_HEADERS = ("retry-after",)
MOST_NOTES = 10_000

log = logging.getLogger("qiskit_runtime_rest.legacy")


@dataclass(frozen=True, order=True)
class Note:
    """One field that the translation changed or ignored. It never holds a value of the request.

    Attributes:
        call: the classic call, such as `POST /jobs`.
        field: the field, such as `params.run_options.shots`.
        what: what happened to it.
    """

    call: str
    field: str
    what: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.call}: {self.field}: {self.what}"

    def to_dict(self) -> dict[str, str]:
        """Plain Python, for JSON."""
        return asdict(self)


class Notes:
    """All notes so far, without duplicates; at most `MOST_NOTES`, the newest. Safe for several threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._all: dict[Note, None] = {}
        self._lock = threading.Lock()

    def add(self, note: Note) -> None:
        """Keep and log `note`, if it is new."""
        with self._lock:
            if note in self._all:
                return
            self._all[note] = None
            while len(self._all) > MOST_NOTES:
                del self._all[next(iter(self._all))]
        log.info("%s", note)

    def __iter__(self) -> Iterator[Note]:
        """In the order of their first appearance."""
        return iter(list(self._all))


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One finished classic call. It holds no secrets and no values of fields.

    Attributes:
        method, path, host, where: as in `ClassicRequest`.
        route: the row of the table; None: the classic API had no such call.
        status: of the response; 101 for a WebSocket.
        error: the message of an error response, else empty.
        notes: the fields that were changed or ignored.
    """

    method: str
    path: str
    host: str | None
    where: str | None
    route: Route | None
    status: int
    error: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The objects that all calls share."""

    service: Service
    instances: Instances
    jobs: KnownJobs
    local_jobs: LocalJobs
    programs: Programs


@dataclass(kw_only=True)
class ClassicCall:
    """A classic call in progress: transformations change it step by step into a v1 request, and the response back.

    Attributes:
        names: the values in the path, by the names of the route.
        query, body: as they will be sent; `body` is None if the request has none.
        caller, client: the credentials, and the client for the instance of the call.
        v1_response: the response of v1.
        response: the classic response. If a request transformation sets it, nothing is sent to v1.
        notes: the fields that were changed or ignored.
        kept: values that one transformation keeps for a later one.
    """

    request: ClassicRequest
    route: Route
    names: dict[str, str]
    era: Era
    resources: Resources
    caller: Caller
    query: dict[str, list[str]] = field(default_factory=dict)
    body: Any = None
    client: AsyncRuntimeClient
    v1_response: httpx.Response | None = None
    response: ClassicResponse | None = None
    notes: list[Note] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def note(self, name: str, what: str) -> None:
        """Note what happened to the field `name`."""
        note = Note(call=f"{self.route.method} {self.route.path}", field=printable(name)[:LONGEST_NAME], what=what)
        if note not in self.notes:
            self.notes.append(note)

    def fields(self) -> dict[str, Any]:
        """The body as an object.

        Raises:
            ClassicError: 400: the body is not an object.
        """
        if not isinstance(self.body, dict):
            raise ClassicError(INVALID_INPUT, "The body must be a JSON object.")
        return self.body

    def document(self) -> Any:
        """The parsed body of the v1 response; None if there is none, or if it is not JSON."""
        if self.v1_response is None or not self.v1_response.content:
            return None
        try:
            return self.v1_response.json()
        except ValueError:
            return None

    def unchanged(self) -> ClassicResponse:
        """The response of v1, unchanged."""
        sent = self.v1_response
        assert sent is not None
        headers = {name: sent.headers[name] for name in CARRIED_HEADERS if name in sent.headers}
        media_type = sent.headers.get("content-type")
        return ClassicResponse(status=sent.status_code, body=sent.content, media_type=media_type, headers=headers)

    async def owner(self) -> str:
        """The owner that the caller stands for, after a check. Raises: AuthenticationError and other errors."""
        return await self.resources.service.owner(self.caller, self.client.settings.instance)

    async def send(
        self,
        operation: str,
        *,
        names: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        api_version: str | None = None,
    ) -> httpx.Response:
        """Send a request to v1. Raises: ApiError, TransportError."""
        return await send(self.client, operation, names=names, query=query, body=body, api_version=api_version)


def read_body(request: ClassicRequest) -> Any:
    """The parsed body of the request; None without a body. Fields of a form are texts.

    Raises:
        ClassicError: 400: it is neither JSON nor a form.
    """
    body = request.body.strip()
    # curl says "form" of any body, if it is not told otherwise.
    if request.headers.get("content-type", "").startswith(FORM) and not body.startswith((b"{", b"[")):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    return read_json(request.body) if body else None
