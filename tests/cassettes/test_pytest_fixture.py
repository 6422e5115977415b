"""A test suite of another project, recorded and run on its cassettes: pytest in its own process and folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BELL, environment

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

SDK = f'''
"""An SDK that knows nothing of this package, and one that is built on it."""
import os
import httpx
from qiskit_runtime_rest import RuntimeClient

CIRCUIT = """{BELL}"""

class OtherSdk:
    def __init__(self):
        form = {{"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": os.environ["QISKIT_IBM_TOKEN"]}}
        token = httpx.post(os.environ["IAM_URL"] + "/identity/token", data=form).raise_for_status().json()
        self._headers = {{
            "Authorization": "Bearer " + token["access_token"],
            "Service-CRN": os.environ["QISKIT_IBM_INSTANCE"],
            "IBM-API-Version": "2026-04-15",
        }}

    def qubits(self, name):
        url = os.environ["QISKIT_IBM_URL"] + f"/v1/backends/{{name}}/configuration"
        answer = httpx.get(url, headers=self._headers)
        return answer.json()["n_qubits"] if answer.is_success else None

def counts():
    with RuntimeClient() as client:
        return client.sampler([CIRCUIT], backend="ibm_fez", shots=50).result(timeout=120)[0].counts()
'''

SUITE = """
import pytest
from sdk import OtherSdk, counts

pytestmark = pytest.mark.usefixtures("qiskit_runtime_cassette")

def test_counts():
    assert sum(counts().values()) == 50

@pytest.mark.qiskit_runtime_cassette("shared/device.har")
def test_qubits():
    assert OtherSdk().qubits("ibm_fez") == 156
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on the written files, with this package's plugin only; every warning is an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*arguments: str) -> pytest.RunResult:
        plugin = ("-p", "qiskit_runtime_rest.pytest_plugin", "-p", "no:cacheprovider")
        return pytester.runpytest_subprocess(*plugin, "-W", "error", "--strict-markers", *arguments)

    return run


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    pytester.makepyfile(sdk=SDK, test_sdk=SUITE)
    (pytester.path / "shared").mkdir()
    return pytester.path


@pytest.fixture
def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The environment variables of an account of the embedded service, set."""
    variables = environment(emulator)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return list(variables)


ALL_ON_CASSETTES = """
import pytest
from sdk import OtherSdk
pytestmark = pytest.mark.usefixtures('qiskit_runtime_cassette')
"""


def test_a_suite_is_recorded_once_and_runs_on_its_cassettes(
    suite: Path, run: Run, emulator: Emulator, account: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--qiskit-runtime-record").assert_outcomes(passed=2)
    written = sorted(path.relative_to(suite) for path in suite.rglob("*.har"))
    assert written == [Path("cassettes/test_sdk/test_counts.har"), Path("shared/device.har")]
    assert all(emulator.api_key not in (suite / path).read_text() for path in written)

    for name in account:
        monkeypatch.delenv(name)
    emulator.clear_requests()
    (suite / "test_strict.py").write_text(
        "import os, pytest\n"
        "from sdk import OtherSdk, counts\n"
        "def test_the_environment_is_as_before(): assert 'IAM_URL' not in os.environ\n"
        "@pytest.mark.qiskit_runtime_cassette('shared/device.har')\n"
        "def test_it_asks_something_else(qiskit_runtime_cassette):\n"
        "    assert OtherSdk().qubits('ibm_kingston') is None\n"
        "@pytest.mark.qiskit_runtime_cassette("
        "'shared/device.har', 'cassettes/test_sdk/test_counts.har', exhausted='error')\n"
        "def test_two_cassettes(qiskit_runtime_cassette):\n"
        "    assert OtherSdk().qubits('ibm_fez') == 156\n"
        "    assert sum(counts().values()) == 50\n"
        "def test_not_recorded(qiskit_runtime_cassette): pass\n"
    )
    result = run()
    result.assert_outcomes(passed=5, errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "*The test sent requests that are not in its cassette.*",
            "*GET /v1/backends/ibm_kingston/configuration was not recorded. The nearest that was: *ibm_fez*",
            "*test_not_recorded.har does not exist: record it with `pytest --qiskit-runtime-record`.",
        ]
    )
    assert emulator.requests == []


def test_each_test_has_a_cassette_of_its_own(
    suite: Path, run: Run, account: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (suite / "test_sdk.py").write_text(
        ALL_ON_CASSETTES + "def qubits(name): assert OtherSdk().qubits(name)\n"
        "@pytest.mark.parametrize('name', ['ibm_fez', 'ibm_kingston'])\n"
        "def test_it(name): qubits(name)\n"
        "@pytest.mark.parametrize('name', ['ibm_fez', 'ibm_kingston'], ids=['a/b?', 'A/b?'])\n"
        "def test_odd(name): qubits(name)\n"
        "class TestA:\n"
        "    def test_q(self): qubits('ibm_fez')\n"
        "class TestB:\n"
        "    def test_q(self): qubits('ibm_kingston')\n"
    )
    (suite / "test_more.py").write_text(
        "from sdk import OtherSdk\ndef test_q(qiskit_runtime_cassette): assert OtherSdk().qubits('ibm_marrakesh')\n"
    )
    run("--qiskit-runtime-record").assert_outcomes(passed=7)
    names = sorted(path.relative_to(suite / "cassettes").as_posix() for path in suite.rglob("*.har"))
    assert [name for name in names if "odd" not in name] == [
        "test_more/test_q.har",
        "test_sdk/TestA.test_q.har",
        "test_sdk/TestB.test_q.har",
        "test_sdk/test_it-ibm_fez.har",
        "test_sdk/test_it-ibm_kingston.har",
    ]
    assert len({name.lower() for name in names}) == 7
    assert not [name for name in names if set(name) & set('<>:"\\|?*[]')]
    for name in account:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "http_proxy"):  # It must not be used for this machine.
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    run().assert_outcomes(passed=7)


def test_a_cassette_of_another_test_is_not_overwritten(suite: Path, run: Run, account: list[str]) -> None:
    (suite / "test_sdk.py").write_text(
        "import pytest\n"
        "from sdk import OtherSdk\n"
        "@pytest.mark.qiskit_runtime_cassette('shared/it.har')\n"
        "@pytest.mark.parametrize('name', ['ibm_fez', 'ibm_kingston'])\n"
        "def test_it(name, qiskit_runtime_cassette): assert OtherSdk().qubits(name)\n"
    )
    result = run("--qiskit-runtime-record")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*it.har was just recorded by *test_it?ibm_fez?, and would be overwritten.*"])
    assert "ibm_fez" in (suite / "shared/it.har").read_text()


def test_a_test_that_fails_or_asks_nothing_leaves_its_cassette_as_it_was(
    suite: Path, run: Run, account: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (suite / "test_sdk.py").write_text(
        ALL_ON_CASSETTES + "def test_fails(): assert not OtherSdk().qubits('ibm_fez')\n"
        "def test_skips(): OtherSdk().qubits('ibm_fez'); pytest.skip()\n"
        "def test_asks_nothing(): pass\n"
    )
    files = [suite / "cassettes/test_sdk" / f"test_{name}.har" for name in ("fails", "skips", "asks_nothing")]
    files[0].parent.mkdir(parents=True)
    for file in files:
        file.write_text("good")
    result = run("--qiskit-runtime-record", "-W", "default")
    result.assert_outcomes(passed=1, failed=1, skipped=1, warnings=1)
    result.stdout.fnmatch_lines(["*no requests were sent: *test_asks_nothing.har was not written.*"])
    assert [file.read_text() for file in files] == ["good"] * 3
