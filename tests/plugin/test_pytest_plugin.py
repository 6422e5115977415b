"""The pytest plugin as other projects use it: pytest in a separate process and folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

PLUGIN = "qiskit_runtime_rest.pytest_plugin"

CIRCUIT = '''
CIRCUIT = """OPENQASM 3.0;
include "stdgates.inc";
bit[1] c;
x $0;
c[0] = measure $0;
"""
'''


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on the test files of the folder, with this plugin only and every warning as an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for variable in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "IAM_URL"):
        monkeypatch.setenv(variable, "https://elsewhere.invalid")

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", "-W", "error", *arguments)

    return run


def test_a_project_tests_its_own_code_against_the_service(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        project="""
        def most_frequent(client, circuit):
            counts = client.sampler(circuit, backend="ibm_fez", shots=50).result(timeout=600)[0].counts()
            return max(counts, key=counts.get)
        """,
        test_project=CIRCUIT
        + """
import pytest
from qiskit_runtime_rest import RateLimited
from project import most_frequent

def test_counts(runtime_client):
    assert most_frequent(runtime_client, CIRCUIT) == "1"

def test_an_outage_is_survived(runtime_client, runtime_faults, qiskit_runtime_emulator):
    runtime_faults.add("list_backends", kind="server_error")
    assert runtime_client.backends.get("ibm_fez")
    assert "server_error" in [request.fault for request in qiskit_runtime_emulator.requests]
""",
    )
    run().assert_outcomes(passed=2)


def test_a_proxy_loses_and_spoils_answers_on_the_way_to_the_service(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        from qiskit_runtime_rest import RetryPolicy, RuntimeClient

        def test_lost_answers(runtime_faulty_proxy, qiskit_runtime_emulator):
            proxy = runtime_faulty_proxy(rate=0.5, seed=3)
            options = {name: getattr(qiskit_runtime_emulator, name) for name in ("api_key", "iam_url", "instance")}
            retries = RetryPolicy(attempts=50, first=0.001, longest=0.01)
            with RuntimeClient(base_url=proxy.base_url, retries=retries, **options) as client:
                for _ in range(10):
                    assert client.backends.list()
            assert sum(proxy.done.values()) >= 10
            assert set(proxy.done) - {"none"}
        """
    )
    run().assert_outcomes(passed=1)


def test_tests_leave_nothing_behind(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("again", [1, 2])
        def test_all_is_as_at_the_start(runtime_client, runtime_faults, qiskit_runtime_emulator, again):
            assert (runtime_faults.list(), qiskit_runtime_emulator.requests) == ([], [])
            assert str(qiskit_runtime_emulator.pace.running) == "immediate"
            assert list(runtime_client.jobs.list()) == []
            qiskit_runtime_emulator.pace = "hold"
            job = runtime_client.sampler("OPENQASM 3.0;", backend="ibm_fez")
            assert [one.id for one in runtime_client.jobs.list()] == [job.id]
            runtime_faults.add("*", kind="server_error", times=None)

        def test_faults_end_with_their_test(qiskit_runtime_server):
            assert qiskit_runtime_server.faults.list() == []
        """
    )
    run().assert_outcomes(passed=3)


ASYNC_TEST = """
import gc
import pytest

@pytest.mark.anyio
@pytest.mark.parametrize("again", [1, 2])
async def test_jobs(async_runtime_client, runtime_faults, again):
    runtime_faults.add("get_versions", kind="unavailable")
    assert await async_runtime_client.versions()
    assert [job async for job in async_runtime_client.jobs.list()] == []

def test_no_socket_was_left_open():
    gc.collect()

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def test_asynchronous_tests_leave_no_connection_open(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(ASYNC_TEST)
    run("-p", "anyio.pytest_plugin").assert_outcomes(passed=3)


def test_the_options_of_the_service_can_be_chosen(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def qiskit_runtime_options():
            return {"virtual_clock": True, "pace": "seconds:60"}
        """
    )
    pytester.makepyfile(
        """
        def test_time_stands_still(qiskit_runtime_emulator):
            assert qiskit_runtime_emulator.clock.now() == qiskit_runtime_emulator.clock.now()
            assert str(qiskit_runtime_emulator.pace.queued) == "seconds:60"
        """
    )
    run().assert_outcomes(passed=1)


def test_the_fixtures_have_descriptions(pytester: pytest.Pytester, run: Run) -> None:
    result = run("--fixtures")
    for name in ("qiskit_runtime_emulator", "runtime_client", "async_runtime_client", "runtime_faults"):
        result.stdout.fnmatch_lines([f"{name} -- *"])


def test_without_the_extra_only_a_test_that_needs_it_fails_and_says_what_to_install(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makeconftest("import sys\nsys.modules['starlette'] = None\n")
    pytester.makepyfile(
        """
        def test_other():
            pass

        def test_service(runtime_client):
            pass
        """
    )
    result = run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*starlette*is not installed*pip install 'qiskit-runtime-rest[[]emulator]'"])
    result.stdout.no_fnmatch_line("*During handling*")


def test_loading_the_plugin_loads_nothing_else() -> None:
    code = f"""
import sys, pytest
before = set(sys.modules)
import {PLUGIN}
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
"""
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= {"qiskit_runtime_rest", "importlib", "__future__"}
