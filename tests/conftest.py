"""Fixtures for all tests: a machine without configuration, clocks that do not wait, one embedded service."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from qiskit_runtime_rest.testing import Emulator

from .fixtures.clocks import FakeClock

# A shell starts its background jobs with Ctrl-C ignored, and the processes of the tests would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in each run: what lands does not depend on luck. The profile `deep` draws others each time. They may
# take their time on a busy machine.
hypothesis.settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "deep", parent=hypothesis.settings.get_profile("same"), derandomize=False, max_examples=10_000
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

AMBIENT = (
    *("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "QISKIT_IBM_CHANNEL", "IAM_URL"),
    *(
        "QRR_SUBMISSIONS_PER_MINUTE",
        "QRR_VALIDATE",
        "QRR_PRIMITIVES",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "GLOBAL_SEARCH_URL",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "XDG_STATE_HOME",
    ),
    *(name for scheme in ("http", "https", "all", "no") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())),
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, and no variable that configures a client."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def qiskit_runtime_options() -> dict[str, Any]:
    """The one embedded service of a test process, which the package's own pytest plugin starts."""
    return {"virtual_clock": True, "seed": 20260415, "workers": 1, "resilience_level": 0}


@pytest.fixture(scope="session")
def running(qiskit_runtime_server: Emulator) -> Emulator:
    """The embedded service, as the last test left it."""
    return qiskit_runtime_server


@pytest.fixture
def emulator(qiskit_runtime_emulator: Emulator) -> Emulator:
    """The embedded service, as at its start."""
    return qiskit_runtime_emulator
