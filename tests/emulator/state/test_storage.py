from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from operator import itemgetter
from pathlib import Path

import pytest

from qiskit_runtime_rest.base.database_format import UnusableState
from qiskit_runtime_rest.emulator.state.storage import (
    FORMAT,
    MemoryStorage,
    Records,
    SqliteStorage,
    StateInUse,
    Storage,
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture(params=["memory", "file"])
def storage(request: pytest.FixtureRequest, state: Path) -> Iterator[Storage]:
    made: Storage = MemoryStorage() if request.param == "memory" else SqliteStorage(state)
    with closing(made):
        yield made


def test_texts_are_kept_by_key_and_kind_until_they_are_deleted(storage: Storage) -> None:
    with storage.transaction():
        storage.put_text("d1", "params", "old")
        storage.put_text("d1", "params", "new \ud800")
        storage.put_text("d1", "logs", "log")
        storage.put_text("d2", "logs", "other")
    assert (storage.text("d1", "params"), storage.text("d1", "result")) == ("new \ud800", None)
    storage.delete_texts("d1", "params")
    assert (storage.text("d1", "params"), storage.text("d1", "logs")) == (None, "log")
    storage.delete_texts("d1")
    assert (storage.text("d1", "logs"), storage.text("d2", "logs")) == (None, "other")
    storage.clear()
    assert storage.text("d2", "logs") is None


def test_records_come_back_in_the_order_in_which_they_were_first_written(state: Path) -> None:
    with closing(SqliteStorage(state)) as storage:
        for key, number in (("b", 1), ("a", 2), ("b", 3)):
            storage.put("jobs", key, {"number": number})
        storage.put("sessions", "a", {})
    with closing(SqliteStorage(state)) as storage:
        assert list(storage.records("jobs")) == [("b", {"number": 3}), ("a", {"number": 2})]


def write_and_fail(storage: Storage) -> None:
    storage.put("jobs", "d1", {})
    storage.put_text("d1", "params", "x")
    storage.put("jobs", "d2", {"not JSON": object()})


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(state: Path) -> None:
    with closing(SqliteStorage(state)) as storage:
        with pytest.raises(TypeError), storage.transaction(), storage.transaction():
            write_and_fail(storage)
        assert (storage.text("d1", "params"), list(storage.records("jobs"))) == (None, [])
        with storage.transaction():
            storage.put("jobs", "d3", {})
        assert [key for key, _ in storage.records("jobs")] == ["d3"]


def test_at_every_moment_the_files_hold_all_finished_transactions_and_no_part_of_another(
    state: Path, tmp_path: Path
) -> None:
    """A copy of the files is what the next process finds if this one is killed now."""

    def jobs_if_killed_now(moment: str) -> list[str]:
        copy = tmp_path / moment
        copy.mkdir()
        for file in tmp_path.glob("state.sqlite*"):
            shutil.copy(file, copy)
        with closing(SqliteStorage(copy / state.name)) as left:
            keys = [key for key, _ in left.records("jobs")]
            assert all(left.text(key, "params") == key for key in keys)
            return keys

    with closing(SqliteStorage(state)) as storage:
        for number in range(20):
            written = [f"d{before}" for before in range(number)]
            with storage.transaction():
                storage.put_text(f"d{number}", "params", f"d{number}")
                assert jobs_if_killed_now(f"within {number}") == written
                storage.put("jobs", f"d{number}", {})
                assert jobs_if_killed_now(f"before the end of {number}") == written
            assert jobs_if_killed_now(f"after {number}") == [*written, f"d{number}"]


OPEN = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM records')"


def test_an_attempt_to_use_a_file_twice_leaves_it_closed_to_other_processes(state: Path) -> None:
    with closing(SqliteStorage(state)):
        with pytest.raises(StateInUse):
            SqliteStorage(state)
        other = subprocess.run([sys.executable, "-c", OPEN, state], capture_output=True, text=True, check=False)
    assert "database is locked" in other.stderr


def test_a_file_in_use_is_refused_until_it_is_closed(state: Path) -> None:
    with closing(SqliteStorage(state)), pytest.raises(StateInUse, match="Another emulated service uses"):
        SqliteStorage(state)
    SqliteStorage(state).close()


def test_a_file_of_another_kind_is_refused_and_stays_as_it_is(state: Path) -> None:
    state.write_bytes(b"not a database, but long enough to look like one" * 50)
    refused_untouched(state, "not a state file .* Name another file")


def refused_untouched(state: Path, words: str) -> None:
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in state.parent.iterdir()}
    with pytest.raises(UnusableState, match=words):
        SqliteStorage(state)
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in state.parent.iterdir()} == before


@pytest.mark.parametrize("version", [0, 1, 2, 7])
@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_the_database_of_another_program_is_refused_and_stays_as_it_is(state: Path, version: int, mode: str) -> None:
    with closing(sqlite3.connect(state)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("CREATE TABLE precious (thing)")
        database.execute(f"PRAGMA user_version = {version}")
    refused_untouched(state, "a file of another program")


def test_a_file_of_a_newer_version_is_refused_and_stays_as_it_is(state: Path) -> None:
    SqliteStorage(state).close()
    with closing(sqlite3.connect(state)) as database:
        database.execute(f"PRAGMA user_version = {FORMAT.number + 1}")
    refused_untouched(state, "written by a newer version")


FORMAT_1 = """
CREATE TABLE records (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL,
    UNIQUE (kind, key));
CREATE TABLE texts (key TEXT NOT NULL, kind TEXT NOT NULL, text BLOB NOT NULL, PRIMARY KEY (key, kind)) WITHOUT ROWID;
INSERT INTO records (kind, key, record) VALUES ('jobs', 'd1', '{"number": 1, "result_taken": true}');
INSERT INTO texts VALUES ('d1', 'params', x'6b657074');
"""


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("killed", [False, True])
def test_a_file_without_a_mark_is_brought_up_to_date(state: Path, tmp_path: Path, version: int, killed: bool) -> None:
    made = tmp_path / "made"
    with closing(sqlite3.connect(made)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(f"{FORMAT_1} PRAGMA user_version = {version};")
        if killed:
            shutil.copy(made, state)
            shutil.copy(f"{made}-wal", f"{state}-wal")
    if not killed:
        shutil.copy(made, state)
    with closing(SqliteStorage(state)) as storage:
        assert list(storage.records("jobs")) == [("d1", {"number": 1})]
        assert storage.text("d1", "params") == "kept"
    assert FORMAT.find(state) == FORMAT.number
    with closing(SqliteStorage(state)) as storage:
        assert storage.text("d1", "params") == "kept"


@pytest.mark.parametrize("record", ['{"number": 1}', "no JSON"])
def test_a_job_of_format_2_loses_what_nothing_reads(state: Path, record: str) -> None:
    SqliteStorage(state).close()
    with closing(sqlite3.connect(state)) as database, database:
        database.execute("PRAGMA user_version = 2")
        old = record.replace("}", ', "result_taken": false}')
        database.execute("INSERT INTO records (kind, key, record) VALUES ('jobs', 'd1', ?)", (old,))
    SqliteStorage(state).close()
    with closing(sqlite3.connect(state)) as database:
        ((stored,),) = database.execute("SELECT record FROM records").fetchall()
    assert stored.replace(" ", "") == record.replace(" ", "")
    assert FORMAT.find(state) == FORMAT.number


def test_a_new_file_is_known_by_its_mark_while_it_is_in_use(state: Path) -> None:
    with closing(SqliteStorage(state)):
        assert FORMAT.find(state) == FORMAT.number


def test_a_damaged_file_is_named_with_what_to_do(state: Path) -> None:
    with closing(SqliteStorage(state)) as storage:
        for number in range(200):
            storage.put("jobs", f"d{number}", {"text": "x" * 200})
    state.write_bytes(state.read_bytes()[:100] + b"\xff" * 40_000)
    with pytest.raises(UnusableState, match=f"{state} is damaged .* Put a copy of it back, or move it"):
        list(SqliteStorage(state).records("jobs"))


def test_a_damaged_record_is_named_with_what_to_do(state: Path) -> None:
    with closing(SqliteStorage(state)) as storage:
        storage.put("jobs", "d1", {"no": "job"})
        with pytest.raises(UnusableState, match=f"{state} is damaged .*KeyError.* Put a copy of it back"):
            Records(storage, "jobs", read=itemgetter("number"), write=dict)


def save_and_fail(held: Records[dict[str, int]]) -> None:
    held.save("a", {"number": 2})
    held.save("b", {"number": 3})
    held.save("c", None)  # type: ignore[arg-type]


def test_a_failed_transaction_is_undone_in_memory_too(storage: Storage) -> None:
    held: Records[dict[str, int]] = Records(storage, "jobs", read=dict, write=dict)
    held.save("a", {"number": 1})
    with pytest.raises(TypeError), storage.transaction():
        save_and_fail(held)
    assert held == {"a": {"number": 1}}


def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableState, match="cannot be the state file"):
        SqliteStorage(tmp_path / "missing" / "state.sqlite")
