"""The client's connection: settings, authentication, and HTTP clients, opened on first use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from qiskit_runtime_api.http_library import httpx

from ..arguments import check_library
from ..base.forks import Lock, leave_to_parent, renew_in_child
from ..errors import ConfigurationError
from ..plans.clock import Clock, SystemClock
from .auth import ApiKeyAuth, TokenAuth
from .clients import AsyncHttpClient, HttpClient, client_options, proxy_patterns
from .environment_proxies import proxies_without_networks

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..config.state_file import State
    from .api import ApiClient
    from .auth.token_cache import TokenCache
    from .clients import Check
    from .retry_policy import RetryPolicy

__all__ = ["Connection", "Origin"]

C = TypeVar("C", HttpClient, AsyncHttpClient)


class Origin(NamedTuple):
    """Instance and URLs of a handle, without credentials; a value that pickles."""

    instance: str | None
    base_url: str
    iam_url: str
    api_version: str
    allow_insecure_http: bool = False

    def __str__(self) -> str:
        """The instance and its service."""
        return f"{self.instance} at {self.base_url}"

    def settings(self) -> Settings:
        """Settings of this origin, with the credentials in this process's environment or account file.

        Raises:
            ConfigurationError: they are missing, or another setting there is wrong.
        """
        from ..config.settings import Settings

        return Settings(**self._asdict())


class Connection:
    """Opens HTTP clients that share one authentication, and closes them. Constructing one sends nothing.

    Attributes:
        settings, clock, auth, retries: as in the arguments, with defaults filled in.
        configurations: configurations of backends that were read, as JSON texts by name.
        opening: a lock to hold while opening a client that other threads could open at the same time.
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
        needs_instance: bool = True,
    ) -> None:
        """`auth` replaces the settings' API key or token; `state`: the state file.
        `http_options`: further options of the httpx clients. `needs_instance`: whether the requests name an instance.

        Raises:
            ConfigurationError: no credentials, no instance, or no contract to check responses against.
            MissingExtra: responses are to be checked, and the validator is not installed.
        """
        from ..config.settings import require_credentials
        from .retry_policy import RetryPolicy

        require_credentials(settings, key=auth is None, instance=needs_instance)
        check_library({"auth": auth, **(http_options or {})})
        self.settings = settings
        self.clock = clock or SystemClock()
        self.auth = auth or _auth(settings, self.clock, state)
        self.retries = retries or RetryPolicy()
        self._check = _check(settings)
        self._http_options = dict(http_options or {})
        self.opening = Lock()
        self.configurations: dict[str, bytes] = {}
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
        if self._api is None:
            with self.opening:
                if self._api is None:
                    from .api import ApiClient

                    self._api = ApiClient(connection=self, base_url=self.settings.base_url)
        return self._api

    @property
    def http(self) -> HttpClient:
        """The HTTP client that `api` uses in threads."""
        return (self._api or self.api).get_httpx_client()

    @property
    def http_async(self) -> AsyncHttpClient:
        """The HTTP client that `api` uses in tasks."""
        return (self._api or self.api).get_async_httpx_client()

    def open(self, **changes: Any) -> HttpClient:
        """A new HTTP client; `changes` are options of `httpx.Client` that override the settings.

        Raises:
            ConfigurationError: the CA bundle, or a proxy of the environment, cannot be used.
        """

        def again() -> HttpClient:
            return HttpClient(**self._options(changes, httpx.HTTPTransport))

        client = self._opened_with(HttpClient, httpx.HTTPTransport, changes, again=again)
        self._opened.append(client)
        return client

    def open_async(self, **changes: Any) -> AsyncHttpClient:
        """A new HTTP client for tasks; `changes` as for `open`."""
        client = self._opened_with(AsyncHttpClient, httpx.AsyncHTTPTransport, changes)
        self._opened_async.append(client)
        return client

    def _opened_with(self, kind: type[C], transport: type[Any], changes: Mapping[str, Any], **more: Any) -> C:
        def open_exchanges() -> C:
            with _configuration_errors():
                return kind(**{**self._options(changes, transport), "auth": None, "check": None})

        with _configuration_errors():
            return kind(**self._options(changes, transport), exchanges=open_exchanges, **more)

    def _options(self, changes: Mapping[str, Any], transport: type[Any]) -> dict[str, Any]:
        trust_env = self._http_options.get("trust_env", True)
        options = client_options(self.settings, self.auth, trust_env=trust_env)
        patterns = proxy_patterns(self.settings)
        if trust_env and (own := proxies_without_networks([self.settings.base_url, self.settings.iam_url])) is not None:
            options["trust_env"] = False
            patterns = {**own, **patterns}
        changes = dict(changes)
        headers = {**options["headers"], **changes.pop("headers", {})}
        mounts = {
            pattern: url and transport(proxy=url, verify=options["verify"], limits=options["limits"])
            for pattern, url in patterns.items()
        }
        parts = {"clock": self.clock, "retries": self.retries, "check": self._check}
        return {**options, **parts, "mounts": mounts, "headers": headers, **self._http_options, **changes}

    @property
    def origin(self) -> Origin:
        """Instance and URLs: what a handle takes along to another process."""
        settings = self.settings
        return Origin(
            settings.instance,
            settings.base_url,
            settings.iam_url,
            settings.api_version,
            settings.allow_insecure_http,
        )

    def __reduce__(self) -> NoReturn:
        """Refuse to pickle credentials.

        Raises:
            TypeError: says what pickles.
        """
        raise TypeError(
            "a client does not pickle, nor do its parts: it holds credentials and connections. Handles of jobs and "
            "sessions pickle, and so do job ids; or make a client where one is needed."
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
def _configuration_errors() -> Iterator[None]:
    """Map httpx's errors about the environment's proxies and about headers to ours."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, ImportError, httpx.InvalidURL) as error:
        why = str(error).rstrip(".")
        raise ConfigurationError(
            f"the HTTP client cannot be made with these settings: {why}. Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and "
            "NO_PROXY."
        ) from error


def _check(settings: Settings) -> Check | None:
    if settings.validate is None:
        return None
    from .response_check import ResponseCheck

    return ResponseCheck(settings)


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
    from ..config.state_file import State
    from .auth.token_cache import TokenCache

    kept = State(wanted) if isinstance(wanted, Path) else state or State()
    return TokenCache(kept, api_key=settings.api_key, iam_url=settings.iam_url, clock=clock)
