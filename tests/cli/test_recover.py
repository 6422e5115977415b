"""`qrr submit --journal` and `qrr jobs --recover`: find the jobs of a killed process."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from qiskit_runtime_rest.config.state_file import default_state_path
from qiskit_runtime_rest.testing import Emulator, connect

from .conftest import BELL, Run


def test_the_job_of_a_journaled_submission_is_found(
    qrr: Run, held: Emulator, bell: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    submitted = qrr("submit", "sampler", bell, "--backend", "ibm_fez", "--journal")
    assert submitted.exit_code == 0
    nothing = qrr("jobs", "--recover")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    with closing(sqlite3.connect(default_state_path())) as file, file:
        file.execute("UPDATE submissions SET outcome = 'sending', job_id = NULL")
    held.faults.add("list_jobs", kind="null", times=2, status=401, body={"errors": [{"code": 1201}]})
    without_access = qrr("jobs", "--recover")
    assert (without_access.exit_code, "unknown: " in without_access.stdout) == (1, True)
    recovered = qrr("jobs", "--recover", "--json")
    assert json.loads(recovered.stdout)["job"] == submitted.stdout.strip()
    assert qrr("jobs", "--recover").stdout == ""


def test_recover_reads_the_journal_at_the_given_path(
    qrr: Run, held: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    journal = tmp_path / "sweep.sqlite"
    with connect(held, journal=journal) as client:
        job = client.sampler(BELL, backend="ibm_fez")
    with closing(sqlite3.connect(journal)) as file, file:
        file.execute("UPDATE submissions SET outcome = 'sending', job_id = NULL")
    assert qrr("jobs", "--recover").stdout == ""
    assert json.loads(qrr("jobs", "--recover", "--journal", str(journal), "--json").stdout)["job"] == job.id


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("--recover", "--journal", "no-such-file"), "no-such-file"),
        (("--recover", "--journal", "."), "directory"),
        (("--journal", "{bell}"), "--journal needs --recover"),
        (("--recover", "--pending"), "do not go with it"),
        (("--recover", "--limit", "20"), "do not go with it"),
    ],
)
def test_options_without_effect_are_refused_and_no_file_is_created(
    qrr: Run, bell: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], advice: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = qrr("jobs", *(argument.format(bell=bell) for argument in arguments))
    assert result.exit_code == 2, result.output
    assert advice in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bell.qasm"]
