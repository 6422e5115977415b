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
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.config.api_versions import API_VERSION
from qiskit_runtime_rest.legacy.scan import Scanner, fix, scan
from qiskit_runtime_rest.legacy.scan.examination import Examined
from qiskit_runtime_rest.legacy.scan.files import Source, decode

SAMPLES = Path(__file__).parent / "samples"
CLASSIC = "https://runtime-us-east.quantum-computing.ibm.com"
V1 = "https://quantum.cloud.ibm.com/api/v1"
OLD = "QiskitRuntimeService(channel='ibm_quantum')"
NEW = "QiskitRuntimeService(channel='ibm_quantum_platform')"


def qrr(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["legacy", "scan", *arguments])


def fixed(text: str) -> str:
    skipped: list[object] = []
    result = Examined(Source(Path("a.py"), "python", text, "utf-8"), on_skip=skipped.append).fix()
    return text if result is None else result.after


def write_fix(path: Path) -> None:
    result = fix(path)
    assert result is not None
    result.write()


def without_comments(text: str) -> str:
    return re.sub(r"^[ \t]*# qrr: .*(\r\n|\n|\r|$)", "", text, flags=re.MULTILINE)


def comments(text: str) -> list[str]:
    return [line.strip().partition(" See: ")[0] for line in text.splitlines() if line.strip().startswith("# qrr: ")]


LOGIN = """\
import os, requests
session = requests.Session()
token = requests.post(
    "https://auth.quantum-computing.ibm.com/api/users/loginWithToken", json={"apiToken": k}
).json()["id"]
headers = {"x-access-token": token}
session.headers.update(headers)
"""
IAM_LOGIN = (
    """\
import os, requests
session = requests.Session()
token = requests.post(
    "https://iam.cloud.ibm.com/identity/token", data={"grant_type": "GRANT", "apikey": k}
).json()["access_token"]
headers = {"Authorization": "Bearer " + token, "IBM-API-Version": "VERSION", "Service-CRN": CRN}
session.headers.update(headers)
""".replace("VERSION", API_VERSION)
    .replace("CRN}", 'os.environ["QISKIT_IBM_INSTANCE"]}')
    .replace("GRANT", "urn:ibm:params:oauth:grant-type:apikey")
)


def body(text: str) -> str:
    """A program that logs in and then does this, after the fix, without the login."""
    after = without_comments(fixed(LOGIN + text))
    assert after.startswith((LOGIN, IAM_LOGIN))
    rewritten = after.startswith(IAM_LOGIN)
    assert rewritten == (after != LOGIN + text), "all of it is rewritten, or nothing"
    return after.removeprefix(IAM_LOGIN if rewritten else LOGIN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'session.get("{CLASSIC}/jobs/a/results")', f'session.get("{V1}/jobs/a/results")'),
        (f'session.get(f"{CLASSIC}/jobs/{{id}}/logs")', f'session.get(f"{V1}/jobs/{{id}}/logs")'),
        (f'session.get("{CLASSIC}/facade/v1/jobs/" + id)', f'session.get("{V1}/jobs/" + id)'),
        (
            f'session.get("{CLASSIC}/analytics/usage-grouped?x=1-2")',
            f'session.get("{V1}/analytics/usage_grouped?x=1-2")',
        ),
        (f'B = "{CLASSIC}/"\nsession.get(B + "jobs/a")', f'B = "{V1}/"\nsession.get(B + "jobs/a")'),
        (
            f'B = "{CLASSIC}"\nsession.get(B + "/facade/v1/jobs/%s/metrics" % i)',
            f'B = "{V1}"\nsession.get(B + "/jobs/%s/metrics" % i)',
        ),
        (
            f'B = "{CLASSIC}"\nsession.get(f"{{B}}/runtime/analytics/usage-grouped-by-date")',
            f'B = "{V1}"\nsession.get(f"{{B}}/analytics/usage_grouped_by_date")',
        ),
        (f'session.get("{CLASSIC}"\n    "/jobs/a")', f'session.get("{V1}"\n    "/jobs/a")'),
        (
            f'requests.get("{CLASSIC}/backends", headers=headers).json()["devices"]',
            f'[device["name"] for device in requests.get("{V1}/backends", headers=headers).json()["devices"]]',
        ),
        (
            f'session.get("{CLASSIC}/jobs", params={{"provider": "a/b/c", "limit": 3}})',
            f'session.get("{V1}/jobs", params={{"limit": 3}})',
        ),
        (
            f'session.get("{CLASSIC}/jobs", params={{"limit": 3, "provider": "a/b/c"}})',
            f'session.get("{V1}/jobs", params={{"limit": 3}})',
        ),
        (
            f'session.post("{CLASSIC}/jobs", json={{"hub": 1, "programId": "sampler", "backend": b, '
            '"params": {"pubs": p, "version": 2}})',
            f'session.post("{V1}/jobs", json={{"program_id": "sampler", "backend": b, '
            '"params": {"pubs": p, "version": 2}})',
        ),
        (
            f'q = {{"max_session_ttl": 5}}\nsession.patch("{CLASSIC}/sessions/a", json=q)',
            f'q = {{"max_ttl": 5}}\nsession.patch("{V1}/sessions/a", json=q)',
        ),
    ],
)
def test_calls_are_rewritten_whole(before: str, after: str) -> None:
    assert body(before) == after


@pytest.mark.parametrize(
    "text",
    [
        f'session.get("{CLASSIC}/jobs/a/results").json()["quasi_dists"]',  # v1 answers in another form
        f'session.get("{CLASSIC}/jobs/a").json().get("hub")',
        f'session.get("{CLASSIC}/backends")',  # who reads the devices is not known
        f'session.get("{CLASSIC}/jobs/a")\nsession.get("{CLASSIC}/health")',  # one of two calls is gone
        f'session.get("{CLASSIC}/jobs/a")\nprint("{CLASSIC}")',
        f'B = "{CLASSIC}"\nsession.get(B + "/jobs/a")\nother(B)',  # somebody else calls, too
        f'B = "{CLASSIC}"\ndef get(url=B):\n    session.get(f"{{url}}/jobs/a")',
        f'requests.get("{CLASSIC}/jobs/a")',  # without a token
        f'requests.get("{CLASSIC}/jobs/a", headers=other)',
        f'requests.get("{CLASSIC}/jobs/a", headers={{"x-access-token": elsewhere}})',
        f'requests.get("{CLASSIC}/jobs/a", headers={{"Authorization": token}})',
        f'requests.get("{CLASSIC}/jobs/a", headers={{**headers}})',
        f'headers["x-access-token"] = other\nrequests.get("{CLASSIC}/jobs/a", headers=headers)',
        f'own.get("{CLASSIC}/jobs/a", headers=headers)',  # not a library that is known
        f'urllib.request.urlopen("{CLASSIC}/jobs/a")',
        f'session.post("{CLASSIC}/jobs", json={{"program_id": "sampler", "backend": b, "params": {{"circuits": c}}}})',
        f'session.post("{CLASSIC}/jobs", '
        'json={"program_id": "mine", "backend": b, "params": {"pubs": c, "version": 2}})',
        f'session.post("{CLASSIC}/jobs", json=made())',
        f'session.patch("{CLASSIC}/sessions/a", json={{**more, "max_session_ttl": 5}})',
        f'q = {{"max_session_ttl": 5}}\nq["x"] = 1\nsession.patch("{CLASSIC}/sessions/a", json=q)',
        f'session.put("{CLASSIC}/jobs/a/tags", json={{"hub": 1,  # ours\n"tags": []}})',  # a comment
        f'session.put("{CLASSIC}/jobs/a/tags", json={{"jobTags": [], "tags": []}})',  # the other name is taken
        f'q = {{"jobTags": 1}}\nsession.put("{CLASSIC}/jobs/a/tags", json=q)\nq["jobTags"]',  # read again
        f'connect("{CLASSIC.replace("https", "wss")}/stream/jobs/a")\nsession.get("{CLASSIC}/jobs/a")',
    ],
)
def test_calls_that_cannot_be_rewritten_whole_stay(text: str) -> None:
    assert body(text) == text


def test_a_login_is_read_by_name_and_in_a_function() -> None:
    text = (
        "import requests\n"
        "def log_in():\n"
        '    url = "https://auth.quantum-computing.ibm.com/api/users/loginWithToken"\n'
        '    answer = requests.post(url, json={"apiToken": k})\n'
        "    answer.raise_for_status()\n"
        '    return answer.json()["id"]\n'
        f'requests.get("{CLASSIC}/jobs/a", headers={{"x-access-token": log_in()}})\n'
    )
    after = fixed(text)
    assert CLASSIC not in after
    assert after.startswith("import os\nimport requests\n")
    assert 'return answer.json()["access_token"]' in after
    assert comments(after) == ["# qrr: apiToken -> an IBM Cloud API key, exchanged at IAM for a bearer token."]
    printed = text.replace("answer.raise_for_status()", "print(answer.json())")
    assert without_comments(fixed(printed)) == printed, "the answer is used in another way, too"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('S(channel="ibm_quantum")', 'S(channel="ibm_quantum")'),
        ("QiskitRuntimeService(channel='ibm_quantum')", "QiskitRuntimeService(channel='ibm_quantum_platform')"),
        ('QiskitRuntimeService("ibm_quantum", x)', 'QiskitRuntimeService("ibm_quantum_platform", x)'),
    ],
)
def test_the_channel_is_renamed_without_a_comment(before: str, after: str) -> None:
    assert fixed(before) == after


def test_the_channel_stays_where_more_must_change() -> None:
    text = 'QiskitRuntimeService(channel="ibm_quantum", instance="a/b/c")'
    assert without_comments(fixed(text)) == text


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


def test_a_script_that_cannot_be_rewritten_whole_gets_comments_only() -> None:
    result = fix(SAMPLES / "submit_jobs.py")
    assert result is not None
    assert without_comments(result.after) == result.before
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
    path.write_text(f'{LOGIN}session.get("{CLASSIC}/jobs/a")\n')
    write_fix(path)
    assert [(one.line, one.column, one.rule.id) for one in scan([path])] == [(3, 1, "left-to-do")]
    path.write_text(without_comments(path.read_text()))
    assert path.read_text() == f'{IAM_LOGIN}session.get("{V1}/jobs/a")\n'
    assert scan([path]) == []


def test_a_comment_is_not_found_beside_its_own_use(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f'requests.get("{CLASSIC}/health")\n')
    write_fix(path)
    assert [(one.line, one.rule.id) for one in scan([path])] == [(2, "route/get-health")]


def test_only_changed_lines_of_a_notebook_differ(tmp_path: Path) -> None:
    path = tmp_path / "runs.ipynb"
    shutil.copy(SAMPLES / "runs.ipynb", path)
    before = path.read_text(encoding="utf-8")
    write_fix(path)
    after = path.read_text(encoding="utf-8")
    cells = ["".join(cell["source"]) for cell in json.loads(after)["cells"]]
    old = ["".join(cell["source"]) for cell in json.loads(before)["cells"]]
    assert [without_comments(cell) for cell in cells] == old
    kept = [line for line in before.splitlines() if line not in after.splitlines()]
    assert kept == []
    again = fix(path)
    assert again is not None
    assert again.diff() == ""


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("escaped", [True, False])
def test_the_layout_of_a_notebook_stays(tmp_path: Path, indent: int | str | None, escaped: bool) -> None:
    path = tmp_path / "a.ipynb"
    source = ["é = 1\n", f"x = {OLD}\n", "y = 2"]
    for cell_source in (source, "".join(source)):
        cells = [{"source": cell_source, "metadata": {"é": [1.0, {}]}, "cell_type": "code", "outputs": [], "z": None}]
        document = {"nbformat_minor": 2, "cells": cells, "nbformat": 4, "metadata": {}}
        before = json.dumps(document, indent=indent, ensure_ascii=escaped)
        path.write_text(before, encoding="utf-8")
        result = fix(path)
        assert result is not None
        assert result.after == before.replace(OLD, NEW)


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
    lines = ["", "# Größe", f"x = {OLD}", f"y = get('{CLASSIC}/health')", "z=  1 ;  w = (2,", "  )"]
    before = start + newline.join(lines).encode(encoding)
    path.write_bytes(before)
    path.chmod(0o754)
    write_fix(path)
    after = path.read_bytes()
    comment = re.search(rb"# qrr: [^\r\n]*(\r\n|\n)", after)
    assert comment is not None
    assert comment[1].decode() == newline
    assert after.replace(comment[0], b"") == before.replace(OLD.encode(), NEW.encode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert os.listdir(tmp_path) == ["a.py"], "no temporary file is left"  # noqa: PTH208


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(f"x = {OLD}\n")
    (tmp_path / "link.py").symlink_to("real.py")
    result = fix(tmp_path / "link.py")
    assert result is not None
    result.write()
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == f"x = {NEW}\n"


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
    path.write_text(f"x = {OLD}\n")
    result = qrr("--fix", "--json", str(tmp_path))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["fixed"] == [str(path)]
    assert path.read_text() == f"x = {NEW}\n"
    assert qrr("--fix", str(tmp_path)).exit_code == 0


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"x = {OLD}\n")
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
    assert OLD in (tmp_path / "a.py").read_text()
    assert NEW in (tmp_path / "b.py").read_text()
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


@settings(max_examples=40)
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
