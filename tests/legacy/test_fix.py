"""`--fix` rewrites safe uses, puts comments at others, and changes nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import libcst
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.legacy.scan import Scanner, fix, scan
from qiskit_runtime_rest.legacy.scan.files import Source, decode
from qiskit_runtime_rest.legacy.scan.scanner import Examined

SAMPLES = Path(__file__).parent / "samples"
CLASSIC = "https://runtime-us-east.quantum-computing.ibm.com"
V1 = "https://quantum.cloud.ibm.com/api/v1"


def qrr(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["legacy", "scan", *arguments])


def fixed(text: str) -> str:
    skipped: list[object] = []
    result = Examined(Source(Path("a.py"), "python", text, "utf-8"), on_skip=skipped.append).fix()
    return text if result is None else result.after


def without_comments(text: str) -> str:
    return re.sub(r"^[ \t]*# qrr: .*(\r\n|\n|\r|$)", "", text, flags=re.MULTILINE)


def comments(text: str) -> list[str]:
    return [line.strip().partition(" See: ")[0] for line in text.splitlines() if line.strip().startswith("# qrr: ")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'x = "{CLASSIC}"', f'x = "{V1}"'),
        (f"x = '{CLASSIC}/'", f"x = '{V1}/'"),
        ('x = "https://api.quantum-computing.ibm.com/runtime"', f'x = "{V1}"'),
        ('x = "http://us-east.quantum-computing.cloud.ibm.com"', f'x = "{V1}"'),
        (f'get("{CLASSIC}/jobs/a/results")', f'get("{V1}/jobs/a/results")'),
        (f'get(f"{CLASSIC}/jobs/{{id}}/logs")', f'get(f"{V1}/jobs/{{id}}/logs")'),
        (f'get("{CLASSIC}/facade/v1/jobs/" + id)', f'get("{V1}/jobs/" + id)'),
        (f'get("{CLASSIC}/analytics/usage-grouped?x=1-2")', f'get("{V1}/analytics/usage_grouped?x=1-2")'),
        (
            f'B = "{CLASSIC}"\nget(B + "/facade/v1/jobs/%s/metrics" % i)',
            f'B = "{V1}"\nget(B + "/jobs/%s/metrics" % i)',
        ),
        (
            f'B = "{CLASSIC}"\nget(f"{{B}}/runtime/analytics/usage-grouped-by-date")',
            f'B = "{V1}"\nget(f"{{B}}/analytics/usage_grouped_by_date")',
        ),
        ('get(base + "/analytics/usage-grouped")', 'get(base + "/analytics/usage_grouped")'),
        (f'get("{CLASSIC}"\n    "/jobs/a")', f'get("{V1}"\n    "/jobs/a")'),
        ('S(channel="ibm_quantum")', 'S(channel="ibm_quantum")'),
        ("QiskitRuntimeService(channel='ibm_quantum')", "QiskitRuntimeService(channel='ibm_quantum_platform')"),
        ('QiskitRuntimeService("ibm_quantum", x)', 'QiskitRuntimeService("ibm_quantum_platform", x)'),
    ],
)
def test_safe_uses_are_rewritten_without_a_comment(before: str, after: str) -> None:
    assert fixed(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"max_session_ttl": 5}', '{"max_ttl": 5}'),
        ("dict(programId=1, jobTags=[])", "dict(program_id=1, tags=[])"),
        ("dumps({'programId': 1})", "dumps({'program_id': 1})"),
    ],
)
def test_keys_of_a_body_that_is_sent_are_renamed(before: str, after: str) -> None:
    call = f'requests.post("{CLASSIC}/jobs/a/cancel", json=%s)'
    assert fixed(call % before) == call.replace(CLASSIC, V1) % after
    named = f'body = %s\nrequests.post("{CLASSIC}/jobs/a/cancel", json=body)'
    assert fixed(named % before) == named.replace(CLASSIC, V1) % after


@pytest.mark.parametrize(
    "text",
    [
        f'x = "{CLASSIC}"\nbody = {{"programId": 1}}\nprint(body)',  # not sent to a classic call
        f'body = {{"programId": 1}}\npost("{CLASSIC}/jobs/a/cancel", json=body)\nbody["programId"]',  # read again
        f'post("{CLASSIC}/jobs/a/cancel", json={{"jobTags": [], "tags": []}})',  # the other name is taken
    ],
)
def test_keys_stay_if_renaming_could_break_the_program(text: str) -> None:
    after = fixed(text)
    assert without_comments(after) == text.replace(CLASSIC, V1)
    assert len(comments(after)) == 1


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        (
            'x = "https://auth.quantum-computing.ibm.com/api"',
            "https://auth.quantum-computing.ibm.com -> POST https://iam",
        ),
        ('post(b + "/users/loginWithToken")', "POST /users/loginWithToken -> POST https://iam.cloud.ibm.com"),
        ('HOST = "runtime-us-east.quantum-computing.ibm.com"', f"{CLASSIC} -> {V1}"),
        (f'get("{CLASSIC}/programs")', "GET /programs -> v1 runs IBM's own programs only"),
        (f'get("{CLASSIC}/users/me")', "GET /users/me -> GET /v1/accounts/{id}"),
        (f'get("{CLASSIC}/jobs/tags")', "GET /jobs/tags -> GET /v1/tags"),
        (f'get("{CLASSIC}/nowhere")', f"{CLASSIC} -> {V1}"),
        (f'connect("{CLASSIC.replace("https", "wss")}/stream/jobs/a")', "GET /stream/jobs/{id} -> v1 has no WebSocket"),
        ('get(base + "/facade/v1/jobs/a")', "GET /jobs/{id} -> GET /v1/jobs/{id}"),
        (f'get(urljoin("{CLASSIC}", "/jobs/a"))', "GET /jobs/{id} -> GET /v1/jobs/{id}"),
        ("IBMQ.load_account()", "qiskit.IBMQ.load_account -> QiskitRuntimeService("),
        ('QiskitRuntimeService(instance="a/b/c")', "instance=hub/group/project -> instance=<CRN"),
    ],
)
def test_unsafe_uses_stay_and_get_a_comment(text: str, comment: str) -> None:
    after = fixed(text)
    assert without_comments(after) == text
    (left,) = comments(after)
    assert left.startswith(f"# qrr: {comment}")
    assert re.search(r"See: qrr docs migration#[a-z0-9-]+$", after.splitlines()[0])


def test_a_rewritten_address_gets_a_comment_if_more_must_change() -> None:
    after = fixed(f'requests.get("{CLASSIC}/backends?provider=a/b/c")')
    assert without_comments(after) == f'requests.get("{V1}/backends?provider=a/b/c")'
    assert comments(after) == [
        "# qrr: GET /backends -> GET /v1/backends (provider became the CRN; devices are objects, not names).",
        "# qrr: provider -> the header Service-CRN: <CRN of the instance>.",
    ]


def test_comments_are_put_above_the_statement_with_its_indent() -> None:
    text = (
        "class A:\n"
        "    @route(x)\n"
        "    def f(self):\n"
        "        # why\n"
        "        if self.a: return self.get('/programs')\n"
        f"        elif '{CLASSIC}/health':\n"
        "            return (1,\n"
        f"                '{CLASSIC}/health')\n"
    )
    lines = fixed(text).splitlines()
    marked = [(line, lines[place + 1]) for place, line in enumerate(lines) if "# qrr:" in line]
    assert [(mark.partition("#")[0], below) for mark, below in marked] == [
        ("        ", "        if self.a: return self.get('/programs')"),
        ("        ", f"        elif '{CLASSIC}/health':"),
        ("            ", "            return (1,"),
    ]
    compile(fixed(text), "a", "exec")


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_a_fixed_sample_compiles_and_nothing_else_in_it_changes(path: Path, tmp_path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    result = fix(path)
    assert result is not None
    assert result.before == before
    compile(result.after, path.name, "exec")
    old, new = before.splitlines(), without_comments(result.after).splitlines()
    assert len(old) == len(new)
    safe = {one.line for one in scan([path]) if one.safe}
    noted = {one.line for one in scan([path]) if not one.safe}
    changed = {line for line, (one, other) in enumerate(zip(old, new, strict=True), 1) if one != other}
    assert changed <= safe | noted
    # Doing it again adds nothing, and what is left is still found.
    shutil.copy(path, tmp_path)
    (copy,) = tmp_path.iterdir()
    copy.write_text(result.after, encoding="utf-8")
    again = fix(copy)
    assert again is not None
    assert not again.changed
    assert bool(scan([copy])) == bool(comments(result.after))


def test_the_script_with_requests_is_rewritten_as_expected() -> None:
    result = fix(SAMPLES / "submit_jobs.py")
    assert result is not None
    before, after = result.before.splitlines(), without_comments(result.after).splitlines()
    assert {new.strip() for old, new in zip(before, after, strict=True) if old != new} == {
        f'BASE = "{V1}"',
        '"program_id": "sampler",  # the only one we run',
        f'return self.session.get("{V1}/backends?provider=ibm-q/open/main")',
        f'return self.session.get("{V1}/jobs?limit={{}}".format(limit))  # noqa: UP032',
        'return self.session.get(BASE + "/analytics/usage_grouped_by_date")',
        'return self.session.post(self.url + "/sessions", data=json.dumps({"max_ttl": 3600}))',
    }
    said = "\n".join(comments(result.after))
    for words in (
        "loginWithToken",
        "apiToken",
        "x-access-token",
        "hub",
        "group",
        "project",
        "start_session",
        "circuits",
    ):
        assert f"# qrr: {words}" in said or f"{words} ->" in said


def test_remaining_comments_are_found_until_they_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'import requests\n\nrequests.get("{CLASSIC}/backends")\n')
    assert qrr("--fix", str(path)).exit_code == 1
    assert [(one.line, one.column, one.rule.id) for one in scan([path])] == [(3, 1, "left-to-do")]
    path.write_text(without_comments(path.read_text()))
    assert path.read_text() == f'import requests\n\nrequests.get("{V1}/backends")\n'
    assert scan([path]) == []


def test_a_comment_is_not_found_beside_its_own_use(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'requests.get("{CLASSIC}/health")\n')
    assert qrr("--fix", str(path)).exit_code == 1
    assert [(one.line, one.rule.id) for one in scan([path])] == [(2, "route/get-health")]


def test_only_changed_lines_of_a_notebook_differ(tmp_path: Path) -> None:
    path = tmp_path / "runs.ipynb"
    shutil.copy(SAMPLES / "runs.ipynb", path)
    before = path.read_text(encoding="utf-8")
    assert qrr("--fix", str(path)).exit_code == 1
    after = path.read_text(encoding="utf-8")
    cells = ["".join(cell["source"]) for cell in json.loads(after)["cells"]]
    old = ["".join(cell["source"]) for cell in json.loads(before)["cells"]]
    assert (cells[0], cells[2], cells[3]) == (old[0], old[2], old[3])
    assert cells[1] == old[1].replace('https://api.quantum-computing.ibm.com/runtime"  #', f'{V1}"  #')
    assert without_comments(cells[4]) == old[4].replace("programId", "program_id")
    assert len(comments(cells[4])) == 3
    kept = [line for line in before.splitlines() if line not in after.splitlines()]
    assert len(kept) == 2, "the lines that were replaced"
    assert qrr("--diff", str(path)).stdout == ""


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("escaped", [True, False])
def test_the_layout_of_a_notebook_stays(tmp_path: Path, indent: int | str | None, escaped: bool) -> None:
    path = tmp_path / "a.ipynb"
    source = ["é = 1\n", f"x = '{CLASSIC}'\n", "y = 2"]
    for cell_source in (source, "".join(source)):
        cells = [{"source": cell_source, "metadata": {"é": [1.0, {}]}, "cell_type": "code", "outputs": [], "z": None}]
        document = {"nbformat_minor": 2, "cells": cells, "nbformat": 4, "metadata": {}}
        before = json.dumps(document, indent=indent, ensure_ascii=escaped)
        path.write_text(before, encoding="utf-8")
        result = fix(path)
        assert result is not None
        assert result.after == before.replace(CLASSIC, V1)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"# -*- coding: latin-1 -*-", "latin-1"),
        (b"#!/usr/bin/python3", "utf-8"),
    ],
)
def test_bytes_and_mode_of_the_file_stay(tmp_path: Path, newline: str, start: bytes, encoding: str) -> None:
    path = tmp_path / "a.py"
    lines = ["", "# Größe", f'x = "{CLASSIC}"', f"y = get('{CLASSIC}/health')", "z=  1 ;  w = (2,", "  )"]
    before = start + newline.join(lines).encode(encoding)
    path.write_bytes(before)
    path.chmod(0o754)
    assert qrr("--fix", str(path)).exit_code == 1
    after = path.read_bytes()
    comment = re.search(rb"# qrr: [^\r\n]*(\r\n|\n)", after)
    assert comment is not None
    assert comment[1].decode() == newline
    assert after.replace(comment[0], b"") == before.replace(f'"{CLASSIC}"'.encode(), f'"{V1}"'.encode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert os.listdir(tmp_path) == ["a.py"], "no temporary file is left"  # noqa: PTH208


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(f'x = "{CLASSIC}"\n')
    (tmp_path / "link.py").symlink_to("real.py")
    result = fix(tmp_path / "link.py")
    assert result is not None
    result.write()
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == f'x = "{V1}"\n'


def test_a_diff_can_be_applied_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    shutil.copy(SAMPLES / "submit_jobs.py", path)
    before = path.read_text()
    for arguments in (["--diff"], ["--diff", "--fix"]):
        result = qrr(*arguments, str(path))
        assert result.exit_code == 1
        assert path.read_text() == before
    subprocess.run(
        ["git", "apply", "--unsafe-paths", "-p1", "--directory=/"], input=result.stdout, text=True, cwd="/", check=True
    )
    expected = fix(SAMPLES / "submit_jobs.py")
    assert expected is not None
    assert path.read_text() == expected.after


def test_the_command_prints_what_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'x = "{CLASSIC}"\n')
    result = qrr("--fix", "--json", str(tmp_path))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["fixed"] == [str(path)]
    assert path.read_text() == f'x = "{V1}"\n'
    assert qrr("--fix", str(tmp_path)).exit_code == 0


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f'x = "{CLASSIC}"\n')
    real = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if Path(target).name == "a.py":
            raise OSError(30, "Read-only file system")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    result = qrr("--fix", str(tmp_path))
    assert result.exit_code == 1
    assert "a.py" in result.stderr
    assert "Read-only" in result.stderr
    assert CLASSIC in (tmp_path / "a.py").read_text()
    assert V1 in (tmp_path / "b.py").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "b.py"]


def test_python_that_the_parser_would_change_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'x = "{CLASSIC}"\n\fdef f():\n    pass')
    scanner = Scanner()
    assert scanner.fix(path) is None
    assert "left as it is" in scanner.skipped[0].why
    assert len(scan([path])) == 1


def test_other_languages_are_not_fixed() -> None:
    for path in SAMPLES.glob("*.[!pi]*"):
        assert fix(path) is None


LINES = st.sampled_from(
    [
        f'BASE = "{CLASSIC}"',
        'AUTH = "https://auth.quantum-computing.ibm.com/api"',
        'requests.get(f"{BASE}/jobs/{i}")',
        'requests.post(BASE + "/facade/v1/jobs", json={"programId": 1, "hub": "a"})',
        'body = {"max_session_ttl": 1, "project": 2}',
        'requests.post(BASE + "/sessions", json=body)',
        'requests.get("%s/analytics/usage-grouped" % BASE)',
        "from qiskit import IBMQ",
        'QiskitRuntimeService(channel="ibm_quantum", instance="a/b/c")',
        "if x: IBMQ.load_account()",
        "# a comment",
        "",
        "x = 'é'; y=[1,  2]",
        'def f(url=BASE):\n  """Doc."""\n  return get(url + "/programs")',
        "for i in []:\n\tIBMQ.providers()\nelse: pass",
    ]
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_a_second_fix_changes_nothing(lines: list[str], newline: str) -> None:
    text = newline.join(lines).replace("\r\n", "\n").replace("\n", newline)
    once = fixed(text)
    compile(once, "a", "exec")
    assert fixed(once) == once
    assert len(without_comments(once).splitlines()) == len(text.splitlines())
    for old, new in zip(text.splitlines(), without_comments(once).splitlines(), strict=True):
        assert old == new or "ibm" in old or "/" in old or '"' in old


@given(st.text(max_size=300))
def test_a_fix_accepts_any_text(text: str) -> None:
    after = fixed(text)
    if after != text:
        libcst.parse_module(after)
    assert fixed(after) == after


@given(st.binary(max_size=300))
def test_any_bytes_survive_decoding_and_encoding(content: bytes) -> None:
    source = decode(Path("a.py"), content)
    if isinstance(source, Source):
        assert source.encode(source.text) == content


@pytest.mark.parametrize("path", sorted(Path(libcst.__file__).parent.glob("*.py"))[:12], ids=lambda path: path.name)
def test_files_without_classic_use_are_not_changed(path: Path) -> None:
    result = fix(path)
    assert result is None or not result.changed
    assert scan([path]) == []
