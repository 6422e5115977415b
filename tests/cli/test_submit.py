"""`qrr submit` with files, folders, requests and descriptions of jobs. `test_jobs.py` has the single circuit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest.testing import Emulator

from .conftest import BELL, Run

PARAMS: dict[str, Any] = {"pubs": [[BELL, None, 10]], "version": 2}
REQUEST: dict[str, Any] = {"program_id": "sampler", "backend": "ibm_fez", "params": PARAMS, "tags": ["own"]}
INFO: dict[str, Any] = {
    "id": "d1",
    "backend": "ibm_kingston",
    "state": {"status": "Completed"},
    "status": "Completed",
    "program": {"id": "sampler"},
    "params": PARAMS,
    "created": "2026-01-10T10:00:00.000000Z",
    "cost": 600,
    "session_id": "a-session-of-that-day",
    "tags": ["own", "qrr-0123"],
}


def bodies(service: Emulator) -> list[dict[str, Any]]:
    sent = [json.loads(request.body) for request in service.requests if request.path.endswith("/v1/jobs")]
    return [
        {**body, "tags": [tag for tag in body.get("tags", []) if not tag.startswith("qrr-")]}
        for body in sent
        if "params" in body
    ]


@pytest.fixture
def quiet(held: Emulator) -> Emulator:
    held.clear_requests()
    return held


def test_a_request_names_program_and_backend(qrr: Run, quiet: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({**REQUEST, "cost": 30}))
    assert qrr("submit", str(path)).exit_code == 0
    assert bodies(quiet) == [{**REQUEST, "cost": 30}]


def test_options_win_over_the_request(qrr: Run, quiet: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(REQUEST))
    assert qrr("submit", "sampler", str(path), "--backend", "ibm_kingston", "--tag", "mine").exit_code == 0
    assert bodies(quiet) == [{**REQUEST, "backend": "ibm_kingston", "tags": ["mine"]}]
    wrong = qrr("submit", "estimator", str(path))
    assert wrong.exit_code == 2
    assert "is a request for the program 'sampler'" in wrong.stderr


@pytest.mark.parametrize("params", [PARAMS, json.dumps(PARAMS)], ids=["object", "text"])
def test_a_downloaded_description_is_submitted_again(qrr: Run, quiet: Emulator, tmp_path: Path, params: object) -> None:
    path = tmp_path / "job-d1-info.json"
    path.write_text(json.dumps({**INFO, "params": params}))
    assert qrr("submit", str(path)).exit_code == 0
    assert bodies(quiet) == [{**REQUEST, "backend": "ibm_kingston"}]


def test_the_description_of_a_private_job_has_nothing_to_submit(qrr: Run, tmp_path: Path) -> None:
    path = tmp_path / "job-d1-info.json"
    path.write_text(json.dumps({**INFO, "params": {}, "private": True}))
    result = qrr("submit", str(path))
    assert result.exit_code == 2
    assert "private job" in result.stderr


def test_a_folder_stands_for_its_circuits(qrr: Run, quiet: Emulator, tmp_path: Path) -> None:
    for name in ("b.qasm", "a.qasm3", "notes.txt"):
        (tmp_path / name).write_text(f"// {name}\n{BELL}")
    assert qrr("submit", "sampler", str(tmp_path), "--backend", "ibm_fez").exit_code == 0
    (body,) = bodies(quiet)
    assert [pub[0].splitlines()[0] for pub in body["params"]["pubs"]] == ["// a.qasm3", "// b.qasm"]
    quiet.clear_requests()
    lines = qrr("submit", "sampler", str(tmp_path), "--backend", "ibm_fez", "--each").stdout.splitlines()
    assert len(set(lines)) == 2
    assert [len(body["params"]["pubs"]) for body in bodies(quiet)] == [1, 1]


@pytest.mark.parametrize("form", ["lines", "list"])
def test_several_requests_become_several_jobs(qrr: Run, quiet: Emulator, form: str) -> None:
    several = [REQUEST, {**REQUEST, "backend": "ibm_kingston"}]
    text = json.dumps(several) if form == "list" else "\n".join(map(json.dumps, several))
    result = qrr("submit", "-", "--json", stdin=text)
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["backend"] for line in result.stdout.splitlines()] == ["ibm_fez", "ibm_kingston"]
    assert len(bodies(quiet)) == 2


def test_several_jobs_can_be_waited_for(qrr: Run, service: Emulator, bell: str) -> None:
    result = qrr("submit", "sampler", bell, bell, "--each", "--backend", "ibm_fez", "--wait")
    assert result.exit_code == 0
    *ids, first, second = result.stdout.splitlines()
    assert [first, second] == [f"{job}  Completed" for job in ids]


def test_one_that_is_refused_does_not_hide_the_others(qrr: Run, quiet: Emulator) -> None:
    text = json.dumps([{**REQUEST, "backend": "no_such_device"}, REQUEST])
    result = qrr("submit", "-", stdin=text)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert "request 1 of 2" in result.stderr


def test_a_circuit_that_the_backend_cannot_run_is_not_sent(qrr: Run, quiet: Emulator) -> None:
    circuit = BELL.replace("sx $0;", "h $0;")
    for arguments, stdin in ((("sampler", "-", "--backend", "ibm_fez"), circuit), (("-",), None)):
        request = {**REQUEST, "params": {**PARAMS, "pubs": [[BELL], [circuit]]}}
        result = qrr("submit", *arguments, stdin=stdin or json.dumps(request))
        assert result.exit_code == 2
        assert f"circuit {1 if stdin else 2}: the gate 'h' is not one of ibm_fez's" in result.stderr
    assert bodies(quiet) == []


def test_the_backend_that_was_meant_is_named(qrr: Run, quiet: Emulator, bell: str) -> None:
    one = qrr("submit", "sampler", bell, "--backend", "ibm_feez")
    assert one.exit_code == 1
    assert "Did you mean 'ibm_fez'?" in one.stderr
    several = qrr("submit", "sampler", bell, bell, "--each", "--backend", "ibm_feez")
    assert several.stderr.count("Did you mean 'ibm_fez'?") == 2


def test_any_program_takes_params(qrr: Run, quiet: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "params.json"
    path.write_text(json.dumps({"circuits": [], "options": {}}))
    qrr("submit", "noise-learner", str(path), "--backend", "ibm_fez")
    assert [body["program_id"] for body in bodies(quiet)] == ["noise-learner"]


def test_a_sampler_runs_by_the_executor(qrr: Run, quiet: Emulator, bell: str) -> None:
    assert qrr("submit", "sampler", bell, "--backend", "ibm_fez", "--via", "executor").exit_code == 0
    assert qrr("submit", "sampler", bell, "--backend", "ibm_fez", "--via", "service").exit_code == 0
    params = json.dumps({**PARAMS, "pubs": [[BELL, None, 10], [BELL, None, 20]]})
    assert qrr("submit", "sampler", "-", "--backend", "ibm_fez", "--via", "executor", stdin=params).exit_code == 0
    assert [body["program_id"] for body in bodies(quiet)] == ["executor", "sampler", "executor", "executor"]
    # The parts of a job are submitted at the same time, in any order.
    assert {body["params"]["quantum_program"]["shots"] for body in bodies(quiet)[2:]} == {10, 20}
    wrong = qrr("submit", "sampler", bell, "--backend", "ibm_fez", "--via", "qiskit")
    assert wrong.exit_code == 2
    assert "'service' or 'executor'" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "advice"),
    [
        (("no-such-file",), None, "no such file or folder"),
        (("-",), BELL, "circuits need a program"),
        (("-",), json.dumps(PARAMS), "qrr submit PROGRAM stdin"),
        (("sampler", "-"), json.dumps(PARAMS), "add --backend"),
        (("sampler", "-"), BELL, "add --backend"),
        (("-",), "[1, 2]", "list of objects"),
        (("-",), "{}\n{broken", "not JSON"),
        (("-",), json.dumps({**REQUEST, "backend": None}), "backend"),
        (("sampler", "{empty}", "--backend", "x"), None, "has no file"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_anything_is_sent(
    qrr: Run, quiet: Emulator, tmp_path: Path, arguments: tuple[str, ...], stdin: str | None, advice: str
) -> None:
    (tmp_path / "empty").mkdir()
    result = qrr("submit", *(each.format(empty=tmp_path / "empty") for each in arguments), stdin=stdin)
    assert result.exit_code == 2, result.output
    assert advice in result.stderr
    assert quiet.requests == []


GENERAL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'


def test_circuits_are_transpiled_on_request(qrr: Run, service: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    path.write_text(GENERAL)
    refused = qrr("submit", "sampler", str(path), "--backend", "ibm_fez")
    assert refused.exit_code == 2
    assert "--transpile" in refused.stderr
    done = qrr("submit", "sampler", str(path), "--backend", "ibm_fez", "--shots", "200", "--transpile")
    assert done.exit_code == 0, done.stderr
    counts = json.loads(qrr("result", done.stdout.strip(), "--json").stdout)["results"][0]["counts"]
    assert counts["00"] + counts["11"] > 150
    estimate = GENERAL.replace("bit[2] c; ", "").replace("c = measure q;", "")
    path.write_text(estimate)
    done = qrr("submit", "estimator", str(path), "--observable", "ZZ", "-b", "ibm_fez", "--transpile")
    assert json.loads(qrr("result", done.stdout.strip(), "--json").stdout)["results"][0]["data"]["evs"][0] > 0.5


def test_json_is_not_transpiled(qrr: Run, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text('{"program_id": "sampler", "backend": "ibm_fez", "params": {}}')
    result = qrr("submit", str(tmp_path / "request.json"), "--transpile")
    assert result.exit_code == 2
    assert "--transpile" in result.stderr


def test_a_program_that_was_meant_is_named(qrr: Run, bell: str) -> None:
    result = qrr("submit", "samplr", bell, "--backend", "ibm_fez")
    assert result.exit_code == 2
    assert "Did you mean 'sampler'?" in result.stderr
