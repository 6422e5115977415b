"""One emulated service for all tests here, on a virtual clock, as at its start for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BELL

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Open connections to an emulator as a client with a token."""
    opened: list[httpx.Client] = []

    def open_one(emulator: Emulator, *, instance: str | None = None, version: str = "2026-04-15", key: str = "") -> Any:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key or emulator.api_key}
        # Loading the certificates that plain http does not need would take longer than most tests.
        opened.append(httpx.Client(base_url=f"{emulator.base_url}/v1", timeout=120, verify=False))
        client = opened[-1]
        token = client.post(f"{emulator.iam_url}/identity/token", data=form).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        client.headers["Service-CRN"] = instance or emulator.instance
        client.headers["IBM-API-Version"] = version
        return client

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def api(emulator: Emulator, connect: Connect) -> httpx.Client:
    return connect(emulator)


@pytest.fixture
def control(emulator: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{emulator.url}/_emulator", timeout=120, verify=False) as client:
        yield client


@pytest.fixture
def bell() -> dict[str, Any]:
    """A job that any test may submit, after changing it."""
    return {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"pubs": [[BELL, None, 100]], "options": {}, "version": 2},
    }


@pytest.fixture
def submit(bell: dict[str, Any]) -> Submit:
    def post(client: httpx.Client, **changes: Any) -> str:
        answer = client.post("/jobs", json=bell | changes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    return post
