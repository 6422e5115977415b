"""Calls of contract operations as effects: through the generated function, or for the bare answer."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import httpx

from ..plans.plan import Plan
from .bodies import SHORTEST_SECONDS
from .connection import Connection
from .error_mapping import unexpected_answer
from .retry_policy import WAITS_ITSELF
from .retrying import SINK, Sink, limited_to

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
    """Call `operation` through its generated function; the outcome is the generated `Response`."""

    operation: Operation
    arguments: dict[str, Any]

    def perform(self, connection: Connection) -> Any:
        """Block the thread until the answer is there."""
        return self.operation.sync_detailed(client=connection.api, **self.arguments)

    async def perform_async(self, connection: Connection) -> Any:
        """Suspend the task until the answer is there."""
        return await self.operation.asyncio_detailed(client=connection.api, **self.arguments)


class Fetch(NamedTuple):
    """Send the request of `operation`; the outcome is the bare answer, read.

    With a `budget`, retries take so many seconds at most, no silence of the service is borne for longer, and an answer
    that has not come whole by then is given up. With a `sink`, the body goes there as it comes, and the answer is
    without it. `content` is the request's body, encoded. Who `waits_itself` gets an answer that the
    rate is too high at once.
    """

    operation: Operation
    arguments: dict[str, Any]
    budget: float | None = None
    sink: Sink | None = None
    content: bytes | None = None
    waits_itself: bool = False

    def perform(self, connection: Connection) -> httpx.Response:
        """Block the thread until the answer is there."""
        with limited_to(self.budget):
            request = connection.http.build_request(**self._request(connection.http.timeout))
            return connection.http.send(request, stream=self.sink is not None)

    async def perform_async(self, connection: Connection) -> httpx.Response:
        """Suspend the task until the answer is there."""
        with limited_to(self.budget):
            request = connection.http_async.build_request(**self._request(connection.http_async.timeout))
            return await connection.http_async.send(request, stream=self.sink is not None)

    def _request(self, timeout: httpx.Timeout) -> dict[str, Any]:
        request: dict[str, Any] = self.operation._get_kwargs(**self.arguments)
        if self.content is not None:
            del request["json"]
            request["content"] = self.content
        if self.budget is not None:
            request["timeout"] = _cut(timeout, self.budget)
        request["extensions"] = {SINK: self.sink, WAITS_ITSELF: self.waits_itself}
        return request


def _cut(timeout: httpx.Timeout, budget: float) -> httpx.Timeout:
    longest = max(budget, SHORTEST_SECONDS)
    return httpx.Timeout(
        **{kind: longest if limit is None else min(limit, longest) for kind, limit in timeout.as_dict().items()}
    )


def call(operation: Operation, **arguments: Any) -> Plan[Any]:
    """What the generated function of `operation` parses out of the answer."""
    return (yield Call(operation, arguments)).parsed


def fetch(
    operation: Operation,
    *,
    budget: float | None = None,
    sink: Sink | None = None,
    content: bytes | None = None,
    waits_itself: bool = False,
    **arguments: Any,
) -> Plan[httpx.Response]:
    """The bare answer to `operation`; for `budget`, `sink`, `content` and `waits_itself` see `Fetch`."""
    response: httpx.Response = yield Fetch(operation, arguments, budget, sink, content, waits_itself)
    return response


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object that the answer's body is.

    Raises:
        UnexpectedAnswer: it is anything else.
    """
    try:
        value = response.json()
    except (ValueError, RecursionError):
        raise unexpected_answer(response, "the answer is not JSON") from None
    if not isinstance(value, dict):
        raise unexpected_answer(response, "the answer is JSON, but no object")
    return value
