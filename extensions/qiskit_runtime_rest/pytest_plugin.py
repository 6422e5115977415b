"""The pytest plugin: fixtures for the tests of other projects. `qiskit_runtime_rest.testing` describes them.

pytest imports this module in every run of every project in an environment with this package, so it loads nothing until
a fixture is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from .cassettes import Loopback
    from .client.client import AsyncRuntimeClient, RuntimeClient
    from .emulator.embedded import Emulator, EmulatorFaults
    from .emulator.faulty_proxy import FaultyProxy
    from .offline import Offline

__all__ = [
    "async_runtime_client",
    "ibm_quantum_offline",
    "ibm_quantum_offline_services",
    "qiskit_runtime_cassette",
    "qiskit_runtime_emulator",
    "qiskit_runtime_options",
    "qiskit_runtime_server",
    "runtime_client",
    "runtime_faults",
    "runtime_faulty_proxy",
]


CASSETTE = "qiskit_runtime_cassette"
RECORD = "--qiskit-runtime-record"
PASSED = pytest.StashKey[bool]()
WRITTEN = pytest.StashKey[dict[Path, str]]()
"""The test that wrote each cassette in this run."""

READABLE = re.compile(r"[A-Za-z0-9_.]{1,80}(?:\[[a-z0-9_.-]{1,40}\])?")
"""Names of tests that, without the brackets, are valid file names in every file system."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records cassettes."""
    parser.addoption(
        RECORD,
        action="store_true",
        help=f"let tests with {CASSETTE} use the live service, with your own settings, and write their cassettes",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{CASSETTE}(*files, match='request', exhausted='repeat'): the files that the fixture of that name replays, "
        "relative to the test's folder. Default: cassettes/<module>/<class and name of the test, parameters>.har.",
    )
    config.stash[WRITTEN] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Keep whether the test passed, for the fixture that records."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[PASSED] = report.passed


def _module(name: str) -> ModuleType:
    """Import `qiskit_runtime_rest.<name>`. The test fails if its extra is not installed."""
    from importlib import import_module

    from .errors import MissingExtra

    try:
        return import_module(f".{name}", __package__)
    except MissingExtra as error:
        missing = str(error)
    # Inside the handler, pytest would show the same text twice.
    pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def qiskit_runtime_options() -> dict[str, Any]:
    """The options of the embedded service (`qiskit_runtime_rest.emulator.Options`). Override to change them."""
    return {"seed": 0}


@pytest.fixture(scope="session")
def qiskit_runtime_server(qiskit_runtime_options: dict[str, Any]) -> Iterator[Emulator]:
    """The running embedded service, shared by all tests and never reset."""
    with _module("testing").Emulator(**qiskit_runtime_options) as emulator:
        yield emulator


@pytest.fixture
def qiskit_runtime_emulator(qiskit_runtime_server: Emulator) -> Emulator:
    """The running embedded service, reset: no jobs, sessions, faults or recorded requests."""
    qiskit_runtime_server.reset()
    return qiskit_runtime_server


@pytest.fixture
def runtime_client(qiskit_runtime_emulator: Emulator) -> Iterator[RuntimeClient]:
    """A `qiskit_runtime_rest.RuntimeClient` connected to the embedded service."""
    with _module("testing").connect(qiskit_runtime_emulator) as client:
        yield client


@pytest.fixture
def async_runtime_client(qiskit_runtime_emulator: Emulator) -> AsyncRuntimeClient:
    """A `qiskit_runtime_rest.AsyncRuntimeClient` connected to the embedded service. It need not be closed."""
    client: AsyncRuntimeClient = _module("testing").connect_async(qiskit_runtime_emulator)
    return client


@pytest.fixture
def runtime_faults(qiskit_runtime_emulator: Emulator) -> Iterator[EmulatorFaults]:
    """The fault rules of the embedded service, to `add` to. They are removed after the test."""
    yield qiskit_runtime_emulator.faults
    qiskit_runtime_emulator.faults.clear()


@pytest.fixture
def runtime_faulty_proxy(qiskit_runtime_emulator: Emulator) -> Iterator[Callable[..., FaultyProxy]]:
    """Starts a proxy before the embedded service that loses and spoils a share of the requests, by `rate` and `seed`.

    `faults` are those to choose from (`emulator.faulty_proxy.FAULTS`).

    Connect a client to its `base_url`. It counts in `done` what it did.
    """
    with contextlib.ExitStack() as stack:

        def start(*, rate: float = 0.3, seed: int = 0, **choices: Any) -> FaultyProxy:
            proxy: FaultyProxy = _module("testing").FaultyProxy(
                qiskit_runtime_emulator.base_url, rate=rate, seed=seed, **choices
            )
            return stack.enter_context(proxy)

        yield start


@pytest.fixture(scope="session")
def ibm_quantum_offline_services(qiskit_runtime_options: dict[str, Any]) -> Iterator[Offline]:
    """The services of `ibm_quantum_offline`, shared by all tests. The environment does not lead to them yet."""
    module = _module("offline")
    instances = _module("offline.instances").named_instances((), os.environ)
    with module.Offline(**{"instances": instances, **qiskit_runtime_options}) as services:
        yield services


@pytest.fixture
def ibm_quantum_offline(ibm_quantum_offline_services: Offline) -> Iterator[Emulator]:
    """The embedded service, reset, behind the names of the real services: programs find it without a changed line."""
    emulator = ibm_quantum_offline_services.emulator
    assert emulator is not None
    emulator.reset()
    with _module("offline").in_environment(ibm_quantum_offline_services.environment()):
        yield emulator


@pytest.fixture
def qiskit_runtime_cassette(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A service that replays a cassette to any client; environment variables point clients at it during the test.

    A test that sends a request that was not recorded fails, even if it handles the error. With
    `--qiskit-runtime-record` the live service answers, and the cassette is written again if the test passes.
    """
    marker = request.node.get_closest_marker(CASSETTE)
    names = marker.args if marker and marker.args else (f"cassettes/{request.path.stem}/{_file_name(request.node)}",)
    files = [request.path.parent / name for name in names]
    if request.config.getoption(RECORD):
        opened = _recording(request.node, files[0])
    else:
        for missing in (file for file in files if not file.is_file()):
            pytest.fail(f"{missing} does not exist: record it with `pytest --qiskit-runtime-record`.", pytrace=False)
        opened = _module("cassettes").replay(*files, **(marker.kwargs if marker else {}))
    with opened as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        yield service
    if service.missed:
        lines = ["The test sent requests that are not in its cassette.", *dict.fromkeys(service.missed)]
        pytest.fail("\n".join(lines), pytrace=False)


def _file_name(test: pytest.Item) -> str:
    """The name of a test's cassette: different for each class, test and set of parameters in a module."""
    classes = [node.name for node in test.listchain() if isinstance(node, pytest.Class)]
    whole = ".".join([*classes, test.name])
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", whole).strip("-")
    if not READABLE.fullmatch(whole):
        name = f"{name[:80]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
    return f"{name}.har"


@contextlib.contextmanager
def _recording(test: pytest.Item, file: Path) -> Iterator[Loopback]:
    """A recorder. It writes its cassette if the test passes."""
    from .config.settings import Settings

    written = test.config.stash[WRITTEN]
    if written.get(file, test.nodeid) != test.nodeid:
        pytest.fail(f"{file} was just recorded by {written[file]}, and would be overwritten.", pytrace=False)
    test.stash[PASSED] = False
    with contextlib.suppress(_NotPassed), _module("cassettes").record(file, Settings()) as service:
        yield service
        if not test.stash[PASSED]:
            raise _NotPassed
        file.parent.mkdir(parents=True, exist_ok=True)
        written[file] = test.nodeid


class _NotPassed(Exception):
    """The test did not pass, so its recording must not become a cassette."""
