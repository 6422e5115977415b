"""Callers of the classic API: their credentials, their access tokens, and their clients of the v1 service."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from qiskit_runtime_api.http_library import httpx
from qiskit_runtime_api.types import path_step

from ...client.client import AsyncRuntimeClient
from ...errors import ConfigurationError
from ..messages import INVALID_CREDENTIALS, UNKNOWN_INSTANCE, ClassicError

__all__ = ["LIFETIME_SECONDS", "AccessTokens", "Caller", "Service", "caller_with", "presented", "send"]

PREFIX = "qrr-access-"
LIFETIME_SECONDS = 86_400
MOST = 10_000
MOST_CLIENTS = 64

CHECKED_SECONDS = 300.0
"""How long a credential that was checked is not checked again."""
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Caller:
    """A caller: an API key, or a bearer token of IAM. `repr` shows neither."""

    secret: str = field(repr=False)
    is_bearer: bool = False

    @property
    def owner(self) -> str:
        """A hash that is the same for one API key, or for all bearer tokens of one user.

        The claims of a bearer token are not verified here: let the service check the token first.
        """
        known = user_of(self.secret) if self.is_bearer else self.secret
        return hashlib.sha256(b"qiskit-runtime-rest owner\0" + known.encode()).hexdigest()[:32]


class AccessTokens:
    """Random tokens bound to callers, in memory only. They expire; at most `MOST` are kept, the newest."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: a monotonic clock, in seconds."""
        self._clock = clock
        self._issued: dict[str, tuple[Caller, float]] = {}
        self._lock = threading.Lock()

    def issue(self, caller: Caller) -> str:
        """A new token for `caller`, valid for `LIFETIME_SECONDS`."""
        token = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._issued = {key: entry for key, entry in self._issued.items() if entry[1] > now}
            while len(self._issued) >= MOST:
                del self._issued[next(iter(self._issued))]
            self._issued[token] = (caller, now + LIFETIME_SECONDS)
        return token

    @staticmethod
    def issued(token: str) -> bool:
        """Whether `token` has the form of these tokens, valid or not."""
        return token.startswith(PREFIX)

    def caller(self, token: str) -> Caller:
        """The caller of a token. Any other text is an API key or a bearer token itself.

        Raises:
            ClassicError: 1201: the token is expired or logged out.
        """
        if not self.issued(token):
            return caller_with(token)
        with self._lock:
            caller, until = self._issued.get(token, (None, 0.0))
        if caller is None or until <= self._clock():
            raise ClassicError(INVALID_CREDENTIALS)
        return caller

    def revoke(self, token: str) -> None:
        """Revoke a token; other texts are ignored."""
        with self._lock:
            self._issued.pop(token, None)


def presented(headers: dict[str, str]) -> tuple[str, str] | None:
    """The header with the credential of a request, and the token or key in it; None without one."""
    if token := headers.get("x-access-token", "").strip():
        return "x-access-token", token
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() in ("bearer", "apikey") and (token := value.strip()):
        return "Authorization", token
    return None


def is_bearer_token(token: str) -> bool:
    """Whether it looks like a token of IAM (a JSON Web Token), not like an API key."""
    return token.startswith("eyJ") and token.count(".") == 2


def user_of(token: str) -> str:
    """The user in the claims of a bearer token, unverified; the token itself if it has no such claim.

    Source: the claim `iam_id` of IAM's access tokens, "IAM token" in the documentation of IBM Cloud.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return token
    return str(claims.get("iam_id") or claims.get("sub") or token)


def caller_with(secret: str) -> Caller:
    """The caller with this API key or bearer token.

    Raises:
        ClassicError: 1201: the text cannot be an API key or a token.
    """
    if not re.fullmatch(r"[!-~]+", secret):
        raise ClassicError(INVALID_CREDENTIALS)
    return Caller(secret, is_bearer=is_bearer_token(secret))


class Service:
    """Clients of the v1 service: one for each caller and instance, kept while they are used."""

    def __init__(self, settings: Mapping[str, Any], *, any_instance: str | None = None) -> None:
        """Send nothing yet.

        Args:
            settings: arguments of `Settings` that all clients share.
            any_instance: the CRN for the check of callers that name none; None: that of the settings.
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
        """The client of `caller` for the instance `crn` (None: that of the settings), open within the context.

        Raises:
            ClassicError: 403: no instance is known.
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
        """Check the caller's credential with IAM or the service. `crn`: an instance of the caller.

        Raises: AuthenticationError and other errors. Source: operation `get_versions` needs no permissions.
        """
        async with self.client(caller, crn or self._any_instance) as client:
            await send(client, "GET /v1/instance" if caller.is_bearer else "GET /v1/versions")

    async def owner(self, caller: Caller, crn: str | None = None) -> str:
        """The owner that `caller` stands for, after a check within the last `CHECKED_SECONDS`.

        Raises: AuthenticationError and other errors.
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
    api_version: str | None = None,
) -> httpx.Response:
    """Send a request for an operation, such as `GET /v1/jobs/{id}`; `names` fill its path.

    `api_version` replaces that of the settings.

    Raises: ApiError, TransportError.
    """
    method, _, path = operation.partition(" ")
    for name, value in (names or {}).items():
        path = path.replace("{" + name + "}", path_step(value))
    http = client.api.get_async_httpx_client()
    content = None if body is None else json.dumps(body).encode()
    headers = {**(JSON if content else {}), **({"IBM-API-Version": api_version} if api_version else {})}
    return await http.request(method, path, params=query or None, content=content, headers=headers)
