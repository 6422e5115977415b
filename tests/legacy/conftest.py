"""One embedded service for all tests here, and gateways in front of it without a secret."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.base.serving import ThreadedServer, listen, url_of
from qiskit_runtime_rest.legacy.gateway.server import gateway_app, gateway_server
from qiskit_runtime_rest.legacy.translation.translator import Translator
from qiskit_runtime_rest.testing import Emulator

AMBIENT = ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "IAM_URL", "QRR_CLASSIC_INSTANCES")


class Gateway:
    """A gateway, and an HTTP client for it."""

    def __init__(self, emulator: Emulator, folder: Path, **choices: Any) -> None:
        settings = {
            "base_url": emulator.base_url,
            "iam_url": emulator.iam_url,
            "instance": emulator.instance,
            "submissions_per_minute": None,
        }
        self.emulator = emulator
        store = choices.pop("store", folder / "legacy.sqlite")
        allow_hosts = choices.pop("allow_hosts", ())
        self.translator = Translator(settings=settings | choices.pop("settings", {}), store=store, **choices)
        listener = listen("127.0.0.1", 0)
        self.url = url_of(listener)
        self.server = ThreadedServer(
            listener,
            functools.partial(gateway_server, gateway_app(self.translator), allow_hosts=allow_hosts),
            name="gateway under test",
        )
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def login(self, api_key: str) -> str:
        response = self.http.post("/users/loginWithToken", json={"apiToken": api_key})
        response.raise_for_status()
        self.http.headers["x-access-token"] = response.json()["id"]
        return str(response.json()["id"])

    def results(self, job_id: str) -> httpx.Response:
        """The response with the final result."""
        self.emulator.clock.advance(0)  # returns when all running jobs have ended
        response: httpx.Response = self.http.get(f"/jobs/{job_id}/results")
        assert response.status_code != 204
        return response

    def close(self) -> None:
        self.http.close()
        self.server.close()


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the machine's configuration of clients."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    with Emulator(pace="immediate", workers=1, submissions_per_minute=100_000, pending_jobs=100_000) as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    shared_emulator.reset()
    return shared_emulator


@pytest.fixture
def open_gateway(emulator: Emulator, tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    opened: list[Gateway] = []

    def opening(**choices: Any) -> Gateway:
        opened.append(Gateway(emulator, tmp_path, **choices))
        return opened[-1]

    yield opening
    for gateway in opened:
        gateway.close()


@pytest.fixture
def gateway(open_gateway: Callable[..., Gateway], emulator: Emulator) -> Gateway:
    """A gateway with a client that is logged in."""
    opened = open_gateway()
    opened.login(emulator.api_key)
    return opened
