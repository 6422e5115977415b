"""The pytest plugin: fixtures that serve the API to a project's tests; `qiskit_runtime_rest.testing` describes them.

pytest imports this in every run of every project that has the package installed: it loads nothing until a
fixture is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from .cassettes import Loopback
    from .client.client import AsyncRuntimeClient, RuntimeClient
    from .emulator.embedded import Emulator, EmulatorFaults

__all__ = [
    "async_runtime_client",
    "qiskit_runtime_cassette",
    "qiskit_runtime_emulator",
    "qiskit_runtime_options",
    "qiskit_runtime_server",
    "runtime_client",
    "runtime_faults",
]


CASSETTE = "qiskit_runtime_cassette"
RECORD = "--qiskit-runtime-record"
PASSED = pytest.StashKey[bool]()
WRITTEN = pytest.StashKey[dict[Path, str]]()
"""Cassettes, and the tests that wrote them."""

READABLE = re.compile(r"[A-Za-z0-9_.]{1,80}(?:\[[a-z0-9_.-]{1,40}\])?")
"""A test whose name is one of a file, in any file system, but for the brackets."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to record."""
    parser.addoption(
        RECORD,
        action="store_true",
        help=f"let tests with {CASSETTE} ask the live service, with your own settings, and write their cassettes",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line(
        "markers",
        f"{CASSETTE}(*files, match='request', exhausted='repeat'): what the fixture of that name replays; paths are "
        "taken from the test's folder. Without it: cassettes/<module>/<class and name of the test, parameters>.har.",
    )
    config.stash[WRITTEN] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Remember how a test ended, for the fixture that records."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[PASSED] = report.passed


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


@pytest.fixture
def qiskit_runtime_cassette(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Recorded reality, served to clients of any make, which the environment leads there during the test.

    A test that asks what was not recorded fails, whatever it makes of the answer. With `--qiskit-runtime-record` the
    live service answers, and the cassette is written anew if the test passes.
    """
    marker = request.node.get_closest_marker(CASSETTE)
    names = marker.args if marker and marker.args else (f"cassettes/{request.path.stem}/{_file_name(request.node)}",)
    files = [request.path.parent / name for name in names]
    if request.config.getoption(RECORD):
        opened = _recording(request.node, files[0])
    else:
        for missing in (file for file in files if not file.is_file()):
            pytest.fail(f"There is no {missing}: record it with `pytest --qiskit-runtime-record`.", pytrace=False)
        opened = _cassettes().replay(*files, **(marker.kwargs if marker else {}))
    with opened as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        yield service
    if service.missed:
        told = ["The test asked what is not in its cassette.", *dict.fromkeys(service.missed)]
        pytest.fail("\n".join(told), pytrace=False)


def _file_name(test: pytest.Item) -> str:
    """The name of a test's own cassette: another for each class, test and set of parameters in a module."""
    classes = [node.name for node in test.listchain() if isinstance(node, pytest.Class)]
    whole = ".".join([*classes, test.name])
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", whole).strip("-")
    if not READABLE.fullmatch(whole):
        name = f"{name[:80]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
    return f"{name}.har"


@contextlib.contextmanager
def _recording(test: pytest.Item, file: Path) -> Iterator[Loopback]:
    """A recorder, whose cassette is written if the test passes."""
    from .config.settings import Settings

    written = test.config.stash[WRITTEN]
    if written.get(file, test.nodeid) != test.nodeid:
        pytest.fail(f"{file} was recorded by {written[file]}, and would be overwritten.", pytrace=False)
    test.stash[PASSED] = False
    with contextlib.suppress(_NotPassed), _cassettes().record(file, Settings()) as service:
        yield service
        if not test.stash[PASSED]:
            raise _NotPassed
        file.parent.mkdir(parents=True, exist_ok=True)
        written[file] = test.nodeid


class _NotPassed(Exception):
    """The test failed: what it recorded is no cassette."""


def _cassettes() -> ModuleType:
    from .errors import MissingExtra

    missing: MissingExtra
    try:
        from . import cassettes
    except MissingExtra as error:
        missing = error
    else:
        return cassettes
    # Outside the handler, where pytest would show the same text twice.
    pytest.fail(str(missing), pytrace=False)
