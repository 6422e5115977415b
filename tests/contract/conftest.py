"""One embedded service for all tests here, as at its start for each; clients of both faces, whose time is its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import AsyncRuntimeClient, Pace, RetryPolicy, RuntimeClient
from qiskit_runtime_rest.testing import Emulator

from .consumer.service import Consumer
from .faces import Face

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0;
c[1] = measure $1;
"""
EPOCH = 1.7e9


class ServiceClock:
    """A client's clock whose sleeps take no time, and move the service's clock on."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.elapsed = 0.0

    def monotonic(self) -> float:
        return self.elapsed

    def time(self) -> float:
        return EPOCH + self.elapsed

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.elapsed += seconds
        assert self.elapsed < 3600, "this wait has no end"
        self._emulator.clock.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


Connect = Callable[..., Face]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, and nothing in the environment that configures a client."""
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "IAM_URL", "QRR_VALIDATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator(virtual_clock=True, seed=20260415, workers=1) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def options(emulator: Emulator) -> dict[str, Any]:
    """Arguments of a client of the embedded service."""
    return {
        "api_key": emulator.api_key,
        "instance": emulator.instance,
        "base_url": emulator.base_url,
        "iam_url": emulator.iam_url,
        "verify": False,
        "clock": ServiceClock(emulator),
        "pace": Pace(random=lambda: 0.5),
        "retries": RetryPolicy(random=lambda: 0.0),
    }


@pytest.fixture(params=[RuntimeClient, AsyncRuntimeClient], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest, options: dict[str, Any]) -> Iterator[Connect]:
    """Makes clients of one face; what is opened is closed in the end."""
    opened: list[Face] = []
    with asyncio.Runner() as runner:

        def make(**changes: Any) -> Face:
            opened.append(Face(request.param(**{**options, **changes}), runner))
            return opened[-1]

        yield make
        for face in opened:
            face.close()


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Consumer]]:
    """Gives the clients of an API version, and a service that is nothing but its contract."""
    made: dict[str, Consumer] = {}
    with asyncio.Runner() as runner:

        def of(version: str) -> Consumer:
            if version not in made:
                made[version] = Consumer(version, runner, tmp_path_factory.mktemp("consumer"))
            made[version].service.answers.clear()
            return made[version]

        yield of
        for each in made.values():
            each.close()
