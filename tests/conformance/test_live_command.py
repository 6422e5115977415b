"""`qrr contract check --live`, from the command line to what arrives at the service."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.conformance import live_reads
from qiskit_runtime_rest.plans.clock import SystemClock
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

READ = ("get_versions", "list_tags", "list_jobs")
SIGNALS = tuple(one for one in signal.Signals if one.name in ("SIGINT", "SIGTERM", "SIGHUP"))

Run = Callable[..., Result]


@pytest.fixture
def held(emulator: Emulator) -> Iterator[Emulator]:
    """The service, with jobs that stay queued until they are cancelled."""
    before, emulator.pace = emulator.pace, "hold"
    yield emulator
    emulator.pace = before


class Time:
    """The machine's time: a sleep advances it, for the service as well, and calls `then`."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.elapsed = 0.0
        self.then: Callable[[], object] = lambda: None

    def sleep(self, _clock: SystemClock, seconds: float, _stop: threading.Event | None = None) -> None:
        self.elapsed += seconds
        self._emulator.clock.advance(seconds)
        assert self.elapsed < 3600, "this wait has no end"
        self.then()


@pytest.fixture
def time(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time(emulator)
    monkeypatch.setattr(SystemClock, "sleep", lambda *given: time.sleep(*given))
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.elapsed)
    return time


@pytest.fixture
def check(emulator: Emulator, time: Time, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `qrr contract check --live` of a few reads, in this process."""
    monkeypatch.setattr(
        live_reads, "UNREAD", dict.fromkeys({*live_reads.READ, *live_reads.UNREAD} - {*READ}, "it takes too long")
    )
    monkeypatch.setattr(live_reads, "READ", dict.fromkeys(READ))
    service = environment(emulator)

    def run(*arguments: str, **environment: str) -> Result:
        given = ["contract", "check", "--live", "--examples", "1", *arguments]
        return CliRunner().invoke(app, given, env={**service, **environment})

    return run


@pytest.fixture
def signals() -> Iterator[None]:
    """Signal handlers as in a program that a shell started; the tests may have inherited ignored ones."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in SIGNALS}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


def submitted(emulator: Emulator) -> int:
    return sum(1 for one in emulator.requests if one.operation == "create_job")


def jobs(options: dict[str, Any]) -> list[str]:
    with RuntimeClient(**options) as client:
        return [job.id for job in client.jobs.list()]


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda one: one.name)
def test_after_a_signal_everything_is_deleted_and_reported(
    held: Emulator, time: Time, check: Run, options: dict[str, Any], tmp_path: Path, number: signal.Signals
) -> None:
    # More than once: a CI system sends one after the other, and people press Ctrl-C again.
    time.then = lambda: signal.raise_signal(number) if submitted(held) == 2 else None
    outcome = check("--allow-jobs", "2", "--yes", "--report", str(tmp_path / "report.json"))
    assert outcome.exit_code == 128 + number
    report = json.loads((tmp_path / "report.json").read_text())
    assert not report["passed"]
    remark = report["reports"][1]["remarks"][-1]
    assert remark.startswith("2 jobs on ")
    assert remark.endswith("0 s of QPU time charged, as far as it is known. Left behind: nothing.")
    assert remark in outcome.stdout
    assert jobs(options) == []
    assert [one.operation for one in held.requests if one.method == "DELETE"][-1] == "close_session"


@pytest.mark.usefixtures("signals")
def test_a_signal_does_not_interrupt_the_cleanup(
    held: Emulator, time: Time, check: Run, options: dict[str, Any]
) -> None:
    def end() -> None:
        if any(one.operation == "cancel_job" for one in held.requests):
            signal.raise_signal(signal.SIGTERM)

    time.then = end
    outcome = check("--allow-jobs", "2", "--yes")
    assert outcome.exit_code == 128 + signal.SIGTERM
    assert "Left behind: nothing." in outcome.stdout
    assert jobs(options) == []


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda one: one.name)
def test_a_signal_during_reads_ends_the_check(
    emulator: Emulator, time: Time, check: Run, tmp_path: Path, number: signal.Signals
) -> None:
    main = threading.main_thread()
    reading = iter(range(1000))

    def end() -> None:
        if next(reading) == 8:
            signal.pthread_kill(main.ident or 0, number)

    time.then = end
    outcome = check("--allow-jobs", "2", "--yes", "--report", str(tmp_path / "report.json"))
    assert outcome.exit_code == 128 + number
    report = json.loads((tmp_path / "report.json").read_text())
    assert f"ended by {number.name}." in str(report["reports"][0]["findings"])
    assert {one.method for one in emulator.requests if one.operation != "create_token"} == {"GET"}


@pytest.mark.usefixtures("signals")
def test_an_ignored_signal_stays_ignored(held: Emulator, time: Time, check: Run) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.then = lambda: signal.raise_signal(signal.SIGTERM)
    outcome = check()
    assert outcome.exit_code == 0, outcome.output
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


@pytest.mark.parametrize("status", [423, 429])
def test_no_jobs_are_submitted_after_a_rate_limit(emulator: Emulator, check: Run, status: int) -> None:
    emulator.faults.add("list_tags", kind="answer", status=status)
    outcome = check("--allow-jobs", "2", "--yes")
    assert outcome.exit_code == 1
    assert "No jobs were submitted: the check had ended before." in outcome.stdout
    assert {one.method for one in emulator.requests if one.operation != "create_token"} == {"GET"}


@pytest.mark.parametrize("validate", ["off", "responses"])
def test_violations_are_reported_without_values_of_responses(
    emulator: Emulator, check: Run, tmp_path: Path, validate: str
) -> None:
    own = {"apikey": "s3cr3t-aaa", "name": "Alice Sue", "user": 7654321}
    emulator.faults.add("list_tags", kind="answer", status=200, body={"tags": own}, times=None)
    emulator.faults.add("list_jobs", kind="answer", status=200, body={"jobs": [own], "limit": "s3cr3t"}, skip=1)
    emulator.faults.add("get_versions", kind="answer", status=418, body=own, headers={"content-type": "text/s3cr3t"})
    outcome = check("--report", str(tmp_path / "report.json"), QRR_VALIDATE=validate)
    assert outcome.exit_code == 1
    written = outcome.output + (tmp_path / "report.json").read_text()
    assert "$.tags is an object, not array" in written
    assert "list_jobs: JsonSchemaError (200" in written
    assert "get_versions: UndefinedStatusCode (418" in written
    assert "Runtime Error" not in written
    for secret in ("s3cr3t", "Alice", "7654321"):
        assert secret not in written


def test_a_response_of_another_form_at_the_start_is_wrong_use(emulator: Emulator, check: Run) -> None:
    outcome = check("--api-version", "2099-01-01")
    assert outcome.exit_code == 2
    assert "cannot tell what it would touch" in " ".join(outcome.output.split())


def test_without_a_network_it_says_so(emulator: Emulator, check: Run) -> None:
    outcome = check(QISKIT_IBM_URL="http://127.0.0.1:9/api", IAM_URL="http://127.0.0.1:9")
    assert outcome.exit_code == 1
    assert "could not connect" in outcome.output
    assert "unexpected" not in outcome.output
    assert not emulator.requests


@pytest.mark.parametrize("place", ["missing/report.json", "."], ids=["no folder", "a folder"])
def test_an_impossible_report_file_is_wrong_use_before_any_request(
    emulator: Emulator, check: Run, tmp_path: Path, place: str
) -> None:
    outcome = check("--allow-jobs", "1", "--yes", "--report", os.fspath(tmp_path / place))
    assert outcome.exit_code == 2
    assert not emulator.requests
