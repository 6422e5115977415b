"""One of each server for all attacks, and a time box: with `SECONDS=60`, what has not begun by then is skipped."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from attrs import frozen

from qiskit_runtime_rest.cassettes.services import IAM, RUNTIME
from qiskit_runtime_rest.offline.hosts import RUNTIME_HOSTS, SERVICE_HOSTS
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.servers import SERVERS, proxy, server

SECONDS = os.environ.get("SECONDS")
END = time.monotonic() + float(SECONDS) if SECONDS else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a time box, take the attacks of all files in turn."""
    if END is not None:
        by_file: dict[Any, list[pytest.Item]] = {}
        for item in items:
            by_file.setdefault(item.path, []).append(item)
        items[:] = [item for row in zip_longest(*by_file.values()) for item in row if item]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Skip before a server is started for the test."""
    if END is not None and time.monotonic() > END:
        pytest.skip(f"the {SECONDS} seconds are over; `make hostile` runs all")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write how many attacks there were to the file `REPORT`, as JSON."""
    if report := os.environ.get("REPORT"):
        figures = {name: len(terminalreporter.getreports(name)) for name in ("passed", "failed")}
        Path(report).write_text(json.dumps({"command": "make hostile", "figures": figures}))


@pytest.fixture(autouse=True)
def _no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No attack makes a server log an error."""
    yield
    found = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert found == []


@pytest.fixture(scope="session")
def service() -> Iterator[Emulator]:
    with Emulator(workers=1, seed=20260415, resilience_level=0, allow_hosts=SERVICE_HOSTS) as emulator:
        yield emulator


@frozen
class Root:
    """A server: its kind, its root, the name that it knows itself by, and where its API and its IAM are."""

    kind: str
    url: str
    host: str
    api: str = "/api"
    iam: str = ""


@pytest.fixture(scope="session")
def servers(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Root]]:
    """Each server, by kind; the proxy of `qrr offline` stands in front of the embedded service."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("servers")
        roots = {}
        for kind in SERVERS:
            url = stack.enter_context(server(kind, service, folder))
            named = {"api": RUNTIME.prefix, "iam": IAM.prefix} if kind in ("replay", "recorder") else {}
            roots[kind] = Root(kind, url, urlsplit(url).netloc, **named)
        yield roots | {"proxy": Root("proxy", stack.enter_context(proxy(service, folder)), RUNTIME_HOSTS[0])}


@pytest.fixture(params=[*SERVERS, "proxy"])
def root(request: pytest.FixtureRequest, servers: Mapping[str, Root]) -> Root:
    """Each server in turn."""
    return servers[request.param]


@pytest.fixture
def api(service: Emulator) -> Iterator[httpx.Client]:
    """The embedded service as at its start, with the token of a user."""
    service.reset()
    with httpx.Client(base_url=f"{service.base_url}/v1", timeout=120, verify=False, trust_env=False) as client:
        client.headers.update(credentials(service, client))
        yield client


def credentials(service: Emulator, client: httpx.Client, *, key: str = "", instance: str = "") -> dict[str, str]:
    """The headers of a request."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key or service.api_key}
    token = client.post(f"{service.iam_url}/identity/token", data=form).raise_for_status().json()["access_token"]
    return {
        "Authorization": f"Bearer {token}",
        "Service-CRN": instance or service.instance,
        "IBM-API-Version": "2026-04-15",
    }
