"""One embedded service for all tests here, as at its start for each; clients whose time is the service's."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, Pace, RetryPolicy, RuntimeClient
from qiskit_runtime_rest.testing import Emulator

AMBIENT = ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "QISKIT_IBM_CHANNEL", "IAM_URL")

LONGEST = 3600.0
"""Seconds after which a test fails rather than waits on."""


class SharedClock:
    """A client's clock that takes the service's along: a sleep takes no time and moves both.

    `after_sleep` is called after each, with the time since the start: something that happens meanwhile.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.slept: list[float] = []
        self.elapsed = 0.0
        self.after_sleep: Callable[[float], Any] = lambda elapsed: None
        self._emulator = emulator

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def time(self) -> float:
        return 1.7e9 + self.monotonic()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        if stop is not None and stop.is_set():
            return
        self.slept.append(seconds)
        self.elapsed += seconds
        assert self.elapsed < LONGEST, "this wait has no end"
        self._emulator.clock.advance(seconds)
        self.after_sleep(self.elapsed)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Nothing of the machine's own configures a client."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator(virtual_clock=True, seed=20260415, workers=1) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def clock(emulator: Emulator) -> SharedClock:
    return SharedClock(emulator)


@pytest.fixture(scope="session")
def certificates() -> ssl.SSLContext:
    """Read once for all clients, for none of which it matters."""
    return ssl.create_default_context()


@pytest.fixture
def options(emulator: Emulator, clock: SharedClock, certificates: ssl.SSLContext) -> dict[str, Any]:
    """Arguments of a client of the embedded service, without chance in it."""
    return {
        "api_key": emulator.api_key,
        "instance": emulator.instance,
        "base_url": emulator.base_url,
        "iam_url": emulator.iam_url,
        "verify": certificates,
        "clock": clock,
        "pace": Pace(random=lambda: 0.5),
        "retries": RetryPolicy(random=lambda: 0.0),
    }


@pytest.fixture(params=[RuntimeClient, AsyncRuntimeClient], ids=["sync", "async"])
async def connect(request: pytest.FixtureRequest, options: dict[str, Any]) -> AsyncIterator[Callable[..., Any]]:
    """Makes clients of one face; what is made is closed in the end."""
    made: list[RuntimeClient | AsyncRuntimeClient] = []

    def make(**changes: Any) -> Any:
        made.append(request.param(**{**options, **changes}))
        return made[-1]

    yield make
    for client in made:
        if isinstance(client, RuntimeClient):
            client.close()
        else:
            await client.aclose()


@pytest.fixture
async def client(connect: Callable[..., Any]) -> Any:
    """A client, blocking in one run of the test and awaited in the other."""
    return connect()


@pytest.fixture
def blocking(options: dict[str, Any]) -> Iterator[RuntimeClient]:
    """A client for threads."""
    with RuntimeClient(**options) as client:
        yield client


@pytest.fixture
async def awaited(options: dict[str, Any]) -> AsyncIterator[AsyncRuntimeClient]:
    """A client for tasks."""
    async with AsyncRuntimeClient(**options) as client:
        yield client
