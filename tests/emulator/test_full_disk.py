"""Each change is stored first: what the service could not store has not happened, and the answer says why."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.emulator.state.storage import SqliteStorage
from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]


class FullDisk:
    """A database whose statements fail as on a full disk, from the one with the number `fails_at` on."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.fails_at: int | None = None

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        changes = not statement.startswith(("SELECT", "ROLLBACK"))
        if self.fails_at is not None and changes:
            self.fails_at -= 1
            if self.fails_at < 0:
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
        return self.database.execute(statement, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def service(state: Path) -> Iterator[Emulator]:
    with Emulator(state=state, pace="hold", virtual_clock=True) as emulator:
        yield emulator


@pytest.fixture
def disk(service: Emulator) -> FullDisk:
    def replace(parts: Any) -> FullDisk:
        parts.service.storage._database = FullDisk(parts.service.storage._database)
        return parts.service.storage._database  # type: ignore[no-any-return]

    return service._do(replace)


@pytest.fixture
def records(service: Emulator) -> Callable[[], Any]:
    """All that the service holds in memory."""

    def held(parts: Any) -> Any:
        one = parts.service
        queue = [[job.id for job in queue] for queue in one.jobs.pending.queues()]
        counts = [dict(count) for count in (one.jobs.pending.by_instance, one.jobs.pending.by_session)]
        limits = [instance.limit_seconds for instance in one.instances]
        kept = (dict(one.jobs._jobs), dict(one.sessions._sessions), dict(one.identity._revoked))
        return (*kept, queue, counts, limits, one.jobs._submitted)

    return lambda: service._do(held)


def stored(state: Path, folder: Path) -> list[tuple[Any, ...]]:
    """What another process would find if this one were killed now."""
    with closing(sqlite3.connect(folder / "copy.sqlite")) as copy:
        # The server holds the lock, so the files are copied.
        for ending in ("", "-wal"):
            (folder / f"copy.sqlite{ending}").write_bytes(Path(f"{state}{ending}").read_bytes())
        found = copy.execute("SELECT kind, key, record FROM records ORDER BY number").fetchall()
        return [*found, *copy.execute("SELECT key, kind, text FROM texts ORDER BY key, kind").fetchall()]


CHANGES: dict[str, Callable[[httpx.Client, dict[str, str], dict[str, Any]], httpx.Response]] = {
    "submit": lambda api, ids, bell: api.post("/jobs", json=bell),
    "submit in a session": lambda api, ids, bell: api.post("/jobs", json=bell | {"session_id": ids["session"]}),
    "cancel": lambda api, ids, bell: api.post(f"/jobs/{ids['job']}/cancel"),
    "delete": lambda api, ids, bell: api.delete(f"/jobs/{ids['ended']}"),
    "tags": lambda api, ids, bell: api.put(f"/jobs/{ids['job']}/tags", json={"tags": ["new"]}),
    "open a session": lambda api, ids, bell: api.post("/sessions", json={"mode": "batch"}),
    "end a session": lambda api, ids, bell: api.patch(f"/sessions/{ids['session']}", json={"accepting_jobs": False}),
    "close a session": lambda api, ids, bell: api.delete(f"/sessions/{ids['session']}/close"),
    "limit": lambda api, ids, bell: api.put("/instances/configuration", json={"instance_limit": 7}),
    "logout": lambda api, ids, bell: api.post("/logout"),
    "interim result": lambda api, ids, bell: api.post(
        f"{str(api.base_url).split('/api')[0]}/_emulator/jobs/{ids['job']}/interim_results",
        content="{}",
        headers={"Content-Type": "application/json"},
    ),
    "reset": lambda api, ids, bell: api.post(
        f"{str(api.base_url).split('/api')[0]}/_emulator/reset", headers={"Content-Type": "application/json"}
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_on_a_full_disk_happens_wholly_or_not_at_all(
    change: str,
    service: Emulator,
    disk: FullDisk,
    state: Path,
    tmp_path: Path,
    records: Callable[[], Any],
    connect: Connect,
    submit: Submit,
    bell: dict[str, Any],
) -> None:
    api = connect(service)
    session = api.post("/sessions", json={"mode": "batch", "backend": bell["backend"]}).json()["id"]
    ids = {"session": session, "ended": submit(api), "job": submit(api, session_id=session)}
    submit(api, session_id=session)
    api.post(f"/jobs/{ids['ended']}/cancel")
    for statements in range(20):
        before = records(), stored(state, tmp_path)
        disk.fails_at = statements
        answer = CHANGES[change](api, ids, bell)
        disk.fails_at = None
        if answer.status_code < 300:
            break
        assert answer.status_code == 500
        (error,) = answer.json()["errors"]
        assert f"The disk with the state file {state} is full, so nothing was changed." in error["message"]
        assert "Make room" in error["solution"]
        assert (records(), stored(state, tmp_path)) == before
    assert statements >= 1
    assert (records(), stored(state, tmp_path)) != before


def test_a_job_whose_moves_cannot_be_stored_waits_and_goes_on_when_there_is_room(
    service: Emulator, disk: FullDisk, connect: Connect, submit: Submit
) -> None:
    api = connect(service)
    service.pace = "immediate"
    disk.fails_at = 4  # BEGIN, params, job, COMMIT: the submission itself
    job_id = submit(api)
    assert api.get(f"/jobs/{job_id}").json()["status"] == "Queued"
    disk.fails_at = None
    service.clock.advance(1)
    assert api.get(f"/jobs/{job_id}").json()["status"] == "Completed"


def test_the_result_of_a_private_job_stays_until_its_reading_is_stored(
    service: Emulator, disk: FullDisk, connect: Connect, submit: Submit
) -> None:
    api = connect(service)
    service.pace = "immediate"
    job_id = submit(api, private=True)
    service.clock.advance(1)
    disk.fails_at = 0
    assert api.get(f"/jobs/{job_id}/results").status_code == 500
    disk.fails_at = None
    assert "results" in api.get(f"/jobs/{job_id}/results").json()
    assert api.get(f"/jobs/{job_id}/results").status_code == 204


SERVE = """
import json, resource, sys
from qiskit_runtime_rest.emulator import serve
from qiskit_runtime_rest.emulator import app
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
serve(ready_file=sys.argv[1], state=sys.argv[2], pace="hold")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of file sizes")
def test_when_files_cannot_grow_each_acknowledged_job_is_there_and_no_other(
    state: Path, tmp_path: Path, connect: Connect, bell: dict[str, Any]
) -> None:
    ready = tmp_path / "ready.json"
    with subprocess.Popen([sys.executable, "-c", SERVE, str(ready), str(state)]) as process:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.01)
            address = type("Address", (), json.loads(ready.read_text()))
            api = connect(address)
            bell["params"]["pubs"][0][0] += "// " + "x" * 50_000
            answers = [api.post("/jobs", json=bell) for _ in range(12)]
            accepted = {answer.json()["id"] for answer in answers if answer.status_code == 200}
            refused = [answer for answer in answers if answer.status_code != 200]
            assert accepted
            assert refused
            assert {answer.status_code for answer in refused} == {500}
            assert all(f"The state file {state} cannot be written" in answer.text for answer in refused)
            assert {job["id"] for job in api.get("/jobs").json()["jobs"]} == accepted
        finally:
            process.kill()
    with closing(SqliteStorage(state)) as storage:
        assert {key for key, _ in storage.records("jobs")} == accepted
