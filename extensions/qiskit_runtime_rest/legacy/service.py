"""The v1 service as the translation sees it: one client for each caller and instance, kept while they are used."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from qiskit_runtime_api.types import path_step

from ..client.client import AsyncRuntimeClient
from ..errors import ConfigurationError
from .errors import UNKNOWN_INSTANCE, ClassicError
from .tokens import Caller

__all__ = ["Service", "send"]

MOST_CLIENTS = 64
CHECKED_SECONDS = 300.0
"""How long a key that IAM took is believed without asking again."""

JSON = {"Content-Type": "application/json"}


class Service:
    """Clients of the v1 service."""

    def __init__(self, settings: Mapping[str, Any], *, any_instance: str | None = None) -> None:
        """Nothing is sent yet.

        Args:
            settings: arguments of `Settings` that all clients share.
            any_instance: the CRN to check callers with who named none; None: that of the settings.
        """
        self._any_instance = any_instance
        self._settings = {
            name: value for name, value in settings.items() if name not in ("api_key", "token", "instance")
        }
        self._clients: OrderedDict[tuple[Caller, str | None], AsyncRuntimeClient] = OrderedDict()
        self._uses: Counter[tuple[Caller, str | None]] = Counter()
        self._checked: dict[Caller, float] = {}

    @contextlib.asynccontextmanager
    async def client(self, caller: Caller, crn: str | None) -> AsyncIterator[AsyncRuntimeClient]:
        """The client of `caller` for the instance `crn` (None: that of the settings), for as long as it is used.

        Raises:
            ClassicError: there is no instance to use.
        """
        key = (caller, crn)
        client = self._clients.get(key) or self._open(caller, crn)
        self._clients[key] = client
        self._clients.move_to_end(key)
        self._uses[key] += 1
        try:
            yield client
        finally:
            self._uses[key] -= 1
            await self._close_idle()

    def _open(self, caller: Caller, crn: str | None) -> AsyncRuntimeClient:
        credentials: dict[str, Any] = {"token" if caller.is_bearer else "api_key": caller.secret}
        try:
            return AsyncRuntimeClient(**self._settings, **credentials, instance=crn)
        except ConfigurationError as error:
            raise ClassicError(UNKNOWN_INSTANCE, str(error)) from error

    async def _close_idle(self) -> None:
        idle = [key for key in self._clients if not self._uses[key]]
        for key in idle[: max(len(self._clients) - MOST_CLIENTS, 0)]:
            del self._uses[key]
            await self._clients.pop(key).aclose()

    async def check(self, caller: Caller, crn: str | None = None) -> None:
        """Have IAM, or the service, say now that the caller's credential is good. `crn`: an instance of theirs.

        Raises: AuthenticationError and the like. Source: operation `get_versions`, which anybody may call.
        """
        async with self.client(caller, crn or self._any_instance) as client:
            await send(client, "GET /v1/instance" if caller.is_bearer else "GET /v1/versions")

    async def owner(self, caller: Caller, crn: str | None = None) -> str:
        """Whose things `caller` may touch, checked unless that was done lately.

        Raises: AuthenticationError and the like.
        """
        now = time.monotonic()
        if self._checked.get(caller, 0.0) <= now:
            await self.check(caller, crn)
            self._checked = {one: until for one, until in self._checked.items() if until > now}
            self._checked[caller] = now + CHECKED_SECONDS
        return caller.owner

    async def aclose(self) -> None:
        """Close all connections."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()


async def send(
    client: AsyncRuntimeClient,
    operation: str,
    *,
    names: Mapping[str, str] | None = None,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
) -> httpx.Response:
    """Call an operation, given as `GET /v1/jobs/{id}`; `names` fill its path, in order when they are called otherwise.

    Raises: ApiError, TransportError.
    """
    method, _, path = operation.partition(" ")
    for name, value in (names or {}).items():
        path = path.replace("{" + name + "}", path_step(value))
    http = client.api.get_async_httpx_client()
    content = None if body is None else json.dumps(body).encode()
    return await http.request(method, path, params=query or None, content=content, headers=JSON if content else None)
