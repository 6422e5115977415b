"""Requests to submit, and the jobs that became of them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import (
    JobRequest,
)
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every
from ..fixtures.service import BACKEND, ONES


@pytest.fixture
def idle(emulator: Emulator) -> None:
    """No job runs."""
    emulator.pace = "hold"


def request(shots: int = 1, **fields: Any) -> JobRequest:
    return JobRequest.sampler(ONES, shots=shots, backend=BACKEND, **fields)


async def recorded(client: Any) -> list[str]:
    return [job.id for job in await every(client.jobs.list())]


BREAKS = "CREATE TRIGGER breaks BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"


def break_down(path: Path, change: str, table: str = "submissions") -> None:
    """Let the state file at `path` refuse such a change."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(BREAKS.format(change=change, table=table))
