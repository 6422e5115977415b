from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import BELL, HANG_SECONDS, Process, Run, refuse_secrets


def submitted(qrr: Run, bell: str, *more: str) -> str:
    result = qrr("submit", "sampler", bell, "--backend", "ibm_fez", *more)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_from_a_file_to_counts(qrr: Run, bell: str) -> None:
    job = submitted(qrr, bell, "--shots", "200", "--tag", "first", "--tag", "second")

    waited = qrr("wait", job)
    assert (waited.exit_code, waited.stdout) == (0, "Completed\n")
    assert f"job {job}: Completed" in waited.stderr

    shown = qrr("result", job)
    assert shown.exit_code == 0
    assert "█" in shown.stdout
    assert {line.split()[0] for line in shown.stdout.splitlines()} >= {"00", "11"}

    document = json.loads(qrr("result", job, "--json").stdout)
    assert (document["id"], document["kind"]) == (job, "sampler")
    assert sum(document["results"][0]["counts"].values()) == 200
    assert len(document["results"][0]["data"]["c"]["samples"]) == 200

    raw = qrr("result", job, "--raw")
    assert raw.stdout_bytes.startswith(b"{")
    assert json.loads(raw.stdout_bytes)

    again = json.loads(qrr("wait", job, "--json").stdout)
    assert (again["id"], again["status"]) == (job, "Completed")

    cancelled = qrr("cancel", job)
    assert cancelled.exit_code == 1
    assert "409" in cancelled.stderr

    listed = json.loads(qrr("jobs", "--tag", "first", "--tag", "second", "--json").stdout)
    assert (listed["id"], listed["tags"][:2]) == (job, ["first", "second"])


def test_an_estimator_prints_a_table(qrr: Run, tmp_path: Path) -> None:
    path = tmp_path / "pair.qasm"
    path.write_text('OPENQASM 3.0; include "stdgates.inc"; qubit[5] q; x q[0];')
    wanted = ("--observable", "IIIIZ", "--observable", "IIIZI", "--precision", "0.1")
    job = qrr("submit", "estimator", str(path), "--backend", "ibm_fez", *wanted).stdout.strip()
    shown = qrr("result", job)
    assert shown.exit_code == 0, shown.output
    head, *rows = shown.stdout.splitlines()
    assert head.split() == ["index", "expectation", "value", "±"]
    assert [row.split()[0] for row in rows] == ["0", "1"]
    assert rows[0].split()[1].startswith("-")
    assert rows[1].split()[1].startswith("+")
    assert json.loads(qrr("result", job, "--json").stdout)["kind"] == "estimator"


def test_a_job_that_fails_ends_the_wait_with_status_1_and_the_reason(qrr: Run, tmp_path: Path) -> None:
    path = tmp_path / "not-native.qasm"
    path.write_text(BELL.replace("sx $0;", "h $0;"))
    result = qrr("submit", "sampler", str(path), "--backend", "ibm_fez", "--no-check-gates", "--wait")
    job = result.stdout.strip()
    assert result.exit_code == 1
    assert f"error: job {job}: Failed" in result.stderr
    for command in ("wait", "result"):
        *_, reason = qrr(command, job).stderr.splitlines()
        assert reason in result.stderr
        assert "Transpile the circuit of pub 0" in reason
        assert reason.endswith(f"qrr --debug wait {job}")
    assert "The log ends:" in qrr("--debug", "wait", job).stderr
    assert qrr("result", job).exit_code == 1
    assert qrr("wait", job, "--json").stdout == ""


def test_params_come_from_a_json_file_or_stdin(qrr: Run, held: Emulator, bell: str) -> None:
    params = json.dumps({"pubs": [[BELL, None, 10]], "version": 2})
    first = qrr("submit", "sampler", "-", "--backend", "ibm_fez", "--json", stdin=params)
    assert first.exit_code == 0, first.output
    job = json.loads(first.stdout)
    assert (job["backend"], job["program"]["id"]) == ("ibm_fez", "sampler")
    assert qrr("submit", "sampler", "-", "--backend", "ibm_fez", stdin=BELL).exit_code == 0
    assert qrr("submit", "sampler", "-", "--backend", "ibm_fez", "--shots", "9", stdin=params).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "stdin", "advice"),
    [
        (("sampler", "/no/such/file"), None, "cannot read /no/such/file"),
        (("sampler", "-"), "", "OpenQASM"),
        (("sampler", "-"), "{nonsense", "not JSON"),
        (("estimator", "-"), BELL, "--observable"),
        (("sampler", "-", "--observable", "ZZ"), BELL, "has no option --observable"),
        (("estimator", "-", "--observable", "ZZ", "--shots", "9"), BELL, "has no option --shots"),
        (("executor", "-"), BELL, "JSON file of params"),
        (("sampler", "-", "--max-execution-time", "0"), BELL, "max_execution_time"),
        (("sampler", "-", "--shots", "0"), BELL, "shots=0: must be a positive whole number"),
        (("estimator", "-", "--observable", "ZZ", "--precision", "0"), BELL, "precision=0.0 is not a positive number"),
        (("sampler", "-", "--wait", "--timeout=-3"), BELL, "timeout=-3.0"),
        (("sampler", "-", "--timeout", "3"), BELL, "--timeout needs --wait"),
    ],
)
def test_a_wrong_submission_ends_with_status_2_and_sends_nothing(
    qrr: Run, service: Emulator, arguments: tuple[str, ...], stdin: str | None, advice: str
) -> None:
    service.clear_requests()
    result = qrr("submit", *arguments, "--backend", "ibm_fez", stdin=stdin)
    assert result.exit_code == 2, result.output
    assert advice in result.stderr
    assert not [request for request in service.requests if request.method == "POST"]


def test_a_wait_that_times_out_ends_with_status_3_and_says_how_to_wait_again(
    qrr: Run, held: Emulator, bell: str
) -> None:
    job = submitted(qrr, bell)
    for command in (("wait", job), ("result", job)):
        result = qrr(*command, "--timeout", "0")
        assert (result.exit_code, result.stdout) == (3, "")
        assert f"qrr wait {job}" in result.stderr
    late = qrr("submit", "sampler", bell, "--backend", "ibm_fez", "--wait", "--timeout", "0")
    assert late.exit_code == 3
    assert late.stdout.strip() != ""  # the id is printed


@pytest.mark.parametrize("command", ["wait", "result"])
def test_the_deadline_holds_for_a_service_that_cannot_be_reached(qrr: Run, command: str) -> None:
    result = qrr(command, "some-job", "--timeout", "0", "--base-url", "http://127.0.0.1:9/api")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "the status of job some-job is unknown" in result.stderr


def test_a_pending_job_is_listed_and_can_be_cancelled(qrr: Run, held: Emulator, bell: str) -> None:
    job = submitted(qrr, bell, "--tag", "waits")
    table = qrr("jobs", "--pending", "--tag", "waits", "--backend", "ibm_fez").stdout.splitlines()
    assert table[0].split() == ["job", "status", "program", "backend", "created", "tags"]
    assert [line.split()[0] for line in table[1:]] == [job]
    assert table[1].split()[-1] == "waits"  # without the client's own tag
    assert "no jobs" in qrr("jobs", "--finished", "--tag", "waits").stderr
    assert json.loads(qrr("cancel", job, "--json").stdout) == {"id": job, "cancelled": True}
    assert qrr("wait", job).exit_code == 1
    assert json.loads(qrr("jobs", "--finished", "--tag", "waits", "--json").stdout)["status"] == "Cancelled"


def test_jobs_are_chosen_by_human_dates(qrr: Run, held: Emulator, bell: str) -> None:
    job = submitted(qrr, bell, "--tag", "dated")
    row = qrr("jobs", "--tag", "dated").stdout.splitlines()[1]
    assert "just now" in row or "min ago" in row
    for dates, found in (("--since", "yesterday"), True), (("--until", "2 days ago"), False), (("--since", "1h"), True):
        lines = qrr("jobs", "--tag", "dated", *dates, "--json").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ([job] if found else [])
    wrong = qrr("jobs", "--since", "soonish")
    assert wrong.exit_code == 2
    assert "3 days ago" in wrong.stderr


def test_limit_is_the_number_of_jobs_listed(qrr: Run, held: Emulator, bell: str) -> None:
    for _ in range(3):
        submitted(qrr, bell, "--tag", "many")
    lines = qrr("jobs", "--tag", "many", "--limit", "2", "--json").stdout.splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == 2


@pytest.mark.parametrize(
    "command", [("wait",), ("wait", "--timeout", "60"), ("result",), ("result", "--timeout", "60"), ("cancel",)]
)
def test_an_unknown_job_ends_with_status_1(qrr: Run, command: tuple[str, ...]) -> None:
    result = qrr(*command, "no-such-job")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no-such-job" in result.stderr


def test_raw_and_json_exclude_each_other(qrr: Run) -> None:
    assert qrr("result", "x", "--raw", "--json").exit_code == 2


@pytest.mark.parametrize("command", ["wait", "result"])
def test_ctrl_c_leaves_the_job_and_says_how_to_wait_again(
    qrr: Run, process: Process, held: Emulator, bell: str, command: str
) -> None:
    job = submitted(qrr, bell)
    child = process(command, job)
    assert child.stderr is not None
    assert child.stderr.readline() == f"job {job}: Queued\n"
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=HANG_SECONDS)
    assert (child.returncode, out) == (130, "")
    assert f"qrr {command} {job}" in err
    assert "Traceback" not in err
    assert json.loads(qrr("jobs", "--pending", "--json", "--limit", "1").stdout)["id"] == job


def test_as_a_process_it_prints_json_on_stdout_only(process: Process, held: Emulator, bell: str) -> None:
    child = process("submit", "sampler", bell, "--backend", "ibm_fez", "--json")
    out, err = child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 0, err
    assert json.loads(out)["id"]
    refuse_secrets(out + err, api_key=held.api_key)


ODD = "\x1b[2J\x1b]0;title\x07 \x9b31m \u202e \r\nERROR forged"
"""Characters that clear the screen, rename the window, ring the bell, reverse the text and end lines."""


@pytest.mark.parametrize(
    ("operation", "answer", "command"),
    [
        ("list_jobs", {"jobs": [{"id": "x", "status": ODD, "backend": ODD, "tags": [ODD]}]}, ["jobs"]),
        ("list_jobs", {"jobs": [{"id": "x", "status": "Queued", "tags": 7, "program": 5}]}, ["jobs"]),
        ("get_job", {"id": "x", "status": ODD}, ["wait", "x", "--timeout", "0"]),
        ("get_job", {"id": "x", "status": "Failed", "state": {"reason": ODD}}, ["wait", "x"]),
        ("get_job", {"errors": [{"message": ODD}]}, ["wait", "x"]),
        ("create_job", {"id": ODD}, ["submit", "sampler", "BELL", "--backend", "ibm_fez"]),
        ("list_backends", {"devices": [{"name": ODD, "status": {"name": ODD}}]}, ["backends"]),
        ("get_session", {"id": "x", "state": ODD}, ["sessions", "get", "x"]),
        ("get_versions", {"versions": [{"version": ODD, "status": ODD}]}, ["versions"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_control_characters_of_the_service_are_escaped(
    qrr: Run, service: Emulator, bell: str, operation: str, answer: dict[str, object], command: list[str]
) -> None:
    service.faults.add(operation, status=400 if "errors" in answer else 200, body=answer, times=None)
    try:
        result = qrr(*[bell if word == "BELL" else word for word in command])
    finally:
        service.faults.clear()
    assert "unexpected" not in result.output
    assert all(line.isprintable() and not line.startswith("ERROR") for line in result.output.split("\n"))


@pytest.mark.parametrize("body", [ODD, {"odd": ODD}], ids=["text", "json"])
def test_control_characters_of_a_text_result_are_escaped(qrr: Run, service: Emulator, body: object) -> None:
    done = {"id": "x", "status": "Completed", "program": {"id": "mine"}}
    service.faults.add("get_job", status=200, body=done, times=None)
    service.faults.add("get_job_results", status=200, body=body, times=None)
    try:
        result = qrr("result", "x")
    finally:
        service.faults.clear()
    assert result.exit_code == 0
    assert "ERROR forged" in result.stdout
    assert all(line.isprintable() for line in result.stdout.split("\n"))
