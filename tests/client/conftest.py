"""Fixtures: a machine without any configuration, servers on loopback, and both faces of the client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, RetryPolicy, RuntimeClient

from .loopback import API_KEY, CRN, Loopback

AMBIENT = (
    *("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "QISKIT_IBM_CHANNEL", "IAM_URL"),
    *("QRR_SUBMISSIONS_PER_MINUTE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *(name for scheme in ("http", "https", "all", "no") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())),
)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, and no variable that configures the client."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def service() -> Iterator[Loopback]:
    """The service and IAM, as far as a test scripts them."""
    with Loopback() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Loopback]:
    """A host that must not learn anything."""
    with Loopback() as server:
        yield server


class Face:
    """One of the two clients, driven the same way: `do` calls, and awaits what can be awaited."""

    def __init__(self, client: RuntimeClient | AsyncRuntimeClient, runner: asyncio.Runner) -> None:
        self.client: Any = client
        self.is_async = isinstance(client, AsyncRuntimeClient)
        self._runner = runner

    def do(self, act: Callable[[Any], Any]) -> Any:
        if not self.is_async:
            return act(self.client)

        async def awaited() -> Any:
            outcome = act(self.client)
            if hasattr(outcome, "__aiter__"):
                return [item async for item in outcome]
            return await outcome if inspect.isawaitable(outcome) else outcome

        return self._run(awaited())

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send through the HTTP client under the generated one."""

        def send(client: Any) -> Any:
            api = client.api
            http = api.get_async_httpx_client() if self.is_async else api.get_httpx_client()
            return http.request(method, url, **options)

        return self.do(send)

    def operation(self, module: Any, **arguments: Any) -> Any:
        """Call a generated function."""
        return self.do(lambda client: self.function(module)(client=client.api, **arguments))

    def function(self, module: Any) -> Any:
        return module.asyncio if self.is_async else module.sync

    def close(self) -> None:
        if isinstance(self.client, RuntimeClient):
            self.client.close()
        else:
            self._run(self.client.aclose())

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)


Connect = Callable[..., Face]


@pytest.fixture(params=[RuntimeClient, AsyncRuntimeClient], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest, clock: Any) -> Iterator[Connect]:
    """Makes clients of one face, connected to a `Loopback`; whatever is opened is closed in the end."""
    opened: list[Face] = []
    with asyncio.Runner() as runner:

        def make(server: Loopback | None = None, **options: Any) -> Face:
            if server is not None:
                options = {"base_url": server.base_url, "iam_url": server.url, **options}
            if not {"api_key", "token", "auth"} & set(options):
                options["api_key"] = API_KEY
            options.setdefault("instance", CRN)
            options.setdefault("verify", False)  # spares each of the many clients the reading of all CAs
            options.setdefault("clock", clock)
            options.setdefault("retries", RetryPolicy(random=lambda: 0.5))
            face = Face(request.param(**options), runner)
            opened.append(face)
            return face

        yield make
        for face in opened:
            face.close()
