"""A virtual clock, ids from a seed, and a storage in memory: the state without a server."""

from __future__ import annotations

import pytest

from qiskit_runtime_rest.emulator.state.clock import Clock
from qiskit_runtime_rest.emulator.state.identifiers import Identifiers
from qiskit_runtime_rest.emulator.state.storage import MemoryStorage


@pytest.fixture
def clock() -> Clock:
    return Clock(virtual=True)


@pytest.fixture
def identifiers() -> Identifiers:
    return Identifiers(seed=1)


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()
