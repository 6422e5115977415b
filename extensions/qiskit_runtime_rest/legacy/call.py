"""One classic call on its way through the translation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..base.text import printable
from .errors import INVALID_INPUT, ClassicError
from .exchange import ClassicAnswer, ClassicRequest
from .json_text import read_json
from .notes import Note
from .service import send
from .table import Route

if TYPE_CHECKING:
    import httpx

    from ..client.client import AsyncRuntimeClient
    from .instances import Instances
    from .jobs import KnownJobs
    from .local_jobs import LocalJobs
    from .programs import Programs
    from .service import Service
    from .tokens import Caller

__all__ = ["ERAS", "Call", "Era", "Means"]

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
