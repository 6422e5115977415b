"""The journal: submissions of a killed process, and a state file that breaks."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.lowlevel
import anyio.to_thread
import pytest

from qiskit_runtime_rest import (
    ConfigurationError,
    JobRequest,
)
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.submission.journal import Journal
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, now
from ..fixtures.loopback import CRN
from ..fixtures.service import BACKEND, ONES, environment, sent
from .submissions import break_down, recorded, request

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("idle")]


KILLED = """
import os, sys
from qiskit_runtime_rest import JobRequest, RuntimeClient
from qiskit_runtime_rest.http import clients as http
send_once = http.HttpClient.send_once
def killed(self, request, **options):
    if request.method == "POST" and request.url.path.endswith("/v1/jobs"):
        if sys.argv[2] == "after":
            send_once(self, request, **options)
        os._exit(9)
    return send_once(self, request, **options)
http.HttpClient.send_once = killed
with RuntimeClient(journal=sys.argv[1]) as client:
    client.jobs.submit("sampler", backend="ibm_fez", params={"pubs": [["x"]], "version": 2})
"""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_the_submission_of_a_killed_process_is_recovered(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path, moment: str
) -> None:
    journal = tmp_path / "journal.sqlite"
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(journal), moment]
    killed = await anyio.to_thread.run_sync(lambda: subprocess.run(command, env=variables, check=False))
    assert killed.returncode == 9
    client = connect(journal=journal)
    (recovered,) = await now(client.jobs.recover())
    there = await recorded(client)
    assert there == ([recovered.job.id] if moment == "after" else [])
    assert (recovered.job is None) == (moment == "before")
    assert recovered.entry.backend == BACKEND
    assert await now(client.jobs.recover()) == []


KILLED_IN_THE_MIDDLE = """
import itertools, os, sys
from qiskit_runtime_rest import JobRequest, RuntimeClient
from qiskit_runtime_rest.http import clients as http
send_once, sent = http.HttpClient.send_once, itertools.count(1)
def killed(self, request, **options):
    response = send_once(self, request, **options)
    if request.method == "POST" and request.url.path.endswith("/v1/jobs") and next(sent) == 5:
        os._exit(9)
    return response
http.HttpClient.send_once = killed
requests = (JobRequest.sampler(sys.argv[2], shots=n, backend="ibm_fez") for n in range(1, 11))
with RuntimeClient(journal=sys.argv[1]) as client:
    client.jobs.submit_all(requests, max_in_flight=2, resume="sweep")
"""


async def test_another_process_resumes_the_sweep_of_a_killed_one(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.sqlite"
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(journal), ONES]
    killed = await anyio.to_thread.run_sync(lambda: subprocess.run(command, env=variables, check=False))
    assert killed.returncode == 9
    assert 5 <= len(sent(emulator, "create_job")) <= 6
    client = connect(journal=journal)
    outcomes = await now(client.jobs.submit_all([request(n) for n in range(1, 11)], resume="sweep"))
    jobs = {job.id: job.raw["params"]["shots"] for job in await every(client.jobs.list(params=True))}
    assert [jobs[one.job.id] for one in outcomes] == [*range(1, 11)]
    assert len(jobs) == 10


SWEEP = """
import sys
from qiskit_runtime_rest import JobRequest, RuntimeClient
requests = (JobRequest.sampler(sys.argv[2], shots=n, backend="ibm_fez") for n in range(1, 13))
with RuntimeClient(journal=sys.argv[1]) as client:
    sys.stdin.readline()
    print(*(one.job.id for one in client.jobs.submit_all(requests, max_in_flight=4, resume="sweep")))
"""


@pytest.mark.parametrize("processes", [2, 8])
async def test_processes_that_submit_under_the_same_name_make_each_job_once(
    blocking: Any, emulator: Emulator, tmp_path: Path, processes: int
) -> None:
    """They begin at the same time, and each of them gets all jobs."""
    command = [sys.executable, "-c", SWEEP, str(tmp_path / "journal.sqlite"), ONES]
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}

    def run_all() -> list[str]:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": variables}
        running: list[Any] = [subprocess.Popen(command, **pipes) for _ in range(processes)]
        with contextlib.ExitStack() as stack:
            for process in running:
                stack.enter_context(process)
            for process in running:
                process.stdin.write("go\n")
                process.stdin.flush()
            return [process.stdout.read() for process in running]

    printed = await anyio.to_thread.run_sync(run_all)
    jobs = await recorded(blocking)
    assert len(jobs) == 12
    assert {frozenset(line.split()) for line in printed} == {frozenset(jobs)}
    assert len(set(printed)) == 1


async def test_a_journal_that_breaks_after_the_submission_does_not_lose_the_job(
    connect: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite")
    jobs = [await now(client.sampler(ONES, backend=BACKEND))]
    break_down(tmp_path / "journal.sqlite", "UPDATE")
    jobs.append(await now(client.sampler(ONES, backend=BACKEND)))
    assert sorted(await recorded(client)) == sorted(job.id for job in jobs)
    assert f"{jobs[1].id}. the state file" in caplog.text
    # It is still written down as sent, and found by whoever looks.
    (recovered,) = await now(client.jobs.recover())
    assert recovered.job.id == jobs[1].id


async def test_a_journal_that_breaks_before_stops_the_submission(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    client = connect(journal=tmp_path / "journal.sqlite")
    await now(client.sampler(ONES, backend=BACKEND))
    break_down(tmp_path / "journal.sqlite", "INSERT")
    with pytest.raises(ConfigurationError, match="the disk is full"):
        await now(client.sampler(ONES, backend=BACKEND))
    assert len(sent(emulator, "create_job")) == 1


async def test_the_journal_is_for_its_owner_only_and_keeps_no_params(
    connect: Callable[..., Any], tmp_path: Path
) -> None:
    journal = tmp_path / "state" / "journal.sqlite"
    await now(connect(journal=journal).sampler(ONES, backend=BACKEND))
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.parent.stat().st_mode & 0o777 == 0o700
    assert b"OPENQASM" not in b"".join(path.read_bytes() for path in journal.parent.iterdir())
    with sqlite3.connect(journal) as file:
        assert file.execute("SELECT outcome FROM submissions").fetchall() == [("recorded",)]
    file.close()


async def test_a_journal_that_cannot_be_written_is_an_error_before_anything_is_sent(
    connect: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="state file"):
        await now(connect(journal=tmp_path / "file" / "journal.sqlite").sampler(ONES, backend=BACKEND))
    assert emulator.requests == []


async def test_a_client_without_a_journal_has_nothing_to_recover(client: Any) -> None:
    with pytest.raises(ConfigurationError, match="journal"):
        await now(client.jobs.recover())


@pytest.mark.parametrize("ended", ["claim", "submission"])
async def test_the_end_of_a_submission_waits_for_no_locked_file(tmp_path: Path, ended: str) -> None:
    """It may be a task that is cancelled, in the event loop of others: a thread waits."""
    state = State(tmp_path / "state.sqlite")
    journal = Journal(state, service="https://service.example", instance=CRN)
    journal.claim("a name", claim_id="claim", now=0.0)
    journal.begin("tag", JobRequest(program_id="x", params={}, backend="b"), claim=None, now=0.0)
    with contextlib.closing(sqlite3.connect(state.path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for _ in range(3):
            journal.leave("tag") if ended == "submission" else journal.release("claim")
        (waiting,) = [each for each in threading.enumerate() if each.name == "qiskit-runtime-rest: journal"]
    waiting.join()
    with state.transaction() as file:
        left = {each: len(file.execute(f"SELECT * FROM {each}").fetchall()) for each in ("claims", "senders")}
    assert left == {"claims": int(ended != "claim"), "senders": int(ended != "submission")}
