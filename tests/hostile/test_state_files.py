"""Paths that are no state file of a server or client: each is refused in time, with its name, and stays as it is."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from qiskit_runtime_rest import ConfigurationError
from qiskit_runtime_rest.base.database_format import UnusableState
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.emulator.options import Options
from qiskit_runtime_rest.emulator.service import Service
from qiskit_runtime_rest.emulator.state.storage import NotStored, StateInUse
from qiskit_runtime_rest.legacy.store import Store

SECONDS = 60
REFUSED = (UnusableState, StateInUse, NotStored, ConfigurationError)


def emulated(path: Path) -> None:
    Service(Options(state=path)).close()


def stored(path: Path) -> None:
    with Store(path).transaction() as file:
        file.execute("SELECT * FROM jobs").fetchall()


def noted(path: Path) -> None:
    with State(path).transaction() as file:
        file.execute("SELECT * FROM submissions").fetchall()


OPENED: Mapping[str, Callable[[Path], None]] = {"emulator": emulated, "gateway": stored, "client": noted}


def of_another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE places (url TEXT)")
        database.execute("INSERT INTO places VALUES ('https://example.test')")
        database.commit()


def link_to_another_program(path: Path) -> None:
    of_another_program(path.with_suffix(".other"))
    path.symlink_to(path.with_suffix(".other").name)


def of_another_program_with_our_names(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        for table in ("records", "texts", "jobs", "programs"):
            database.execute(f"CREATE TABLE {table} (other INTEGER PRIMARY KEY, columns BLOB)")
        database.commit()


def of_another_program_with_only_our_names(path: Path, opened: Callable[[Path], None]) -> None:
    opened(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as database:
        for table in tables:
            database.execute(f"CREATE TABLE {table} (other INTEGER PRIMARY KEY, columns BLOB)")
        database.commit()


def of_another_program_that_was_killed(path: Path) -> None:
    """What it wrote is only in its log."""
    made = path.with_name("made")
    with contextlib.closing(sqlite3.connect(made)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE places (url TEXT)")
        database.commit()
        shutil.copy(made, path)
        shutil.copy(f"{made}-wal", f"{path}-wal")


def of_the_other_server(path: Path, opened: Callable[[Path], None]) -> None:
    next(other for other in OPENED.values() if other is not opened)(path)


def cut(share: float) -> Callable[[Path, Callable[[Path], None]], None]:
    def write(path: Path, opened: Callable[[Path], None]) -> None:
        opened(path)
        content = path.read_bytes()
        path.write_bytes(content[: max(16, int(len(content) * share))])

    return write


def newer(path: Path, opened: Callable[[Path], None]) -> None:
    opened(path)
    content = bytearray(path.read_bytes())
    content[60:64] = (999).to_bytes(4)
    path.write_bytes(bytes(content))


def noise(path: Path, opened: Callable[[Path], None]) -> None:
    opened(path)
    content = bytearray(path.read_bytes())
    content[100:] = bytes(number * 37 % 251 for number in range(len(content) - 100))
    path.write_bytes(bytes(content))


MADE: Mapping[str, Callable[[Path, Callable[[Path], None]], object]] = {
    "another program's": lambda path, opened: of_another_program(path),
    "another program's with our names": lambda path, opened: of_another_program_with_our_names(path),
    "another program's with only our names": of_another_program_with_only_our_names,
    "another program's that was killed": lambda path, opened: of_another_program_that_was_killed(path),
    "the other server's": of_the_other_server,
    "a text": lambda path, opened: path.write_text("notes of the user\n"),
    "a picture": lambda path, opened: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "only the first bytes": lambda path, opened: path.write_bytes(b"SQLite format 3\x00"),
    "a quarter": cut(0.25),
    "a half": cut(0.5),
    "three quarters": cut(0.75),
    "of a newer version": newer,
    "noise after the header": noise,
    "a folder": lambda path, opened: path.mkdir(),
    "a pipe": lambda path, opened: os.mkfifo(path),
    "a link to itself": lambda path, opened: path.symlink_to(path.name),
    "a link to a device": lambda path, opened: path.symlink_to("/dev/full"),
    "a link to another program's": lambda path, opened: link_to_another_program(path),
    "a link to no folder": lambda path, opened: path.symlink_to("nowhere/state.sqlite"),
}
FOREIGN = {"a text", "a picture", "only the first bytes", "the other server's"} | {
    kind for kind in MADE if "another program's" in kind
}
TOLERATED = {"a quarter", "a half", "three quarters", "noise after the header"}
"""SQLite may still read such a file; then it is used."""


def content(path: Path) -> object:
    return {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}


@pytest.mark.parametrize("server", OPENED)
@pytest.mark.parametrize("kind", MADE)
def test_what_is_no_state_file_is_refused_and_stays(tmp_path: Path, server: str, kind: str) -> None:
    path = tmp_path / "state.sqlite"
    MADE[kind](path, OPENED[server])
    before = content(path)
    raised: list[BaseException | None] = []

    def open_it() -> None:
        try:
            OPENED[server](path)
            raised.append(None)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=open_it, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert raised, "it hangs"
    if raised[0] is None:
        assert kind in TOLERATED
        return
    assert isinstance(raised[0], REFUSED), repr(raised[0])
    assert str(path) in str(raised[0])
    assert ("another program" in str(raised[0])) == (kind in FOREIGN)
    assert content(path) == before


@pytest.mark.parametrize("kind", ["another program's", "a half", "a text", "a folder", "a pipe"])
def test_the_command_names_the_file_without_a_traceback(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "state.sqlite"
    MADE[kind](path, emulated)
    command = [sys.executable, "-m", "qiskit_runtime_rest", "emulator", "serve", "--state", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 2
    assert str(path) in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr
    assert "report" not in done.stderr
