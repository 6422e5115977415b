"""Fixtures for all tests: time that passes only when told to, and asyncio for the asynchronous ones."""

from __future__ import annotations

import os
import threading

import hypothesis
import pytest

# A busy machine is no defect: examples may take their time.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("deep", parent=hypothesis.settings.get_profile("patient"), max_examples=10_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))


class FakeClock:
    """A `Clock` whose sleeps take no time: they move it on, and are remembered in `slept`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1.7e9 + self.monotonic()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
