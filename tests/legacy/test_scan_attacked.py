"""Hostile and unlucky files: the scan ends, names them, and a fix writes only what it has read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.legacy.scan import Scanner, fix
from qiskit_runtime_rest.legacy.scan.scanner import Task
from qiskit_runtime_rest.legacy.scan.separate import SeparateProcess, Stopped

CLASSIC = "https://runtime-us-east.quantum-computing.ibm.com"
LINE = f'x = "{CLASSIC}"\n'
OLD, NEW = (f'QiskitRuntimeService(channel="{channel}")\n' for channel in ("ibm_quantum", "ibm_quantum_platform"))
LARGE = 400_000
"""Characters. With a search that is not linear in them, the tests below would take hours."""


def qrr(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["legacy", "scan", *arguments])


@pytest.mark.parametrize("unit", ["a", "a.", "a:", '"  ', " ", "{", "# qrr: ", "from qiskit import ", "a@"])
@pytest.mark.parametrize("name", ["a.sh", "a.py"])
def test_the_time_of_a_scan_is_linear_in_the_size_of_a_file(tmp_path: Path, name: str, unit: str) -> None:
    body = unit * (LARGE // len(unit))
    (tmp_path / name).write_text(LINE + (f"y = '''{body}'''\n" if name == "a.py" else body))
    assert CLASSIC in [one.found for one in Scanner().scan([tmp_path])]


def test_names_that_stand_for_each_other_many_times_do_no_harm(tmp_path: Path) -> None:
    lines = [LINE, *(f"a{one} = {' + '.join([f'a{one - 1}'] * 20)}\n" for one in range(1, 9)), "get(a8 + '/jobs')\n"]
    (tmp_path / "a.py").write_text("a0 = '/x'\n" + "".join(lines))
    assert [one.line for one in Scanner().scan([tmp_path])] == [2, 11]


def test_a_crash_of_the_parser_ends_the_search_of_one_file_only(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LINE + "x = " + "-" * 300_000 + "1\n")
    (tmp_path / "b.py").write_text(LINE)
    result = qrr("--json", str(tmp_path))
    document = json.loads(result.stdout)
    assert {one["path"] for one in document["findings"]} == {str(tmp_path / "a.py"), str(tmp_path / "b.py")}
    (skipped,) = document["skipped"]
    assert skipped == {"path": str(tmp_path / "a.py"), "why": "the parser crashed: searched as text"}


def test_a_file_that_takes_too_long_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LINE)
    process = SeparateProcess(0.0)
    with pytest.raises(Stopped, match="longer than 0 s"):
        process.examine(Task(path=tmp_path / "a.py"))
    scanner = Scanner(seconds=0.0)
    assert scanner.scan([tmp_path]) == []
    assert [(one.path.name, one.why) for one in scanner.skipped] == [
        ("a.py", "it takes longer than 0 s: it is not searched")
    ]


def test_progress_names_each_file(tmp_path: Path) -> None:
    for name in ("a.py", "b.sh"):
        (tmp_path / name).write_text(LINE)
    names: list[str] = []
    Scanner(on_file=lambda path: names.append(path.name)).scan([tmp_path])
    assert names == ["a.py", "b.sh"]


def test_a_file_that_changed_since_it_was_read_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(LINE)
    fixed = fix(path)
    assert fixed is not None
    path.write_text(LINE + "saved = 1\n")
    with pytest.raises(OSError, match="changed since it was read"):
        fixed.write()
    assert path.read_text() == LINE + "saved = 1\n"


def test_nothing_is_written_through_a_link_that_leads_outside(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside.py"
    project.mkdir()
    outside.write_text(OLD)
    (project / "link.py").symlink_to(outside)
    result = qrr("--fix", str(project))
    assert result.exit_code == 1
    assert "outside of" in result.stderr
    assert outside.read_text() == OLD
    assert qrr("--fix", str(project / "link.py")).exit_code == 1, "a file that is named is written"
    assert outside.read_text() == NEW


def test_hard_links_and_mode_stay(tmp_path: Path) -> None:
    path, other = tmp_path / "a.py", tmp_path / "b.py"
    path.write_text(OLD)
    path.chmod(0o751)
    other.hardlink_to(path)
    assert qrr("--fix", str(path)).exit_code == 1
    assert path.samefile(other)
    assert other.read_text() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.ps1", "a.py"])
def test_wide_encodings_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    (tmp_path / name).write_bytes(LINE.encode(encoding))
    assert [one.found for one in Scanner().scan([tmp_path])] == [CLASSIC]


def test_placeholders_of_magics_do_not_collide_with_names_of_the_notebook(tmp_path: Path) -> None:
    source = f'%time 1\n{OLD}__qrr_magic_0__ = "__qrr_magic_1__"\n!ls\n'
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []}]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    fixed = fix(path)
    assert fixed is not None
    assert json.loads(fixed.after)["cells"][0]["source"] == source.replace(OLD, NEW)
