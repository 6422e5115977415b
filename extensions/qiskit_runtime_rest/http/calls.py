"""Operations of the contract as effects: through the generated function, or for the bare response."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from qiskit_runtime_api.http_library import httpx

from ..plans.plan import Plan
from .connection import Connection
from .error_mapping import unexpected_answer
from .retrying import BUDGET, NO_RATE_RETRIES, SINK, Sink

__all__ = ["Call", "Fetch", "call", "fetch", "json_object"]


class Operation(Protocol):
    """A module of `qiskit_runtime_api.api`: one operation of the contract."""

    @property
    def sync_detailed(self) -> Any:
        """Call and parse, for threads."""

    @property
    def asyncio_detailed(self) -> Any:
        """Call and parse, for tasks."""

    @property
    def _get_kwargs(self) -> Any:
        """Method, URL, parameters and body of the request."""


class Call(NamedTuple):
    """Call the generated function of `operation`; the outcome is the generated `Response`."""

    operation: Operation
    arguments: dict[str, Any]

    def perform(self, connection: Connection) -> Any:
        """Block the thread until the response has come."""
        return self.operation.sync_detailed(client=connection.api, **self.arguments)

    async def perform_async(self, connection: Connection) -> Any:
        """Suspend the task until the response has come."""
        return await self.operation.asyncio_detailed(client=connection.api, **self.arguments)


class Fetch(NamedTuple):
    """Send the request of `operation`; the outcome is the bare response, read.

    Attributes:
        operation, arguments: the generated module, and the arguments of its functions.
        budget: seconds for the request and its retries; the first one may always take some seconds. None: as the
            policy and the time-outs say.
        sink: receives the body in parts; the response is then without it.
        content: the body of the request, encoded.
        no_rate_retries: raise `RateLimited` at once, since the caller waits itself.
    """

    operation: Operation
    arguments: dict[str, Any]
    budget: float | None = None
    sink: Sink | None = None
    content: bytes | None = None
    no_rate_retries: bool = False

    def perform(self, connection: Connection) -> httpx.Response:
        """Block the thread until the response has come."""
        http = connection.http
        return http.send(self._request(http), stream=self.sink is not None)

    async def perform_async(self, connection: Connection) -> httpx.Response:
        """Suspend the task until the response has come."""
        http = connection.http_async
        return await http.send(self._request(http), stream=self.sink is not None)

    def _request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        parts: dict[str, Any] = self.operation._get_kwargs(**self.arguments)
        # httpx would parse the path, the joined URL, and the URL with its query: a tenth of the time of a request.
        url = str(http.base_url).rstrip("/") + parts.pop("url")
        if params := parts.pop("params", None):
            url += f"?{httpx.QueryParams(params)}"
        extensions: dict[str, Any] = {}
        if self.sink is not None:
            extensions[SINK] = self.sink
        if self.no_rate_retries:
            extensions[NO_RATE_RETRIES] = True
        if self.content is not None:
            del parts["json"]
            parts["content"] = self.content
        if self.budget is not None:
            extensions[BUDGET] = self.budget
        return http.build_request(url=_parsed(url), extensions=extensions, **parts)


@lru_cache
def _parsed(url: str) -> httpx.URL:
    """`url`, parsed once: a wait asks for the same one again and again."""
    return httpx.URL(url)


def call(operation: Operation, **arguments: Any) -> Plan[Any]:
    """The response of `operation`, parsed by its generated function."""
    return (yield Call(operation, arguments)).parsed


def fetch(
    operation: Operation,
    *,
    budget: float | None = None,
    sink: Sink | None = None,
    content: bytes | None = None,
    no_rate_retries: bool = False,
    **arguments: Any,
) -> Plan[httpx.Response]:
    """The bare response to `operation`; for `budget`, `sink`, `content` and `no_rate_retries` see `Fetch`."""
    response: httpx.Response = yield Fetch(operation, arguments, budget, sink, content, no_rate_retries)
    return response


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The body of `response`, a JSON object.

    Raises:
        UnexpectedAnswer: it is not one.
    """
    try:
        value = response.json()
    except (ValueError, RecursionError):
        raise unexpected_answer(response, "the answer is not JSON") from None
    if not isinstance(value, dict):
        raise unexpected_answer(response, "the answer is JSON, but not an object")
    return value
