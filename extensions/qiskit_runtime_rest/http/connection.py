"""What a client is connected by: the settings, who is calling, and the HTTP clients, opened when first used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import httpx

from ..base.forks import Lock, leave_to_parent, renew_in_child
from ..config.settings import Settings, require_credentials
from ..config.state_file import State
from ..errors import ConfigurationError
from ..plans.clock import Clock, SystemClock
from .auth import ApiKeyAuth, TokenAuth
from .clients import AsyncHttpClient, HttpClient, client_options, proxy_patterns
from .origin import Origin
from .retry_policy import RetryPolicy

if TYPE_CHECKING:
    from .api import ApiClient
    from .auth.token_cache import TokenCache
    from .checked import AnswerCheck

__all__ = ["Connection"]


class Connection:
    """Opens HTTP clients that share one authentication, and closes them. Constructing one sends nothing.

    `opening` is held by whoever opens one that others could be about to open, too.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        auth: httpx.Auth | None = None,
        clock: Clock | None = None,
        retries: RetryPolicy | None = None,
        state: State | None = None,
        http_options: Mapping[str, Any] | None = None,
    ) -> None:
        """`auth` takes the place of the settings' API key or token; `state`: the state file.
        `http_options`: further options of the httpx clients.

        Raises:
            ConfigurationError: no credentials, no instance, or no contract to check answers against.
            MissingExtra: answers shall be checked, and what does it is not installed.
        """
        require_credentials(settings, key=auth is None)
        self.settings = settings
        self.clock = clock or SystemClock()
        self.auth = auth or _auth(settings, self.clock, state)
        self.retries = retries or RetryPolicy()
        self._check = _check(settings)
        self._http_options = dict(http_options or {})
        self.opening = Lock()
        self._opened: list[HttpClient] = []
        self._opened_async: list[AsyncHttpClient] = []
        self._api: ApiClient | None = None
        renew_in_child(self)

    def renew(self) -> None:
        """Leave the HTTP clients to the parent; the child opens its own when they are needed."""
        leave_to_parent((self._opened, self._opened_async))
        self._opened, self._opened_async = [], []

    @property
    def api(self) -> ApiClient:
        """The generated client, authenticated."""
        with self.opening:
            if self._api is None:
                from .api import ApiClient

                self._api = ApiClient(connection=self)
            return self._api

    @property
    def http(self) -> HttpClient:
        """The HTTP client that `api` uses in threads."""
        return self.api.get_httpx_client()

    @property
    def http_async(self) -> AsyncHttpClient:
        """The HTTP client that `api` uses in tasks."""
        return self.api.get_async_httpx_client()

    def open(self, **changes: Any) -> HttpClient:
        """A new HTTP client; `changes` are options of `httpx.Client` on top of what the settings say.

        Raises:
            ConfigurationError: the CA bundle, or a proxy of the environment, cannot be used.
        """
        with _complaints():
            client = self._http_client(self._options(changes, httpx.HTTPTransport))
        self._opened.append(client)
        return client

    def open_async(self, **changes: Any) -> AsyncHttpClient:
        """A new HTTP client for tasks; `changes` as for `open`."""
        with _complaints():
            client = self._async_http_client(self._options(changes, httpx.AsyncHTTPTransport))
        self._opened_async.append(client)
        return client

    def _http_client(self, options: dict[str, Any]) -> HttpClient:
        if self._check is None:
            return HttpClient(**options)
        from .checked import CheckedHttpClient

        return CheckedHttpClient(check=self._check, **options)

    def _async_http_client(self, options: dict[str, Any]) -> AsyncHttpClient:
        if self._check is None:
            return AsyncHttpClient(**options)
        from .checked import CheckedAsyncHttpClient

        return CheckedAsyncHttpClient(check=self._check, **options)

    def _options(self, changes: dict[str, Any], transport: type[Any]) -> dict[str, Any]:
        options = {**client_options(self.settings, self.auth), "clock": self.clock, "retries": self.retries}
        options["headers"] = {**options["headers"], **changes.pop("headers", {})}
        options["mounts"] = {
            pattern: url and transport(proxy=url, verify=options["verify"], limits=options["limits"])
            for pattern, url in proxy_patterns(self.settings).items()
        }
        return {**options, **self._http_options, **changes}

    @property
    def origin(self) -> Origin:
        """Which instance of which service: all that a handle takes along to another process."""
        return Origin.of(self.settings)

    def __reduce__(self) -> NoReturn:
        """Refuse: credentials stay where they are.

        Raises:
            TypeError: says what pickles.
        """
        raise TypeError(
            "a client, and what belongs to it, does not pickle: it holds credentials and connections. Handles of jobs "
            "and sessions do, and job ids; or make a client where one is needed."
        )

    def close(self) -> None:
        """Close every HTTP client opened for threads."""
        while self._opened:
            self._opened.pop().close()

    async def aclose(self) -> None:
        """Close every HTTP client."""
        while self._opened_async:
            await self._opened_async.pop().aclose()
        self.close()


@contextlib.contextmanager
def _complaints() -> Iterator[None]:
    """Turn httpx's own errors about the environment's proxies, and about headers, into ours."""
    try:
        yield
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigurationError(
            f"no HTTP client can be made of these settings: {error}. Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        ) from error


def _check(settings: Settings) -> AnswerCheck | None:
    if settings.validate is None:
        return None
    from .checked import AnswerCheck

    return AnswerCheck(settings)


def _auth(settings: Settings, clock: Clock, state: State | None) -> httpx.Auth:
    if settings.token is not None:
        return TokenAuth(settings.token, base_url=settings.base_url)
    assert settings.api_key is not None
    return ApiKeyAuth(
        settings.api_key,
        iam_url=settings.iam_url,
        base_url=settings.base_url,
        clock=clock.monotonic,
        cache=_token_cache(settings, clock, state),
    )


def _token_cache(settings: Settings, clock: Clock, state: State | None) -> TokenCache | None:
    wanted = settings.token_cache
    if not wanted or settings.api_key is None:
        return None
    from .auth.token_cache import TokenCache

    kept = State(wanted) if isinstance(wanted, Path) else state or State()
    return TokenCache(kept, api_key=settings.api_key, iam_url=settings.iam_url, clock=clock)
