"""One classic call in progress, the notes about it, and its record."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ...base.text import printable
from ..messages import (
    INVALID_INPUT,
    ClassicAnswer,
    ClassicError,
    ClassicRequest,
    read_json,
)
from ..programs import Programs
from ..programs.local_jobs import LocalJobs
from ..store import KnownJobs
from ..table import Route
from .callers import Caller, Service, send
from .instances import Instances

if TYPE_CHECKING:
    import httpx

    from ...client.client import AsyncRuntimeClient
    from ..programs import Programs
    from ..programs.local_jobs import LocalJobs
    from ..store import KnownJobs
    from .callers import Caller, Service
    from .instances import Instances

__all__ = ["ERAS", "Call", "CallRecord", "Era", "Means", "Note", "Notes"]

MOST_NOTES = 10_000

log = logging.getLogger("qiskit_runtime_rest.legacy")


@dataclass(frozen=True, order=True)
class Note:
    """One change. Never holds a value of the caller's.

    Attributes:
        call: the classic call, such as `POST /jobs`.
        field: the field that was changed or ignored, such as `params.run_options.shots`.
        what: what became of it.
    """

    call: str
    field: str
    what: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.call}: {self.field}: {self.what}"

    def to_dict(self) -> dict[str, str]:
        """Plain Python."""
        return asdict(self)


class Notes:
    """All notes so far, each once; the oldest go when there are too many. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin without any."""
        self._all: dict[Note, None] = {}
        self._lock = threading.Lock()

    def add(self, note: Note) -> None:
        """Keep `note`, and log it unless it was there."""
        with self._lock:
            if note in self._all:
                return
            self._all[note] = None
            while len(self._all) > MOST_NOTES:
                del self._all[next(iter(self._all))]
        log.info("%s", note)

    def __iter__(self) -> Iterator[Note]:
        """In the order in which they came first."""
        return iter(list(self._all))


Era: TypeAlias = Literal["2021", "2023"]
ERAS: tuple[Era, ...] = ("2021", "2023")
JSON = "application/json"
LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Means:
    """What all calls share."""

    service: Service
    instances: Instances
    jobs: KnownJobs
    local_jobs: LocalJobs
    programs: Programs


@dataclass(kw_only=True)
class Call:
    """A classic call, changed step by step into one of v1, and its answer back.

    Attributes:
        names: what stands in the path, for the operation's.
        query, body: as they will be sent; `body` is None when there was none.
        caller, client: who is calling, and the client for the instance that was named.
        sent: v1's answer.
        answer: the classic answer; setting it on the way there ends the call.
        notes: what was changed or ignored.
        kept: what one transformation tells a later one.
    """

    request: ClassicRequest
    route: Route
    names: dict[str, str]
    era: Era
    means: Means
    caller: Caller
    query: dict[str, list[str]] = field(default_factory=dict)
    body: Any = None
    client: AsyncRuntimeClient
    sent: httpx.Response | None = None
    answer: ClassicAnswer | None = None
    notes: list[Note] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def note(self, name: str, what: str) -> None:
        """Note what became of the field `name`."""
        note = Note(call=f"{self.route.method} {self.route.path}", field=printable(name)[:LONGEST_NAME], what=what)
        if note not in self.notes:
            self.notes.append(note)

    def fields(self) -> dict[str, Any]:
        """The body, which has to be an object.

        Raises:
            ClassicError: it is something else.
        """
        if not isinstance(self.body, dict):
            raise ClassicError(INVALID_INPUT, "The body has to be a JSON object.")
        return self.body

    def document(self) -> Any:
        """v1's answer as JSON; None where it is none."""
        if self.sent is None or not self.sent.content:
            return None
        try:
            return self.sent.json()
        except ValueError:
            return None

    async def owner(self) -> str:
        """Who is calling, checked. Raises: AuthenticationError and the like."""
        return await self.means.service.owner(self.caller, self.client.settings.instance)

    async def ask(
        self,
        operation: str,
        *,
        names: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> httpx.Response:
        """Call an operation on the way. Raises: ApiError, TransportError."""
        return await send(self.client, operation, names=names, query=query, body=body)


def read_body(request: ClassicRequest) -> Any:
    """The request's body as JSON; None without one.

    Raises:
        ClassicError: it is not JSON.
    """
    if not request.body.strip():
        return None
    return read_json(request.body)


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One classic call, and what was made of it; nothing secret, and no values.

    Attributes:
        method, path, host, where: as in `ClassicRequest`.
        route: the row of the table; None when the classic API had no such call.
        status: of the answer; 101 for a WebSocket.
        error: what an answer that is an error says, else empty.
        notes: what was changed or ignored in it.
    """

    method: str
    path: str
    host: str | None
    where: str | None
    route: Route | None
    status: int
    error: str = ""
    notes: tuple[Note, ...] = field(default=())
