"""httpx clients that authenticate, say who they are, send requests again where that is safe, and raise typed errors."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from .._version import __version__
from ..config.settings import Settings
from ..errors import ConfigurationError
from ..plans.clock import Clock
from ..plans.plan import run, run_async
from .auth.flow import url_origin
from .bodies import ACCEPTED, Body
from .closing import is_in_its_loop, served_by
from .loops import kept_in_loop
from .retry_policy import RetryPolicy
from .retrying import exchange, redirects_unbuilt

__all__ = ["AsyncHttpClient", "HttpClient", "client_options"]

TIMEOUT = httpx.Timeout(connect=10.0, read=60.0, write=60.0, pool=30.0)
UPLOAD_TIMEOUT = {"read": 300.0, "write": 300.0}
"""Least time-outs of `create_job`, whose body may be many megabytes, in seconds."""

UPLOAD = ("POST", "/v1/jobs")
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
PYTHON = f"python/{sys.version_info.major}.{sys.version_info.minor}"
USER_AGENT = f"qiskit-runtime-rest/{__version__} {PYTHON} httpx/{httpx.__version__}"


def client_options(settings: Settings, auth: httpx.Auth | None) -> dict[str, Any]:
    """Keyword arguments of the httpx clients that follow from the settings.

    Proxies of the environment stay in force, because no transport is given. Redirects are never followed.
    """
    return {
        "base_url": settings.base_url,
        "auth": auth,
        "headers": _headers(settings),
        "timeout": TIMEOUT if settings.timeout is None else settings.timeout,
        "verify": _trusted(settings.verify) if isinstance(settings.verify, str) else settings.verify,
        "limits": LIMITS,
    }


def _trusted(path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ConfigurationError(f"verify={path!r} is not the path of a readable CA bundle (PEM): {error}.") from error


def proxy_patterns(settings: Settings) -> dict[str, str | None]:
    """The settings' own proxies, as httpx's URL patterns; None: without one, whatever the environment says."""
    patterns: dict[str, str | None] = {
        key if "://" in key else f"{key}://": url for key, url in settings.proxies.items()
    }
    # httpx takes the most specific pattern: as `all://` it would lose to a proxy of the environment.
    for_all = patterns.pop("all://", None)
    if for_all is not None:
        patterns = {"http://": for_all, "https://": for_all, **patterns}
    # A proxy cannot reach a server on this machine, and is not to see the key that is meant for it.
    return patterns if "http://" in patterns else {**dict.fromkeys(LOOPBACK), **patterns}


def _headers(settings: Settings) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": ACCEPTED,
        "IBM-API-Version": settings.api_version,
        "User-Agent": USER_AGENT,
        # The service expects this prefix of integrators; metrics answer it as `caller`.
        "X-Qx-Client-Application": f"qiskit-version-2/{__version__}/{settings.application}",
    }
    if settings.instance is not None:
        headers["Service-CRN"] = settings.instance
    return headers


def _prepare(request: httpx.Request, options: dict[str, Any], base_url: httpx.URL) -> None:
    # A redirect could carry the API key or a token to a host that nobody chose.
    options["follow_redirects"] = False
    if url_origin(request.url) != url_origin(base_url):
        # Which instance somebody uses is the service's business only.
        request.headers.pop("Service-CRN", None)
    if request.method == UPLOAD[0] and request.url.path.endswith(UPLOAD[1]):
        timeout = request.extensions.get("timeout", {})
        longer = {kind: max(least, timeout[kind]) for kind, least in UPLOAD_TIMEOUT.items() if timeout.get(kind)}
        request.extensions = {**request.extensions, "timeout": {**timeout, **longer}}


class _BoundedBodies:
    """Keeps the limit of response bodies in force, whatever event hooks are set."""

    _bound: Callable[..., Any]

    @property
    def event_hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """Functions that are called with each request and response."""
        hooks: dict[str, list[Callable[..., Any]]] = httpx.Client.event_hooks.__get__(self)
        return hooks

    @event_hooks.setter
    def event_hooks(self, hooks: Mapping[str, Sequence[Callable[..., Any]]]) -> None:
        own = [hook for hook in hooks.get("response", ()) if hook != self._bound]
        httpx.Client.event_hooks.fset(self, {**hooks, "response": [self._bound, *own]})  # type: ignore[attr-defined]


class HttpClient(_BoundedBodies, httpx.Client):
    """`httpx.Client` for the service: any request through it is authenticated, retried, and raises typed errors."""

    def __init__(self, *, clock: Clock, retries: RetryPolicy, **options: Any) -> None:
        """`options` are those of `httpx.Client`."""
        super().__init__(**options)
        self.clock = clock
        self.retries = retries
        self.event_hooks = self.event_hooks
        self.process = os.getpid()

    def _bound(self, response: httpx.Response) -> None:
        Body(response, self.clock)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send with retries; raises `ApiError` and `TransportError`, see `exchange`."""
        _prepare(request, options, self.base_url)
        with served_by(self, request):
            return run(exchange(request, options, self.retries, self.clock), self)

    def send_once(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send as httpx does, through authentication only."""
        with redirects_unbuilt(request):
            return super().send(request, **options)


class AsyncHttpClient(_BoundedBodies, httpx.AsyncClient):
    """`httpx.AsyncClient` for the service: as `HttpClient`, awaited."""

    def __init__(self, *, clock: Clock, retries: RetryPolicy, **options: Any) -> None:
        """`options` are those of `httpx.AsyncClient`."""
        super().__init__(**options)
        self.clock = clock
        self.retries = retries
        self.event_hooks = self.event_hooks
        self.process = os.getpid()
        self._loop: dict[Any, Any] | None = None

    async def _bound(self, response: httpx.Response) -> None:
        Body(response, self.clock)

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send with retries; raises `ApiError` and `TransportError`, see `exchange`."""
        _prepare(request, options, self.base_url)
        with served_by(self, request, loop=self._loop):
            self._loop = kept_in_loop()
            return await run_async(exchange(request, options, self.retries, self.clock), self)

    async def aclose(self) -> None:
        """Close the connections, unless they are another event loop's, and gone with it or in use there."""
        if is_in_its_loop(self._loop):
            await super().aclose()

    async def send_once(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send as httpx does, through authentication only."""
        with redirects_unbuilt(request):
            return await super().send(request, **options)
