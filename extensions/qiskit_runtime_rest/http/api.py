"""The generated client, with our HTTP clients under it."""

from __future__ import annotations

from typing import Any, Protocol

import attrs

from qiskit_runtime_api.client import Client
from qiskit_runtime_api.http_library import httpx

from ..base.callers import warn
from ..base.forks import Lock
from .clients import AsyncHttpClient, HttpClient
from .closing import is_of_parent
from .error_mapping import unexpected_answer

__all__ = ["ApiClient"]


class Opener(Protocol):
    """Opens HTTP clients; the `Connection` does. Hold `opening` meanwhile, since threads share what is opened."""

    opening: Lock

    def open(self, **changes: Any) -> HttpClient:
        """A new HTTP client for threads."""

    def open_async(self, **changes: Any) -> AsyncHttpClient:
        """A new HTTP client for tasks."""


@attrs.define(kw_only=True)
class ApiClient(Client):
    """The generated client, authenticated: pass it as `client` to any function of `qiskit_runtime_api.api`.

    `with_headers`, `with_cookies` and `with_timeout` return a copy with its own HTTP client; this one does not change.
    """

    connection: Opener = attrs.field(repr=False)
    _client: HttpClient | None = attrs.field(default=None, init=False, repr=False)
    _async_client: AsyncHttpClient | None = attrs.field(default=None, init=False, repr=False)

    def get_httpx_client(self) -> HttpClient:
        """The HTTP client for threads, opened on first use."""
        client = self._client
        if client is not None and not is_of_parent(client):
            return client
        with self.connection.opening:
            if self._client is None or is_of_parent(self._client):
                self._client = self.connection.open(**self._changes())
            return self._client

    def get_async_httpx_client(self) -> AsyncHttpClient:
        """The HTTP client for tasks, opened on first use."""
        with self.connection.opening:
            if self._async_client is None or is_of_parent(self._async_client):
                self._async_client = self.connection.open_async(**self._changes())
            return self._async_client

    def with_headers(self, headers: dict[str, str]) -> ApiClient:
        """A copy that also sends `headers`."""
        return attrs.evolve(self, headers={**self._headers, **headers})

    def with_cookies(self, cookies: dict[str, str]) -> ApiClient:
        """A copy that also sends `cookies`."""
        return attrs.evolve(self, cookies={**self._cookies, **cookies})

    def with_timeout(self, timeout: httpx.Timeout) -> ApiClient:
        """A copy with another `timeout`."""
        return attrs.evolve(self, timeout=timeout)

    def unreadable(self, response: httpx.Response, error: Exception) -> Exception:
        """The error for a response that the generated parser cannot read."""
        return unexpected_answer(response, f"the answer is not what the contract promises ({type(error).__name__})")

    def deprecated(self, message: str) -> None:
        """Warn the user of a deprecated operation, whether a generated function or a convenience was called."""
        warn(message, DeprecationWarning)

    def _changes(self) -> dict[str, object]:
        changes: dict[str, object] = {"headers": self._headers, "cookies": self._cookies}
        return changes if self._timeout is None else {**changes, "timeout": self._timeout}
