from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qiskit_runtime_rest.emulator.state.storage import (
    MemoryStorage,
    SqliteStorage,
    StateInUse,
    Storage,
    UnusableState,
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


def test_a_file_in_use_is_refused_until_it_is_closed(state: Path) -> None:
    with closing(SqliteStorage(state)), pytest.raises(StateInUse, match="Another emulated service uses"):
        SqliteStorage(state)
    SqliteStorage(state).close()


def test_a_file_of_another_kind_is_refused_and_stays_as_it_is(state: Path) -> None:
    state.write_bytes(b"not a database, but long enough to look like one" * 50)
    before = state.read_bytes()
    with pytest.raises(UnusableState, match="not a state file"):
        SqliteStorage(state)
    assert state.read_bytes() == before


def test_another_database_is_refused(state: Path) -> None:
    with closing(sqlite3.connect(state)) as database:
        database.execute("CREATE TABLE precious (thing)")
    with pytest.raises(UnusableState, match="not a state file"):
        SqliteStorage(state)


def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableState, match="cannot be the state file"):
        SqliteStorage(tmp_path / "missing" / "state.sqlite")
