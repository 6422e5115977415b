"""Processes that submit the same sweep under the same name, and are killed meanwhile."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every
from ..fixtures.service import ONES, environment

pytestmark = pytest.mark.anyio


SWEEP = """
import os, signal, sys, threading
from qiskit_runtime_rest import JobRequest, RuntimeClient, SubmissionPolicy
from qiskit_runtime_rest.http import clients as http
path, circuit, killed_at, moment = *sys.argv[1:3], int(sys.argv[3]), sys.argv[4]
send_once, sent, lock = http.HttpClient.send_once, [], threading.Lock()
def send(self, request, **options):
    def dies(when):
        if when == moment and len(sent) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
    if not (request.method == "POST" and request.url.path.endswith("/v1/jobs")):
        return send_once(self, request, **options)
    with lock:
        sent.append(request)
        dies("before")
        response = send_once(self, request, **options)
        dies("after")
    return response
http.HttpClient.send_once = send
requests = (JobRequest.sampler(circuit, shots=n, backend="ibm_fez") for n in range(1, 31))
with RuntimeClient(journal=path, submission=SubmissionPolicy(settle=0.2, first=0.05)) as client:
    sys.stdin.readline()
    jobs = [one.job for one in client.jobs.submit_all(requests, max_in_flight=4, resume="sweep")]
    client.jobs.wait_all(jobs)
    print(*(f"{job.id}={sum(job.result()[0].counts().values())}" for job in jobs), sep="\\n")
"""


@pytest.mark.parametrize(
    ("processes", "killed"),
    [
        (2, {}),
        (2, {0: (5, "after")}),
        (8, {}),
        (8, {0: (1, "before"), 3: (2, "after"), 5: (2, "before"), 6: (1, "after")}),
    ],
    ids=["2", "2, one is killed", "8", "8, four are killed"],
)
async def test_each_process_that_lives_has_all_jobs_with_their_results(
    blocking: Any, emulator: Emulator, tmp_path: Path, processes: int, killed: dict[int, tuple[int, str]]
) -> None:
    """They submit the same thirty points under the same name at the same time, and make thirty jobs."""
    emulator.pace = "immediate"
    variables = {**environment(emulator), "PYTHONPATH": ":".join(sys.path)}

    def run_all() -> tuple[list[str], list[int]]:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": variables}
        with contextlib.ExitStack() as stack:
            running: list[Any] = []
            for number in range(processes):
                at, moment = killed.get(number, (0, "never"))
                command = [sys.executable, "-c", SWEEP, str(tmp_path / "journal.sqlite"), ONES, str(at), moment]
                running.append(stack.enter_context(subprocess.Popen(command, **pipes)))
            for process in running:
                process.stdin.write("go\n")
                process.stdin.flush()
            return [process.stdout.read() for process in running], [process.wait() for process in running]

    printed, statuses = await anyio.to_thread.run_sync(run_all)
    jobs = {job.id: job.raw["params"]["shots"] for job in await every(blocking.jobs.list(params=True))}
    assert sorted(jobs.values()) == [*range(1, 31)]
    assert [status for number, status in enumerate(statuses) if number not in killed] == [0] * (processes - len(killed))
    assert set(statuses) <= {0, -signal.SIGKILL}
    by_shots = {shots: job_id for job_id, shots in jobs.items()}
    all_of_them = [f"{by_shots[shots]}={shots}" for shots in range(1, 31)]
    assert [text.split("\n")[:-1] for text, status in zip(printed, statuses, strict=True) if status == 0] == [
        all_of_them
    ] * statuses.count(0)
