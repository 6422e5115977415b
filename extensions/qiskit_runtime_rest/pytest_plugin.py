"""The pytest plugin: fixtures that serve the API to a project's tests; `qiskit_runtime_rest.testing` describes them.

pytest imports this in every run of every project that has the package installed: it loads nothing until a
fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from .client import AsyncRuntimeClient, RuntimeClient
    from .emulator.embedded import Emulator, EmulatorFaults

__all__ = [
    "async_runtime_client",
    "qiskit_runtime_emulator",
    "qiskit_runtime_options",
    "qiskit_runtime_server",
    "runtime_client",
    "runtime_faults",
]


def _testing() -> ModuleType:
    from .errors import MissingExtra

    missing: MissingExtra
    try:
        from . import testing
    except MissingExtra as error:
        missing = error
    else:
        return testing
    # Outside the handler, where pytest would show the same text twice.
    pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def qiskit_runtime_options() -> dict[str, Any]:
    """Options that the embedded service starts with (`qiskit_runtime_rest.emulator.Options`); override to choose."""
    return {"seed": 0}


@pytest.fixture(scope="session")
def qiskit_runtime_server(qiskit_runtime_options: dict[str, Any]) -> Iterator[Emulator]:
    """The embedded service, running; shared by all tests and never reset."""
    with _testing().Emulator(**qiskit_runtime_options) as emulator:
        yield emulator


@pytest.fixture
def qiskit_runtime_emulator(qiskit_runtime_server: Emulator) -> Emulator:
    """The embedded service, running, as at its start: no jobs, sessions, faults or recorded requests."""
    qiskit_runtime_server.reset()
    return qiskit_runtime_server


@pytest.fixture
def runtime_client(qiskit_runtime_emulator: Emulator) -> Iterator[RuntimeClient]:
    """A `qiskit_runtime_rest.RuntimeClient` of the embedded service."""
    with _testing().connect(qiskit_runtime_emulator) as client:
        yield client


@pytest.fixture
def async_runtime_client(qiskit_runtime_emulator: Emulator) -> AsyncRuntimeClient:
    """A `qiskit_runtime_rest.AsyncRuntimeClient` of the embedded service; it need not be closed."""
    client: AsyncRuntimeClient = _testing().connect_async(qiskit_runtime_emulator)
    return client


@pytest.fixture
def runtime_faults(qiskit_runtime_emulator: Emulator) -> Iterator[EmulatorFaults]:
    """The embedded service's fault rules, to `add` to: those of a test end with it."""
    yield qiskit_runtime_emulator.faults
    qiskit_runtime_emulator.faults.clear()
