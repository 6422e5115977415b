"""Files are replaced in one step."""

from __future__ import annotations

import stat
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
