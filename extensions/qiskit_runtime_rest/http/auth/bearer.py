"""Put the bearer token on requests: one protocol, driven by httpx for threads and for tasks alike."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from qiskit_runtime_api.http_library import httpx

from ...base.forks import Lock, renew_in_child
from ...base.secret import Secret
from ...plans.deadline import time_left
from ...plans.plan import Plan, run, run_async
from .iam import Token, parse_token, token_request

if TYPE_CHECKING:
    import anyio

    from .token_cache import TokenCache

__all__ = ["EXCHANGE", "ApiKeyAuth", "TokenAuth", "TokenStore", "url_origin"]

T = TypeVar("T")

REFRESH: Final = object()
"""Yielded by the protocol to get a token; one caller requests it while the others wait."""

EXCHANGE: Final = "qiskit_runtime_rest.exchange"
"""Request extension: sends a token request apart from the requests that wait for the token. (Missing: httpx does.)"""

UNAUTHORISED = 401


class _Refused(NamedTuple):
    """A token, and the response that refused it."""

    token: Token
    response: httpx.Response


class TokenStore:
    """The current token of one API key, in memory only."""

    def __init__(self) -> None:
        """Start without a token."""
        self._token: Token | None = None

    def usable(self, now: float) -> Token | None:
        """The current token, unless it is time to replace it. `now`: monotonic seconds."""
        token = self._token
        return token if token is not None and now < token.refresh_at else None

    def keep(self, token: Token) -> Token:
        """Make `token` the current one."""
        self._token = token
        return token

    def drop(self, token: Token) -> None:
        """Forget `token`, if it is still the current one: another caller may have replaced it."""
        if self._token is token:
            self._token = None


class ApiKeyAuth(httpx.Auth):
    """Exchanges an API key for bearer tokens, keeps the current one in memory, replaces it in time.

    At most one token request is sent at a time, however many threads (or tasks) need a token; with a cache, however
    many processes. A 401 drops the token that it was sent with, and sends the request once more. The key is sent to
    IAM only, the token to the origin of `base_url` only.
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
        """`clock` returns monotonic seconds. `cache`: shares the token with other processes."""
        self._api_key = Secret(api_key)
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
        return f"{type(self).__name__}(iam_url={getattr(self, '_iam_url', None)!r})"

    def renew(self) -> None:
        """Forget a lock that a task of the parent process may hold."""
        self._task_lock = None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Drive the protocol for a thread."""
        steps = self._protocol(request)
        step = next(steps)
        while True:
            reply: httpx.Response | Token | None = None
            if isinstance(step, httpx.Request):
                reply = yield step
            elif isinstance(step, _Refused):
                # Its connection is needed by others, while this request waits for a token.
                step.response.read()
                self._run(self._drop(step.token))
            else:
                is_mine, left = False, time_left()
                try:
                    is_mine = self._thread_lock.acquire(timeout=-1 if left is None else left)
                    if not is_mine:
                        raise self._late(request)
                    token = self._run(self._find())
                    if token is None:
                        asked_at = self._clock()
                        exchange = self._token_request(request)
                        send = request.extensions.get(EXCHANGE)
                        response = send(exchange) if send is not None else (yield exchange)
                        response.read()
                        token = self._run(self._accept(response, asked_at))
                finally:
                    try:
                        if is_mine:
                            self._run(self._release())
                    finally:
                        try:  # noqa: SIM105 - see `Lock`
                            self._thread_lock.release()
                        except RuntimeError:
                            pass  # the time was up before it was acquired
                reply = token
            try:
                step = steps.send(reply)
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
            reply: httpx.Response | Token | None = None
            if isinstance(step, httpx.Request):
                reply = yield step
            elif isinstance(step, _Refused):
                await step.response.aread()
                await self._run_async(self._drop(step.token))
            else:
                with anyio.move_on_after(time_left()) as waiting:
                    await self._task_lock.acquire()
                if waiting.cancelled_caught:
                    raise self._late(request)
                try:
                    token = await self._run_async(self._find())
                    if token is None:
                        asked_at = self._clock()
                        exchange = self._token_request(request)
                        send = request.extensions.get(EXCHANGE)
                        response = await send(exchange) if send is not None else (yield exchange)
                        await response.aread()
                        token = await self._run_async(self._accept(response, asked_at))
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._run_async(self._release())
                    self._task_lock.release()
                reply = token
            try:
                step = steps.send(reply)
            except StopIteration:
                return

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        return token_request(self._iam_url, api_key=self._api_key, like=request)

    def _late(self, request: httpx.Request) -> httpx.ReadTimeout:
        return httpx.ReadTimeout("another request waits for a token, too", request=self._token_request(request))

    def _protocol(self, request: httpx.Request) -> Generator[object, httpx.Response | Token | None, None]:
        """Yield a request to send, `REFRESH` to get a token, or the `_Refused` token."""
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
            yield _Refused(token, response)

    def _find(self) -> Plan[Token | None]:
        """The token, if another caller or process requested it meanwhile; None: this caller must request one."""
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

    def _release(self) -> Plan[None]:
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
    """A bearer token from elsewhere, sent to the origin of `base_url` only and never replaced."""

    def __init__(self, token: str, *, base_url: str) -> None:
        """`token`: the bearer token, without the word Bearer."""
        self._token = Secret(token)
        self._origin = url_origin(httpx.URL(base_url))

    def __repr__(self) -> str:
        """Never show the token."""
        return f"{type(self).__name__}('***')"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token on the request, if it is for the origin of `base_url`."""
        if url_origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def url_origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port of `url`: a token is for one of these."""
    return url.scheme, url.host, url.port
