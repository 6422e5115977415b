"""The state file under concurrent use, and as a broken file."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qiskit_runtime_rest.config.state_file import State, StateBusy
from qiskit_runtime_rest.errors import ConfigurationError
from qiskit_runtime_rest.plans.deadline import deadline_in, end_by

from ..fixtures.clocks import FakeClock

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


def test_the_error_of_a_file_that_is_not_a_database_has_its_path(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)
    with pytest.raises(ConfigurationError, match=r"letter\.txt"), State(path).transaction():
        pass
    assert path.read_text().startswith("Dear reader")


def test_an_optional_file_leaves_most_of_the_time_to_the_call(tmp_path: Path) -> None:
    """With a call's half second, all of it would be gone before the file is done without."""
    state = State(tmp_path / "state.sqlite")
    with state.transaction():
        pass
    with contextlib.closing(sqlite3.connect(state.path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with (
            end_by(deadline_in(0.4, FakeClock())),
            pytest.raises(StateBusy, match=r"within 0\.1 s"),
            state.transaction(optional=True),
        ):
            pass
