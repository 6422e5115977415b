"""The state file under concurrent use, and as a broken file."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from qiskit_runtime_rest.base.database_format import UnusableState
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.errors import ConfigurationError
from qiskit_runtime_rest.legacy.store import Store

USERS = 8


@pytest.mark.parametrize("file", range(10))
def test_concurrent_transactions_on_a_new_file_wait_for_each_other(tmp_path: Path, file: int) -> None:
    state = State(tmp_path / f"{file}.sqlite")
    ready = threading.Barrier(USERS)

    def use(user: int) -> None:
        ready.wait()
        with state.transaction() as opened:
            opened.execute("INSERT INTO pace VALUES (?, ?)", (f"user {user}", 0.0))

    with ThreadPoolExecutor(USERS) as threads:
        list(threads.map(use, range(USERS)))
    with state.transaction() as opened:
        found = opened.execute("SELECT user FROM pace ORDER BY user").fetchall()
    assert [row["user"] for row in found] == [f"user {user}" for user in range(USERS)]


def test_an_exception_rolls_the_transaction_back(tmp_path: Path) -> None:
    state = State(tmp_path / "state.sqlite")

    def fail() -> None:
        with state.transaction() as opened:
            opened.execute("INSERT INTO pace VALUES ('user', 0.0)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with state.transaction() as opened:
        assert opened.execute("SELECT * FROM pace").fetchall() == []


FILES: dict[str, tuple[type[State], str]] = {
    "client": (State, "INSERT INTO pace VALUES ('user', 1.0)"),
    "gateway": (Store, "INSERT INTO sessions VALUES ('session', 'a/b/c')"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("lacks_a_table", [False, True])
def test_a_file_without_a_version_is_brought_up_to_date(tmp_path: Path, kind: str, lacks_a_table: bool) -> None:
    opener, statement = FILES[kind]
    path = tmp_path / "state.sqlite"
    table = statement.split()[2]
    with closing(sqlite3.connect(path)) as database:
        database.executescript(opener.format.tables)
        if lacks_a_table:  # as a file of before that table was introduced
            named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != ?"
            database.execute(f"DROP TABLE {database.execute(named, (table,)).fetchall()[0][0]}")
        database.execute(statement)
        database.commit()
    assert opener.format.find(path) == 1
    for _ in range(2):
        with opener(path).transaction() as opened:
            assert len(opened.execute(f"SELECT * FROM {table}").fetchall()) == 1
        assert opener.format.find(path) == opener.format.number


def test_an_empty_database_is_used(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    with State(path).transaction() as opened:
        assert opened.execute("SELECT * FROM pace").fetchall() == []


def test_a_file_that_becomes_newer_while_a_transaction_waits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with State(path).transaction() as opened:
        opened.execute(f"PRAGMA user_version = {State.format.number + 1}")
        with pytest.raises(UnusableState, match=r"newer version of this client"):
            State.format.migrate(opened, path)


def test_the_error_of_a_file_that_is_not_a_database_has_its_path(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)
    with pytest.raises(ConfigurationError, match=r"letter\.txt"), State(path).transaction():
        pass
    assert path.read_text().startswith("Dear reader")
