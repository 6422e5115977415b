"""Putting the bearer token on requests: one protocol, driven by httpx for threads and for tasks alike."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Final, TypeVar

import httpx

from ...base.forks import Lock, renew_in_child
from ...plans.plan import Plan, run, run_async
from .iam import parse_token, token_request
from .token import Token, TokenStore

if TYPE_CHECKING:
    import anyio

    from .token_cache import TokenCache

__all__ = ["ApiKeyAuth", "TokenAuth", "url_origin"]

T = TypeVar("T")

REFRESH: Final = object()
"""What the protocol yields to be sent a token, fetched by one caller while the others wait."""

UNAUTHORISED = 401


class ApiKeyAuth(httpx.Auth):
    """Exchanges an API key for bearer tokens, keeps the current one in memory, replaces it in time.

    One token request is under way at a time, however many threads (or tasks) need one, and with a cache however many
    processes. A 401 drops that very
    token and sends the request once more. The key goes to IAM only, the token to the origin of `base_url` only.
    """

    def __init__(
        self,
        api_key: str,
        *,
        iam_url: str,
        base_url: str,
        clock: Callable[[], float] = time.monotonic,
        cache: TokenCache | None = None,
    ) -> None:
        """`clock` gives monotonic seconds. `cache`: where other processes find the token, too."""
        self._api_key = api_key
        self._iam_url = iam_url
        self._origin = url_origin(httpx.URL(base_url))
        self._clock = clock
        self._cache = cache
        self._tokens = TokenStore()
        self._thread_lock = Lock()
        self._task_lock: anyio.Lock | None = None
        renew_in_child(self)

    def __repr__(self) -> str:
        """Name the IAM host, never the key."""
        return f"{type(self).__name__}(iam_url={self._iam_url!r})"

    def renew(self) -> None:
        """Leave the turn at IAM that a task of the parent has to the parent."""
        self._task_lock = None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Drive the protocol for a thread."""
        steps = self._protocol(request)
        step = next(steps)
        while True:
            answer: httpx.Response | Token | None = None
            if isinstance(step, httpx.Request):
                answer = yield step
            elif isinstance(step, Token):
                self._run(self._drop(step))
            else:
                with self._thread_lock:
                    try:
                        token = self._run(self._known())
                        if token is None:
                            asked_at = self._clock()
                            response = yield token_request(self._iam_url, api_key=self._api_key, like=request)
                            response.read()
                            token = self._run(self._accept(response, asked_at))
                    finally:
                        self._run(self._end_turn())
                answer = token
            try:
                step = steps.send(answer)
            except StopIteration:
                return

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Drive the protocol for a task."""
        import anyio

        if self._task_lock is None:
            self._task_lock = anyio.Lock()
        steps = self._protocol(request)
        step = next(steps)
        while True:
            answer: httpx.Response | Token | None = None
            if isinstance(step, httpx.Request):
                answer = yield step
            elif isinstance(step, Token):
                await self._run_async(self._drop(step))
            else:
                async with self._task_lock:
                    try:
                        token = await self._run_async(self._known())
                        if token is None:
                            asked_at = self._clock()
                            response = yield token_request(self._iam_url, api_key=self._api_key, like=request)
                            await response.aread()
                            token = await self._run_async(self._accept(response, asked_at))
                    finally:
                        with anyio.CancelScope(shield=True):
                            await self._run_async(self._end_turn())
                answer = token
            try:
                step = steps.send(answer)
            except StopIteration:
                return

    def _protocol(self, request: httpx.Request) -> Generator[object, httpx.Response | Token | None, None]:
        """What to send, `REFRESH` to be sent a token, and a `Token` that was refused."""
        if url_origin(request.url) != self._origin:
            yield request
            return
        for attempt in (1, 2):
            token = self._tokens.usable(self._clock()) or (yield REFRESH)
            assert isinstance(token, Token)
            request.headers["Authorization"] = f"Bearer {token.value}"
            response = yield request
            assert isinstance(response, httpx.Response)
            if response.status_code != UNAUTHORISED or attempt == 2:
                return
            yield token

    def _known(self) -> Plan[Token | None]:
        """The token that another caller, or process, has fetched meanwhile; None: it is this caller's turn."""
        token = self._tokens.usable(self._clock())
        if token is None and self._cache is not None:
            token = yield from self._cache.claim()
            if token is not None:
                self._tokens.keep(token)
        return token

    def _accept(self, response: httpx.Response, asked_at: float) -> Plan[Token]:
        token = self._tokens.keep(parse_token(response, api_key=self._api_key, asked_at=asked_at))
        if self._cache is not None:
            yield from self._cache.keep(token)
        return token

    def _end_turn(self) -> Plan[None]:
        if self._cache is not None:
            yield from self._cache.release()

    def _drop(self, token: Token) -> Plan[None]:
        self._tokens.drop(token)
        if self._cache is not None:
            yield from self._cache.drop(token)

    def _run(self, plan: Plan[T]) -> T:
        return run(plan, self._cache)

    async def _run_async(self, plan: Plan[T]) -> T:
        return await run_async(plan, self._cache)


class TokenAuth(httpx.Auth):
    """A ready-made bearer token, sent to the origin of `base_url` only and never replaced."""

    def __init__(self, token: str, *, base_url: str) -> None:
        """`token`: the bearer token, without the word Bearer."""
        self._token = token
        self._origin = url_origin(httpx.URL(base_url))

    def __repr__(self) -> str:
        """Never show the token."""
        return f"{type(self).__name__}('***')"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token on the request, if it goes to the configured origin."""
        if url_origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def url_origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port of `url`: what a token is for."""
    return url.scheme, url.host, url.port
