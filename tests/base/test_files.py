"""Files are replaced in one step."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_runtime_rest.base.files import write_atomically


@pytest.mark.parametrize(("mode", "expected"), [(None, 0o600), (0o644, 0o644)])
def test_a_file_is_replaced_and_only_its_owner_reads_it_by_default(
    tmp_path: Path, mode: int | None, expected: int
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    write_atomically(path, "é", mode=mode)
    assert path.read_bytes() == "é".encode()
    assert stat.S_IMODE(path.stat().st_mode) == expected
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_keeps_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write_atomically(link, b"bytes")
    assert link.is_symlink()
    assert target.read_bytes() == b"bytes"


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match=r"Cannot write .*file: No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_error_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Cannot write .*missing/file"):
        write_atomically(tmp_path / "missing" / "file", "new")


PRIVATE = """
import os, sys
from pathlib import Path

os.umask(int(sys.argv[1], 8))
root = Path(sys.argv[2])

from qiskit_runtime_rest.config.account_file import save_account
from qiskit_runtime_rest.config.state_file import State
from qiskit_runtime_rest.emulator.state.storage import SqliteStorage
from qiskit_runtime_rest.results.files import IncomingResult

save_account(root / "home" / "a" / "account.json", name="mine", api_key="key", instance="crn")
with State(root / "state" / "b" / "state.sqlite").transaction():
    pass
storage = SqliteStorage(root / "emulator.sqlite")
storage.put_text("key", "kind", "text")
received = IncomingResult("job", folder=root / "results" / "c")
received.open()
received.begin()
received.write(b"{}")
received.end()
received.finish(program_id=None)
for path in sorted(root.rglob("*")):
    print(f"{path.stat().st_mode & 0o777:o}", path.relative_to(root), path.is_dir())
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("umask", ["000", "022", "077", "777"])
def test_what_holds_secrets_is_for_its_owner_only_under_any_umask(tmp_path: Path, umask: str) -> None:
    command = [sys.executable, "-c", PRIVATE, umask, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    modes = {name: (mode, kind) for mode, name, kind in map(str.split, done.stdout.splitlines())}
    assert {"home/a/account.json", "state/b/state.sqlite", "emulator.sqlite", "emulator.sqlite-wal"} <= set(modes)
    assert {name: mode for name, mode in modes.items() if mode not in {("600", "False"), ("700", "True")}} == {}
