"""httpx clients for the service: they authenticate, send default headers, retry where safe, and raise typed errors."""

from __future__ import annotations

import inspect
import os
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_runtime_api.http_library import httpx

from .._version import __version__
from ..errors import ConfigurationError, TransportError
from ..plans.clock import Clock
from ..plans.plan import run, run_async
from .auth.bearer import EXCHANGE, url_origin
from .bodies import ACCEPTED, Body
from .closing import closed_error, forked_error, is_of_parent, kept_in_loop, other_loop_error
from .orphans import SENDER, close_orphans, left_stream
from .retrying import send_with_retries

if TYPE_CHECKING:
    from ..config.settings import Settings
    from .retry_policy import RetryPolicy

__all__ = ["AsyncHttpClient", "HttpClient", "client_options", "proxy_patterns"]

TIMEOUT = httpx.Timeout(connect=10.0, read=60.0, write=60.0, pool=30.0)
UPLOAD_TIMEOUT = {"read": 300.0, "write": 300.0}
"""Shortest time-outs of `create_job`, whose body may be many megabytes, in seconds."""

UPLOAD = ("POST", "/v1/jobs")
# As many idle connections as connections: the pool closes surplus ones that may have a request already.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=30.0)
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
PYTHON = f"python/{sys.version_info.major}.{sys.version_info.minor}"
USER_AGENT = f"qiskit-runtime-rest/{__version__} {PYTHON} httpx/{httpx.__version__}"


def client_options(settings: Settings, auth: httpx.Auth | None, *, trust_env: bool = True) -> dict[str, Any]:
    """Keyword arguments of the httpx clients, from the settings. `trust_env`: whether the environment counts.

    Proxies of the environment stay in force, because no transport is given. Redirects are never followed.
    """
    return {
        "base_url": settings.base_url,
        "auth": auth,
        "headers": _headers(settings),
        "timeout": TIMEOUT if settings.timeout is None else settings.timeout,
        "verify": _verify(settings, trust_env=trust_env),
        "limits": LIMITS,
    }


def _verify(settings: Settings, *, trust_env: bool) -> bool | ssl.SSLContext:
    if isinstance(settings.verify, str):
        return _trusted(settings.verify, "verify")
    path = os.environ.get("SSL_CERT_FILE") if trust_env and settings.verify is True else None
    return _trusted(path, "SSL_CERT_FILE") if path else settings.verify


def _trusted(path: str, name: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ConfigurationError(f"{name}={path!r} is not the path of a readable CA bundle (PEM): {error}.") from error


def proxy_patterns(settings: Settings) -> dict[str, str | None]:
    """The settings' own proxies as httpx's URL patterns; None: no proxy, whatever the environment says."""
    patterns: dict[str, str | None] = {
        key if "://" in key else f"{key}://": url for key, url in settings.proxies.items()
    }
    # httpx takes the most specific pattern: `all://` would lose to a proxy of the environment.
    for_all = patterns.pop("all://", None)
    if for_all is not None:
        patterns = {"http://": for_all, "https://": for_all, **patterns}
    # A proxy cannot reach a server on this machine, and must not see the key that is meant for it.
    return patterns if "http://" in patterns else {**dict.fromkeys(LOOPBACK), **patterns}


def _headers(settings: Settings) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": ACCEPTED,
        "IBM-API-Version": settings.api_version,
        "User-Agent": USER_AGENT,
        # The service expects this prefix of integrators, and shows it as `caller` in metrics.
        "X-Qx-Client-Application": f"qiskit-version-2/{__version__}/{settings.application}",
    }
    if settings.instance is not None:
        headers["Service-CRN"] = settings.instance
    return headers


def _prepare(request: httpx.Request, options: dict[str, Any], origin: tuple[str, str, int | None]) -> None:
    # A redirect could carry the API key or a token to a host that the user did not choose.
    options["follow_redirects"] = False
    if url_origin(request.url) != origin:
        # Only the service may know the instance.
        request.headers.pop("Service-CRN", None)
    if request.method == UPLOAD[0] and request.url.path.endswith(UPLOAD[1]):
        timeout = request.extensions.get("timeout", {})
        longer = {kind: max(least, timeout[kind]) for kind, least in UPLOAD_TIMEOUT.items() if timeout.get(kind)}
        request.extensions = {**request.extensions, "timeout": {**timeout, **longer}}


BAD_REDIRECT = (httpx.InvalidURL, UnicodeError)
"""Raised by httpx for a redirect to an invalid URL, even where redirects are not followed."""


def _bad_redirect(request: httpx.Request) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError("Invalid URL in location header.", request=request)


Check = Callable[[httpx.Response], object]
"""Called with each response, before its errors are mapped; may return an awaitable on an `AsyncHttpClient`."""


class _LimitedBodies:
    """Keeps the limit of response bodies in force, whatever event hooks are set."""

    _limit_body: Callable[..., Any]

    @property
    def event_hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """Functions that are called with each request and response."""
        hooks: dict[str, list[Callable[..., Any]]] = httpx.Client.event_hooks.__get__(self)
        return hooks

    @event_hooks.setter
    def event_hooks(self, hooks: Mapping[str, Sequence[Callable[..., Any]]]) -> None:
        own = [hook for hook in hooks.get("response", ()) if hook != self._limit_body]
        httpx.Client.event_hooks.fset(self, {**hooks, "response": [self._limit_body, *own]})  # type: ignore[attr-defined]


class HttpClient(_LimitedBodies, httpx.Client):
    """`httpx.Client` for the service: any request through it is authenticated, retried, and raises typed errors."""

    def __init__(
        self,
        *,
        clock: Clock,
        retries: RetryPolicy,
        check: Check | None = None,
        exchanges: Callable[[], HttpClient] | None = None,
        again: Callable[[], HttpClient] | None = None,
        **options: Any,
    ) -> None:
        """`exchanges`: opens the client for token requests. `again`: opens a client like this one, whose connections
        replace those of an interrupted request. `options` are those of `httpx.Client`."""
        from .network import limit_by_deadline

        super().__init__(**options)
        self.clock = clock
        self.retries = retries
        self.check = check
        self._limit_body = Body
        self.event_hooks = self.event_hooks
        limit_by_deadline(self)
        self.process = os.getpid()
        self._open_exchanges = exchanges
        self._exchanges: HttpClient | None = None
        self._open_again = again
        self._senders: set[object] = set()
        self._left: list[httpx.BaseTransport] = []
        self._origin = url_origin(self.base_url)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send with retries. Raises: ApiError, TransportError; see `send_with_retries`."""
        if is_of_parent(self):
            raise forked_error(request)
        _prepare(request, options, self._origin)
        sender = object()
        self._senders.add(sender)
        try:
            response = run(send_with_retries(request, options, self.retries, self.clock), self)
            if self.is_closed and (stream := left_stream(response)) is not None:
                stream.close()
            return response
        except (TransportError, RuntimeError) as failure:
            if self.is_closed:
                raise closed_error(request, failure) from failure
            raise
        except (KeyboardInterrupt, SystemExit):
            self._replace_connections()
            raise
        finally:
            self._senders.discard(sender)

    def send_once(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send as httpx does, with authentication only, and check the response."""
        if self._open_exchanges is not None:
            request.extensions = {**request.extensions, EXCHANGE: self._exchange}
        try:
            response = super().send(request, **options)
        except BAD_REDIRECT as error:
            raise _bad_redirect(request) from error
        if self.check is not None and inspect.iscoroutine(outcome := self.check(response)):
            outcome.close()
            raise ConfigurationError("validate= is an async function: pass it to an AsyncRuntimeClient.")
        return response

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send a token request. Its connection is not one that requests which wait for the token can take."""
        assert self._open_exchanges is not None
        if self._exchanges is None:
            self._exchanges = self._open_exchanges()
        response = self._exchanges.send_once(request, follow_redirects=False)
        if self.is_closed and (stream := left_stream(response)) is not None:
            stream.close()
        return response

    def _replace_connections(self) -> None:
        """Leave the connections, after Ctrl-C: httpcore may have been in the middle of a change to them.

        They are closed now, or with the client if other threads use them.
        """
        if self._open_again is None or self.is_closed:
            return
        fresh = self._open_again()
        kept = {id(each) for each in (fresh._transport, *fresh._mounts.values())}
        old = [each for each in (self._transport, *self._mounts.values()) if each is not None and id(each) not in kept]
        if self._exchanges is not None:
            old.append(self._exchanges._transport)
        self._transport, self._mounts, self._exchanges = fresh._transport, fresh._mounts, None
        self._left += old
        # A copy: Ctrl-C may have left the lock of the cookies held.
        self.cookies = self.cookies
        if len(self._senders) == 1:
            self._close_left()

    def _close_left(self) -> None:
        while self._left:
            self._left.pop().close()

    def close(self) -> None:
        """Close the connections."""
        super().close()
        if self._exchanges is not None:
            self._exchanges.close()
        self._close_left()


class AsyncHttpClient(_LimitedBodies, httpx.AsyncClient):
    """`httpx.AsyncClient` for the service: as `HttpClient`, awaited."""

    def __init__(
        self,
        *,
        clock: Clock,
        retries: RetryPolicy,
        check: Check | None = None,
        exchanges: Callable[[], AsyncHttpClient] | None = None,
        **options: Any,
    ) -> None:
        """`exchanges`: opens the client for token requests; `options` are those of `httpx.AsyncClient`."""
        from .network import limit_by_deadline

        super().__init__(**options)
        self.clock = clock
        self.retries = retries
        self.check = check
        self.event_hooks = self.event_hooks
        limit_by_deadline(self)
        self.process = os.getpid()
        self._open_exchanges = exchanges
        self._exchanges: AsyncHttpClient | None = None
        self._origin = url_origin(self.base_url)
        self._loop: dict[Any, Any] | None = None

    async def _limit_body(self, response: httpx.Response) -> None:
        Body(response)

    @property
    def _is_in_its_loop(self) -> bool:
        return self._loop is None or self._loop is kept_in_loop()

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send with retries. Raises: ApiError, TransportError; see `send_with_retries`."""
        if is_of_parent(self):
            raise forked_error(request)
        if not self._is_in_its_loop:
            raise other_loop_error(request)
        self._loop = kept_in_loop()
        _prepare(request, options, self._origin)
        request.extensions = {**request.extensions, SENDER: (sender := object())}
        try:
            response = await run_async(send_with_retries(request, options, self.retries, self.clock), self)
            if self.is_closed and (stream := left_stream(response)) is not None:
                await stream.aclose()
            return response
        except (TransportError, RuntimeError) as failure:
            if self.is_closed:
                raise closed_error(request, failure) from failure
            raise
        except Exception:
            raise
        except BaseException:
            await self._close_orphans(sender)
            raise

    async def send_once(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send as httpx does, with authentication only, and check the response."""
        if self._open_exchanges is not None:
            request.extensions = {**request.extensions, EXCHANGE: self._exchange}
        try:
            response = await super().send(request, **options)
        except BAD_REDIRECT as error:
            raise _bad_redirect(request) from error
        if self.check is not None and inspect.isawaitable(outcome := self.check(response)):
            await outcome
        return response

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        """As `HttpClient._exchange`, awaited."""
        assert self._open_exchanges is not None
        if self._exchanges is None:
            self._exchanges = self._open_exchanges()
        response = await self._exchanges.send_once(request, follow_redirects=False)
        if self.is_closed and (stream := left_stream(response)) is not None:
            await stream.aclose()
        return response

    async def _close_orphans(self, sender: object) -> None:
        import anyio

        with anyio.CancelScope(shield=True):
            await close_orphans(self, sender)
            if self._exchanges is not None:
                await close_orphans(self._exchanges, sender)

    async def aclose(self) -> None:
        """Close the connections, unless they belong to another event loop: it may use them, or they ended with it."""
        if self._is_in_its_loop:
            await super().aclose()
            if self._exchanges is not None:
                await self._exchanges.aclose()
