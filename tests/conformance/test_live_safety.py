"""What a live check may do to the service, counted where the requests arrive."""

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
from qiskit_runtime_rest.conformance import live
from qiskit_runtime_rest.conformance.gate import Gate, Stopped, Unforeseen
from qiskit_runtime_rest.conformance.live import Readings, check_reads, open_live, read_lists
from qiskit_runtime_rest.conformance.report import Report
from qiskit_runtime_rest.conformance.spending import spend
from qiskit_runtime_rest.errors import ConfigurationError
from qiskit_runtime_rest.testing import Emulator, connect

MEASURE = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; c[0] = measure $0;'
PARAMS = {"pubs": [[MEASURE, None, 1]], "version": 2}


class ServiceClock:
    """The emulated service's clock, which passes when the client sleeps."""

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


def asked(emulator: Emulator) -> Counter[tuple[str, str]]:
    """Method and operation of all that arrived, but for the exchange of the API key."""
    return Counter((one.method, str(one.operation)) for one in emulator.requests if one.operation != "create_token")


@attrs.frozen
class Reading:
    """One whole check that only reads, and what arrived meanwhile."""

    report: Report
    readings: Readings
    requests: list[Any]
    slept: float
    private_job: str


@pytest.fixture(scope="module")
def reading(running: Emulator) -> Reading:
    running.reset()
    with connect(running, clock=ServiceClock(running)) as client:
        session = client.sessions.create(backend="ibm_torino", mode="batch")
        private = client.jobs.submit(
            "sampler", backend="ibm_torino", params=PARAMS, private=True, session_id=session.id
        )
        client.jobs.submit("sampler", backend="ibm_fez", params=PARAMS)
        running.clock.advance(10)
        before = [job.id for job in client.jobs.list()]
        running.clear_requests()
        service = open_live(client)
        readings = read_lists(service)
        report = check_reads(service, readings, examples=1)
        requests = [one for one in running.requests if one.operation != "create_token"]
        clock: Any = client.api.get_httpx_client().clock
        slept = clock.slept
        assert [job.id for job in client.jobs.list()] == before
        assert private.result()[0].counts()  # It can be read once, and nobody has.
    return Reading(report, readings, requests, slept, private.id)


def test_reading_sends_nothing_but_get_and_touches_no_result(reading: Reading) -> None:
    assert reading.report.passed, reading.report.lines()
    assert {one.method for one in reading.requests} == {"GET"}
    assert not [one.path for one in reading.requests if "results" in one.path]
    assert len({one.operation for one in reading.requests}) == len(live.READ)


def test_only_ids_that_lists_named_are_asked_for(reading: Reading) -> None:
    kinds = ("/api/v1/jobs/", "/api/v1/sessions/", "/api/v1/backends/", "/api/v1/accounts/")
    named = {one.path.split("/")[4] for one in reading.requests if one.path.startswith(kinds)}
    assert reading.private_job in named
    assert named <= {one for ids in reading.readings.ids.values() for one in ids}


def test_the_rate_is_kept(reading: Reading) -> None:
    assert len(reading.requests) > 100
    assert reading.slept >= (len(reading.requests) - 1) * 60.0 / live.PER_MINUTE


def test_no_more_requests_than_allowed_are_sent(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client, most=20)
    report = check_reads(service, read_lists(service))
    assert sum(asked(emulator).values()) == 20
    assert not report.passed
    assert "20 requests were sent" in "\n".join(report.lines())


def test_a_request_for_less_ends_the_check(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client)
    readings = read_lists(service)
    emulator.clear_requests()
    emulator.faults.add("*", kind="answer", status=429)
    report = check_reads(service, readings)
    assert sum(asked(emulator).values()) == 1
    assert "429" in "\n".join(report.lines())


def test_a_violation_is_found_and_told_without_secrets(emulator: Emulator, client: RuntimeClient) -> None:
    account = emulator.instance.split(":")[6].removeprefix("a/")
    service = open_live(client)
    readings = read_lists(service)
    leak = {
        "instance_id": "x",
        "plan_id": "x",
        "usage_consumed_seconds": f"{emulator.api_key} {emulator.instance} {account} IBMid-12345",
    }
    emulator.faults.add("get_instance_usage", kind="answer", status=200, body=leak)
    report = check_reads(service, readings, examples=1)
    written = "\n".join(report.lines()) + json.dumps(report.as_json())
    assert "get_usage: JsonSchemaError" in written
    for secret in (emulator.api_key, emulator.instance, account, "IBMid", "eyJ"):
        assert secret not in written


def test_two_jobs_are_submitted_in_one_batch_and_all_are_taken_back(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client)
    clock = client.api.get_httpx_client().clock
    report = spend(service, jobs=2, backend="ibm_torino", clock=clock)
    assert report.passed, report.lines()
    writes = {operation: count for (method, operation), count in asked(emulator).items() if method != "GET"}
    assert writes == {"create_session": 1, "create_job": 2, "delete_job": 2, "close_session": 1}
    assert list(client.jobs.list()) == []
    assert report.answers["get_job_results_jid", 200] == 2
    assert "2 jobs on ibm_torino" in report.remarks[-1]
    assert "s of QPU time charged. Left behind: nothing." in report.remarks[-1]


def test_jobs_that_wait_too_long_are_cancelled_and_deleted(emulator: Emulator, client: RuntimeClient) -> None:
    emulator.pace = "hold"
    try:
        service = open_live(client)
        spend(service, jobs=1, backend="ibm_torino", clock=client.api.get_httpx_client().clock)
        assert asked(emulator)["POST", "cancel_job"] == 1
        assert list(client.jobs.list()) == []
    finally:
        emulator.pace = "seconds:1"


def test_a_job_whose_answer_was_lost_is_found_by_its_tag_and_deleted(emulator: Emulator, client: RuntimeClient) -> None:
    emulator.faults.add("create_job", kind="reset_after", times=1)
    service = open_live(client)
    report = spend(service, jobs=2, backend="ibm_torino", clock=client.api.get_httpx_client().clock)
    assert not report.passed
    assert asked(emulator)["POST", "create_job"] == 1
    assert list(client.jobs.list()) == []
    assert asked(emulator)["DELETE", "close_session"] == 1


def test_what_was_not_listed_is_not_sent_and_closes_the_gate(emulator: Emulator, client: RuntimeClient) -> None:
    http = client.api.get_httpx_client()
    gate = Gate(http, base_url=emulator.base_url, clock=http.clock, interval=1, most=9)
    gate.let_read("/v1/backends")
    for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/backends"), ("DELETE", "/v1/jobs/x")):
        with pytest.raises(Unforeseen):
            gate.send(method, path)
    with pytest.raises(Stopped):
        gate.send("GET", "/v1/backends")
    assert not emulator.requests


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"instance": None}, "no instance"),
        ({"api_key": None}, "needs your credentials"),
        ({"base_url": "https://quantum.example.com/api"}, "cannot tell what https://quantum.example.com"),
        ({"base_url": "https://eu-de.quantum.cloud.ibm.com/api"}, "the instance lives at"),
        ({"iam_url": "https://iam.example.com"}, "cannot tell what https://iam.example.com"),
    ],
)
def test_it_refuses_to_start_when_it_is_not_clear_what_it_would_touch(
    emulator: Emulator, settings: dict[str, Any], says: str, tmp_path: Any
) -> None:
    given = {"api_key": emulator.api_key, "instance": emulator.instance, "environ": {}, **settings}
    resolved = Settings(account_path=tmp_path / "none.json", **given)
    with pytest.raises(ConfigurationError, match=says), RuntimeClient(settings=resolved, auth=httpx.Auth()) as client:
        open_live(client)
    assert not emulator.requests


def test_it_refuses_to_start_with_a_read_that_it_does_not_know(
    client: RuntimeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "READ", {name: kind for name, kind in live.READ.items() if name != "get_account"})
    with pytest.raises(Stopped, match="get_account"):
        open_live(client)


def test_it_does_not_start_on_answers_that_are_none_of_the_service(emulator: Emulator, client: RuntimeClient) -> None:
    emulator.faults.add("get_instance", kind="answer", status=200, body="<html>hello</html>")
    service = open_live(client)
    with pytest.raises(Stopped, match="cannot tell"):
        read_lists(service)
    assert sum(asked(emulator).values()) == 1


def test_jobs_are_not_submitted_without_asking_somebody(emulator: Emulator) -> None:
    environment = {"QISKIT_IBM_TOKEN": emulator.api_key, "QISKIT_IBM_INSTANCE": emulator.instance}
    given = ["contract", "check", "--live", "--allow-jobs", "1", "--base-url", emulator.base_url]
    outcome = CliRunner().invoke(app, given, env=environment)
    assert outcome.exit_code == 2
    assert not emulator.requests


def test_operations_without_an_id_to_ask_for_are_left_out_and_named(emulator: Emulator, client: RuntimeClient) -> None:
    service = open_live(client)
    report = check_reads(service, Readings(ids={}, backend=None), examples=1)
    assert report.passed
    assert not [path for one in emulator.requests if "/jobs/" in (path := one.path)]
    assert "get_job was not asked: there is nothing of its kind." in report.remarks
