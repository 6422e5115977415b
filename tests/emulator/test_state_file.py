from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.emulator import UnusableState
from qiskit_runtime_rest.testing import Emulator

Connect = Callable[..., httpx.Client]
Submit = Callable[..., str]

SERVE = """
import json, sys
from qiskit_runtime_rest.emulator import serve
serve(ready_file=sys.argv[1], **json.loads(sys.argv[2]))
"""


class Remote:
    """A server in another process, as `connect` needs it."""

    def __init__(self, ready: dict[str, Any], process: subprocess.Popen[bytes]) -> None:
        self.base_url, self.iam_url = ready["base_url"], ready["iam_url"]
        self.api_key, self.instance = ready["api_key"], ready["instance"]
        self.pid = ready["pid"]
        self._process = process

    def ended(self) -> None:
        """Wait until the process has ended, by a kill."""
        assert self._process.wait(timeout=600) == -signal.SIGKILL


@contextmanager
def server(folder: Path, **choices: Any) -> Iterator[Remote]:
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-c", SERVE, str(ready), json.dumps(choices)]
    with subprocess.Popen(command) as process:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.01)
            yield Remote(json.loads(ready.read_text()), process)
        finally:
            process.kill()


def test_a_killed_server_restarts_with_its_state(tmp_path: Path, connect: Connect, submit: Submit) -> None:
    state = str(tmp_path / "state.sqlite")
    with server(tmp_path, state=state, pace="hold") as first:
        api = connect(first)
        session_id = api.post("/sessions", json={"mode": "batch", "backend": "ibm_fez"}).json()["id"]
        job_ids = [submit(api, session_id=session_id, tags=["kept", "ümlaut"]) for _ in range(5)]
        api.post(f"/jobs/{job_ids[0]}/cancel")
        api.put("/instances/configuration", json={"instance_limit": 77})
        jobs = [api.get(f"/jobs/{job_id}").json() for job_id in job_ids]
        session = api.get(f"/sessions/{session_id}").json()
        token = api.headers["Authorization"]
        os.kill(first.pid, signal.SIGKILL)
    with server(tmp_path, state=state, pace="hold") as second:
        api = connect(second)
        assert [api.get(f"/jobs/{job_id}").json() for job_id in job_ids] == jobs
        assert api.get(f"/sessions/{session_id}").json() == session
        assert api.get("/instances/configuration").json() == {"instance_limit": 77.0}
        assert api.get("/jobs", headers={"Authorization": token}).status_code == 200
        assert submit(api) not in job_ids


def test_a_job_that_was_running_runs_again_and_results_stay(tmp_path: Path, connect: Connect, submit: Submit) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(state=state, seed=5) as emulator:
        api = connect(emulator)
        done = submit(api)
        emulator.clock.advance(0)
        result = api.get(f"/jobs/{done}/results").text
        emulator.pace = {"queued": "immediate", "running": "hold"}
        running = submit(api)
        assert api.get(f"/jobs/{running}").json()["status"] == "Running"
    with Emulator(state=state, seed=5) as emulator:
        api = connect(emulator)
        assert api.get(f"/jobs/{done}/results").text == result
        assert api.get("/instances/usage").json()["usage_consumed_seconds"] > 0
        emulator.clock.advance(0)
        assert api.get(f"/jobs/{running}").json()["status"] == "Completed"
        assert submit(api) not in {done, running}


def test_a_job_that_was_running_when_the_service_was_killed_twice_fails(
    tmp_path: Path, connect: Connect, submit: Submit
) -> None:
    choices = {"state": str(tmp_path / "state.sqlite"), "pace": {"queued": "immediate", "running": "hold"}}
    with server(tmp_path, **choices) as service:
        job_id = submit(connect(service))
        os.kill(service.pid, signal.SIGKILL)
        service.ended()
    with server(tmp_path, **choices) as service:
        assert connect(service).get(f"/jobs/{job_id}").json()["status"] == "Running"
        os.kill(service.pid, signal.SIGKILL)
        service.ended()
    with server(tmp_path, **choices) as service:
        state = connect(service).get(f"/jobs/{job_id}").json()["state"]
    assert (state["status"], state["reason_code"]) == ("Failed", 5203)
    assert "ended twice" in state["reason"]


def test_a_job_that_was_running_when_the_service_was_closed_always_runs_again(
    tmp_path: Path, connect: Connect, submit: Submit
) -> None:
    choices: dict[str, Any] = {"state": tmp_path / "state.sqlite", "pace": {"queued": "immediate", "running": "hold"}}
    with Emulator(**choices) as emulator:
        job_id = submit(connect(emulator))
    for _ in range(3):
        with Emulator(**choices) as emulator:
            assert connect(emulator).get(f"/jobs/{job_id}").json()["status"] == "Running"


@pytest.mark.parametrize("depth", [300, 900, 20_000])
def test_deeply_nested_params_fail_their_job_only_also_after_a_restart(
    tmp_path: Path, connect: Connect, submit: Submit, bell: dict[str, Any], depth: int
) -> None:
    body = json.dumps(bell | {"params": {"version": 2, "options": {}, "pubs": ["DEEP"]}})
    state = tmp_path / "state.sqlite"
    for _ in range(2):
        with Emulator(state=state, workers=1) as emulator:
            api = connect(emulator)
            deep = body.replace('"DEEP"', "[" * depth + "]" * depth)
            response = api.post("/jobs", content=deep, headers={"Content-Type": "application/json"})
            assert response.status_code in (200, 400)
            after = submit(api)
            emulator.clock.advance(0)
            statuses = {job["id"]: job["status"] for job in api.get("/jobs").json()["jobs"]}
            assert statuses[after] == "Completed"
            assert set(statuses.values()) <= {"Completed", "Failed"}
            if response.status_code == 200:
                assert api.get(f"/jobs/{response.json()['id']}").status_code == 200


def test_a_file_in_use_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(state=state), pytest.raises(OSError, match="Another emulated service uses"):
        Emulator(state=state).start()
    state.write_bytes(b"not a database, but long enough to look like one" * 50)
    with pytest.raises(UnusableState, match="not a state file"):
        Emulator(state=state).start()


def test_reset_empties_the_file(tmp_path: Path, connect: Connect, submit: Submit) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(state=state, pace="hold") as emulator:
        submit(connect(emulator))
        emulator.reset()
    with Emulator(state=state) as emulator:
        assert connect(emulator).get("/jobs").json()["count"] == 0


JOBS, KILLS = 30, 3


def all_jobs(api: httpx.Client) -> dict[str, str]:
    """The tag of each job by its id, over all pages."""
    pages = (api.get("/jobs", params={"limit": 200, "offset": offset}).json() for offset in (0, 200))
    return {job["id"]: job["tags"][0] for page in pages for job in page["jobs"]}


def test_a_server_killed_at_any_moment_keeps_every_acknowledged_job(
    tmp_path: Path, connect: Connect, bell: dict[str, Any]
) -> None:
    chance = random.Random(1)
    state = str(tmp_path / "state.sqlite")
    acknowledged: dict[str, str] = {}

    def submit_next(api: httpx.Client) -> None:
        tag = f"job {len(acknowledged)}"
        acknowledged[api.post("/jobs", json=bell | {"tags": [tag]}).json()["id"]] = tag

    for kill in range(1, KILLS + 1):
        with server(tmp_path, state=state, pace="hold") as running:
            api = connect(running)
            assert acknowledged.items() <= all_jobs(api).items()
            # Each kill falls somewhere among its share of the jobs; the next round submits what is left.
            share = JOBS * kill // KILLS - len(acknowledged)
            kill_at = chance.randrange(share)
            with contextlib.suppress(httpx.TransportError):
                for number in range(share):
                    if number == kill_at:
                        threading.Timer(chance.uniform(0, 0.02), os.kill, (running.pid, signal.SIGKILL)).start()
                    submit_next(api)
            running.ended()
    with server(tmp_path, state=state, pace="hold") as running:
        api = connect(running)
        while len(acknowledged) < JOBS:
            submit_next(api)
        recorded = all_jobs(api)
    assert acknowledged.items() <= recorded.items()
    assert set(recorded.values()) == {f"job {number}" for number in range(JOBS)}
    # A kill may leave one job recorded that was not acknowledged.
    assert len(recorded) <= JOBS + KILLS


def test_a_damaged_value_is_named_when_the_server_starts(tmp_path: Path, connect: Connect) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(state=state) as emulator:
        connect(emulator).post("/sessions", json={"mode": "batch", "backend": "ibm_torino"}).raise_for_status()
    with contextlib.closing(sqlite3.connect(state)) as database, database:
        database.execute("""UPDATE records SET record = replace(record, '"max_ttl": 28800', '"max_ttl": "long"')""")
    with pytest.raises(UnusableState, match=f"{state} is damaged .* Put a copy of it back"):
        Emulator(state=state).start()
    with subprocess.Popen(
        [sys.executable, "-m", "qiskit_runtime_rest", "emulator", "serve", "--state", state], stderr=subprocess.PIPE
    ) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "is damaged" in " ".join(said.decode().split())
