from __future__ import annotations

import json

from qiskit_runtime_rest.testing import Emulator

from .conftest import Run
from .test_jobs import submitted


def test_several_jobs_are_cancelled(qrr: Run, held: Emulator, bell: str) -> None:
    ids = [submitted(qrr, bell), submitted(qrr, bell)]
    lines = qrr("cancel", *ids, "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"id": job, "cancelled": True} for job in ids]


def test_a_job_is_deleted_only_if_that_is_confirmed(qrr: Run, bell: str) -> None:
    job = submitted(qrr, bell)
    assert qrr("wait", job).exit_code == 0
    refused = qrr("delete", job)
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert json.loads(qrr("delete", job, "--yes", "--json").stdout) == {"id": job, "deleted": True}
    assert qrr("show", job).exit_code == 1


def test_tags_are_added_removed_and_found_and_the_clients_own_stays_hidden(qrr: Run, held: Emulator, bell: str) -> None:
    job = submitted(qrr, bell, "--tag", "first")
    assert qrr("tags", job).stdout == "first\n"
    assert qrr("tags", job, "--add", "second", "--remove", "first").stdout == "second\n"
    assert json.loads(qrr("tags", job, "--json").stdout) == {"id": job, "tags": ["second"]}
    assert any(tag.startswith("qrr-") for tag in json.loads(qrr("show", job, "--json").stdout)["job"]["tags"])
    assert qrr("tags", "--search", "secon").stdout == "second\n"
    assert json.loads(qrr("tags", "--search", "secon", "--json").stdout) == {"tags": ["second"]}
    assert "no tags" in qrr("tags", "--search", "nowhere").stderr


def test_wrong_use_of_tags_is_refused(qrr: Run) -> None:
    for arguments in ((), ("a-job", "--search", "text"), ("--search", "ab"), ("--search", "text", "--add", "x")):
        assert qrr("tags", *arguments).exit_code == 2
