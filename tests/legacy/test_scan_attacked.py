"""Hostile and unlucky files: the scan ends, names them, and a fix writes only what it has read."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.legacy.scan import Scanner, fix, scanner, separate
from qiskit_runtime_rest.legacy.scan.examination import Task
from qiskit_runtime_rest.legacy.scan.project import Links, links
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


def test_the_budget_is_processor_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separate, "PATIENCE", 10_000)
    (tmp_path / "a.py").write_text(LINE + "x = f(1, [2, {3: 4}])\n" * 100_000)
    with pytest.raises(Stopped, match=r"longer than 0\.5 s"):
        SeparateProcess(0.5).examine(Task(path=tmp_path / "a.py"))


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


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "idna", "unicode_escape", "utf-7", "zip", "none"])
def test_an_encoding_that_is_not_for_programs_is_searched_as_text_and_stays(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(f"# coding: {encoding}\n{OLD}x = '\\x41+AGE-'\n")
    before = path.read_bytes()
    attacked = Scanner()
    findings, fixes = attacked.examine([tmp_path])
    assert [one.line for one in findings] == [2]
    assert fixes == []
    assert "its encoding is not one of Python" in attacked.skipped[0].why
    assert path.read_bytes() == before


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


@pytest.mark.parametrize("unit", [" ", ".", "\t", "(", ". "])
@pytest.mark.parametrize("name", ["b.py", "b.ts", "b.m"])
def test_the_time_to_follow_imports_is_linear_in_the_size_of_a_file(tmp_path: Path, name: str, unit: str) -> None:
    paths = [tmp_path / f"a{Path(name).suffix}", tmp_path / name]
    paths[0].write_text(LINE)
    paths[1].write_text("".join(f"{word}{unit * (LARGE // len(unit))}!\n" for word in ("from", "from ", "import ")))
    assert not any(one.linked for one in links(paths).values())


def faulty(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the separate process run `code`, which may spoil `project.read`, before it serves."""

    def started(seconds: float) -> subprocess.Popen[bytes]:
        start = "import os\nfrom qiskit_runtime_rest.legacy.scan import project, separate\nread = project.read"
        line = [sys.executable, "-c", f"{start}\n{code}\nseparate.serve({seconds})"]
        return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    monkeypatch.setattr(separate, "_started", started)


@pytest.mark.parametrize(
    ("fault", "why"), [("os.abort()", "the parser crashed"), ("[0 for _ in iter(int, 1)]", "it takes longer than 1 s")]
)
def test_a_file_that_harms_the_search_for_imports_is_named_and_the_others_are_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, why: str
) -> None:
    (tmp_path / "a.py").write_text(f'BASE = "{CLASSIC}"\n')
    (tmp_path / "b.py").write_text("from a import BASE\nget(BASE + '/jobs')\n")
    (tmp_path / "bad.py").write_text("x = 1\n")
    faulty(f"project.read = lambda path: read(path) if path.stem != 'bad' else {fault}", monkeypatch)
    monkeypatch.setattr(separate, "PATIENCE", 10_000)
    attacked = Scanner(seconds=1)
    assert [(one.path.name, one.line) for one in attacked.scan([tmp_path])] == [("a.py", 1), ("b.py", 2)]
    assert [(one.path.name, one.why) for one in attacked.skipped] == [
        ("bad.py", f"{why}: imports of it are not followed")
    ]


def test_after_many_such_files_imports_are_not_followed() -> None:
    class Crashing(SeparateProcess):
        def link(self, paths: list[Path]) -> Mapping[Path, Links]:
            raise Stopped("the parser crashed", paths[0])

    attacked, paths = Scanner(), [Path(f"{number}.py") for number in range(50)]
    assert attacked._links(Crashing(1), paths) == {}
    assert [one.path for one in attacked.skipped] == paths[: scanner.MOST_LEFT_OUT]


def test_what_is_no_text_of_a_program_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder.py" / "inside.py").write_text(LINE)
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "loops").symlink_to(".")
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "messages.py").symlink_to("/proc/kmsg")
    (tmp_path / "null.py").write_bytes(LINE.encode() + b"\0")
    with (tmp_path / "sparse.py").open("wb") as file:
        file.truncate(10 << 30)
    for number in range(1000):
        (tmp_path / f"small{number}.sh").touch()
    attacked = Scanner()
    found = [one.path.relative_to(tmp_path).as_posix() for one in attacked.scan([tmp_path])]
    assert found == ["folder.py/inside.py"]
    named = {one.path.name: one.why for one in attacked.skipped}
    messages = named.pop("messages.py", "")  # some systems let nobody open it, others have it empty
    assert "Too many" in named.pop("loop.py")
    assert named == {
        "null.py": "it is binary",
        "pipe.py": "it is not a regular file",
        "sparse.py": "it is larger than 20 MB",
        "zero.py": "it is not a regular file",
    }, messages


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may put it there between the look at a file and its opening."""
    monkeypatch.setattr(Path, "is_file", lambda self: True)
    os.mkfifo(tmp_path / "a.py")
    attacked = Scanner()
    assert attacked.scan([tmp_path]) == []
    assert [one.why for one in attacked.skipped] == ["it is not a regular file"]


def test_a_full_disk_leaves_a_file_with_hard_links_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(OLD * 1000)
    (tmp_path / "b.py").hardlink_to(path)
    fixed = fix(path)
    assert fixed is not None
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(OLD) * 1000 + 100, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            fixed.write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == OLD * 1000


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.py").write_text(OLD)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    result = qrr("--fix", str(tmp_path))
    assert "Permission denied" in result.stderr
    assert "Traceback" not in result.stderr
    assert (tmp_path / "a.py").read_text() == OLD
