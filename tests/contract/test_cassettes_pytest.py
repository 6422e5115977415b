"""Somebody else's test suite, recorded once, run on its cassettes: pytest in a process and folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import BELL

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
        return client.sampler([CIRCUIT], backend="ibm_torino", shots=50).result(timeout=120)[0].counts()
'''

SUITE = """
import pytest
from sdk import OtherSdk, counts

pytestmark = pytest.mark.usefixtures("qiskit_runtime_cassette")

def test_counts():
    assert sum(counts().values()) == 50

@pytest.mark.qiskit_runtime_cassette("shared/device.har")
def test_qubits():
    assert OtherSdk().qubits("ibm_torino") == 133
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on what was written, with this package's plugin only, every warning an error."""
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


def test_a_suite_is_recorded_once_and_runs_on_its_cassettes(
    suite: Path, run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = {
        "QISKIT_IBM_URL": emulator.base_url,
        "IAM_URL": emulator.iam_url,
        "QISKIT_IBM_TOKEN": emulator.api_key,
        "QISKIT_IBM_INSTANCE": emulator.instance,
    }
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    run("--qiskit-runtime-record").assert_outcomes(passed=2)
    written = sorted(path.relative_to(suite) for path in suite.rglob("*.har"))
    assert written == [Path("cassettes/test_counts.har"), Path("shared/device.har")]
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
        "    assert OtherSdk().qubits('ibm_fez') is None\n"
        "@pytest.mark.qiskit_runtime_cassette('shared/device.har', 'cassettes/test_counts.har', exhausted='error')\n"
        "def test_two_cassettes(qiskit_runtime_cassette):\n"
        "    assert OtherSdk().qubits('ibm_torino') == 133\n"
        "    assert sum(counts().values()) == 50\n"
        "def test_nobody_recorded_this(qiskit_runtime_cassette): pass\n"
    )
    result = run()
    result.assert_outcomes(passed=5, errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "*The test asked what is not in its cassette.*",
            "*GET /v1/backends/ibm_fez/configuration was not recorded. The nearest that was: *ibm_torino*",
            "*cassettes/test_nobody_recorded_this.har cannot be read: No such file*",
        ]
    )
    assert emulator.requests == []
