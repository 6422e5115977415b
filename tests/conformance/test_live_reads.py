"""The live check with reads only; its requests are counted at the service."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs
import httpx
import pytest
from typer.testing import CliRunner

from qiskit_runtime_rest import RuntimeClient, Settings
from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.conformance import live_reads
from qiskit_runtime_rest.conformance.live_reads import Existing, check_reads, open_live, read_lists
from qiskit_runtime_rest.conformance.report import Report
from qiskit_runtime_rest.conformance.request_guard import Stopped
from qiskit_runtime_rest.errors import ConfigurationError
from qiskit_runtime_rest.testing import Emulator, connect

MEASURE = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; c[0] = measure $0;'
PARAMS = {"pubs": [[MEASURE, None, 1]], "version": 2}


class ServiceClock:
    """The emulated service's clock; a client's sleep advances it."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.slept = 0.0

    def monotonic(self) -> float:
        return self._emulator.clock.now()

    def time(self) -> float:
        return self._emulator.clock.now()

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        self.slept += seconds
        self._emulator.clock.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(virtual_clock=True, seed=3, pace="seconds:1", workers=1, recorded_requests=5000) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[RuntimeClient]:
    with connect(emulator, clock=ServiceClock(emulator)) as client:
        yield client


def arrived(emulator: Emulator) -> Counter[tuple[str, str]]:
    """How often each method and operation arrived, without IAM's."""
    return Counter((one.method, str(one.operation)) for one in emulator.requests if one.operation != "create_token")


@attrs.frozen
class Reading:
    """One whole check, and the requests that arrived meanwhile."""

    report: Report
    existing: Existing
    requests: list[Any]
    slept: float
    private_job: str


@pytest.fixture(scope="module")
def reading(running: Emulator) -> Reading:
    running.reset()
    with connect(running, clock=ServiceClock(running)) as client:
        session = client.sessions.create(backend="ibm_fez", mode="batch")
        private = client.jobs.submit("sampler", backend="ibm_fez", params=PARAMS, private=True, session_id=session.id)
        client.jobs.submit("sampler", backend="ibm_kingston", params=PARAMS)
        running.clock.advance(10)
        before = [job.id for job in client.jobs.list()]
        running.clear_requests()
        service = open_live(client)
        existing = read_lists(service)
        report = check_reads(service, existing, examples=1)
        requests = [one for one in running.requests if one.operation != "create_token"]
        clock: Any = client.api.get_httpx_client().clock
        slept = clock.slept
        assert [job.id for job in client.jobs.list()] == before
        assert private.result()[0].counts()  # It can be read only once: the check did not read it.
    return Reading(report, existing, requests, slept, private.id)


def test_only_reads_are_sent_and_none_of_a_result(reading: Reading) -> None:
    assert reading.report.passed, reading.report.lines()
    assert {one.method for one in reading.requests} == {"GET"}
    assert not [one.path for one in reading.requests if "results" in one.path]
    assert len({one.operation for one in reading.requests}) == len(live_reads.READ)


def test_only_ids_from_lists_are_read(reading: Reading) -> None:
    kinds = ("/api/v1/jobs/", "/api/v1/sessions/", "/api/v1/backends/", "/api/v1/accounts/")
    named = {one.path.split("/")[4] for one in reading.requests if one.path.startswith(kinds)}
    assert reading.private_job in named
    assert named <= {one for ids in reading.existing.ids.values() for one in ids}


def test_the_rate_is_kept(reading: Reading) -> None:
    assert len(reading.requests) > 100
    assert reading.slept >= (len(reading.requests) - 1) * 60.0 / live_reads.PER_MINUTE


def test_no_more_requests_than_allowed_are_sent(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client, most=20)
    report = check_reads(service, read_lists(service))
    assert sum(arrived(emulator).values()) == 20
    assert not report.passed
    assert "20 requests were sent" in "\n".join(report.lines())


def test_a_rate_limit_ends_the_check(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client)
    existing = read_lists(service)
    emulator.clear_requests()
    emulator.faults.add("*", kind="answer", status=429)
    report = check_reads(service, existing)
    assert sum(arrived(emulator).values()) == 1
    assert "429" in "\n".join(report.lines())


def test_a_violation_is_reported_without_secrets(emulator: Emulator, client: RuntimeClient) -> None:
    account = emulator.instance.split(":")[6].removeprefix("a/")
    service = open_live(client)
    existing = read_lists(service)
    leak = {
        "instance_id": "x",
        "plan_id": "x",
        "usage_consumed_seconds": f"{emulator.api_key} {emulator.instance} {account} IBMid-12345",
    }
    emulator.faults.add("get_instance_usage", kind="answer", status=200, body=leak)
    report = check_reads(service, existing, examples=1)
    written = "\n".join(report.lines()) + json.dumps(report.as_json())
    assert "get_usage: JsonSchemaError" in written
    for secret in (emulator.api_key, emulator.instance, account, "IBMid", "eyJ"):
        assert secret not in written


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"instance": None}, "no instance"),
        ({"api_key": None}, "needs your credentials"),
        ({"base_url": "https://quantum.example.com/api"}, "does not know https://quantum.example.com"),
        ({"base_url": "https://eu-de.quantum.cloud.ibm.com/api"}, "the instance lives at"),
        ({"iam_url": "https://iam.example.com"}, "does not know https://iam.example.com"),
    ],
)
def test_it_refuses_to_start_with_settings_of_another_service(
    emulator: Emulator, settings: dict[str, Any], says: str, tmp_path: Any
) -> None:
    given = {"api_key": emulator.api_key, "instance": emulator.instance, "environ": {}, **settings}
    resolved = Settings(account_path=tmp_path / "none.json", **given)
    with pytest.raises(ConfigurationError, match=says), RuntimeClient(settings=resolved, auth=httpx.Auth()) as client:
        open_live(client)
    assert not emulator.requests


def test_it_refuses_to_start_if_the_contract_has_an_unknown_read(
    client: RuntimeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        live_reads, "READ", {name: kind for name, kind in live_reads.READ.items() if name != "get_account"}
    )
    with pytest.raises(Stopped, match="get_account"):
        open_live(client)


def test_it_does_not_start_on_responses_of_another_form(emulator: Emulator, client: RuntimeClient) -> None:
    emulator.faults.add("get_instance", kind="answer", status=200, body="<html>hello</html>")
    service = open_live(client)
    with pytest.raises(Stopped, match="cannot tell"):
        read_lists(service)
    assert sum(arrived(emulator).values()) == 1


def test_jobs_are_not_submitted_without_a_confirmation(emulator: Emulator) -> None:
    environment = {"QISKIT_IBM_TOKEN": emulator.api_key, "QISKIT_IBM_INSTANCE": emulator.instance}
    given = ["contract", "check", "--live", "--allow-jobs", "1", "--base-url", emulator.base_url]
    outcome = CliRunner().invoke(app, given, env=environment)
    assert outcome.exit_code == 2
    assert not emulator.requests


def test_operations_without_an_id_are_left_out_and_named(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client)
    report = check_reads(service, Existing(ids={}, backend=None), examples=1)
    assert report.passed
    assert not [path for one in emulator.requests if "/jobs/" in (path := one.path)]
    assert "get_job was left out: there is no id for it." in report.remarks
