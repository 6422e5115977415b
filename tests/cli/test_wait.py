from __future__ import annotations

import json
import signal

from rich.console import Console

from qiskit_runtime_rest.cli.job_status import _Many
from qiskit_runtime_rest.testing import Emulator
from qiskit_runtime_rest.waiting import StatusUpdate

from .conftest import HANG_SECONDS, Process, Run
from .test_jobs import submitted


def test_many_jobs_are_waited_for_and_each_has_a_line(qrr: Run, bell: str) -> None:
    ids = [submitted(qrr, bell), submitted(qrr, bell)]
    result = qrr("wait", *ids)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{job}  Completed" for job in ids]
    assert all(f"job {job}: Completed" in result.stderr for job in ids)
    lines = qrr("wait", *ids, "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"id": job, "status": "Completed", "error": None} for job in ids]


def test_one_that_failed_or_is_unknown_ends_with_status_1_after_the_others(qrr: Run, bell: str) -> None:
    good = submitted(qrr, bell)
    circuit = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; h $0; c[0] = measure $0;'
    bad = qrr("submit", "sampler", "-", "--backend", "ibm_torino", "--no-check-gates", stdin=circuit).stdout.strip()
    result = qrr("wait", bad, good, "no-such-job")
    assert result.exit_code == 1
    first, second, third = result.stdout.splitlines()
    assert first.startswith(f"{bad}  Failed  job {bad}: Failed")
    assert second == f"{good}  Completed"
    assert third.startswith("no-such-job  unknown  ")


def test_many_that_time_out_end_with_status_3(qrr: Run, held: Emulator, bell: str) -> None:
    ids = [submitted(qrr, bell), submitted(qrr, bell)]
    result = qrr("wait", *ids, "--timeout", "0")
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"2 of 2 jobs are not finished. To wait again: qrr wait {' '.join(ids)}" in result.stderr


def test_ctrl_c_names_the_jobs_that_go_on(qrr: Run, process: Process, held: Emulator, bell: str) -> None:
    ids = [submitted(qrr, bell), submitted(qrr, bell)]
    child = process("wait", *ids)
    assert child.stderr is not None
    assert "Queued" in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=HANG_SECONDS)
    assert (child.returncode, out) == (130, "")
    assert "To wait again: qrr wait " in err
    assert "Traceback" not in err


def update(job_id: str, status: str, position: int | None = None) -> StatusUpdate:
    one = StatusUpdate(status)
    one.job_id, one.position = job_id, position
    return one


def test_the_live_view_counts_those_that_ended_and_lists_the_others() -> None:
    view = _Many([f"job-{number}" for number in range(30)])
    view.take(update("job-3", "Completed"))
    view.take(update("job-4", "Queued", 2))
    console = Console(width=90, color_system=None)
    with console.capture() as capture:
        console.print(view)
    text = capture.get()
    assert "1 of 30 jobs have ended" in text
    assert "job-3 " not in text
    assert text.splitlines()[1].split() == ["job-4", "Queued", "place", "2"]
    assert "and 9 more" in text
    assert view.left[-1] == "job-4"
