"""`qrr legacy scan` finds classic use in files of users, and prints it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.legacy.scan import RULES, Finding, Scanner, Skipped, sarif, scan
from qiskit_runtime_rest.legacy.scan.examination import Examined
from qiskit_runtime_rest.legacy.scan.files import LARGEST, Language, Source
from qiskit_runtime_rest.legacy.table import FIELDS, HOSTS, ROUTES

SAMPLES = Path(__file__).parent / "samples"
CLASSIC = "https://runtime-us-east.quantum-computing.ibm.com"


def qrr(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["legacy", "scan", *arguments])


def places(findings: list[Finding]) -> list[tuple[int, int, str, str]]:
    return [(one.line, one.column, one.found, one.rule.id) for one in findings]


def rules_in(folder: Path, name: str, text: str) -> list[str]:
    (folder / name).write_text(text)
    return [finding.rule.id for finding in scan([folder / name])]


EXPECTED = {
    "Submit.java": [
        (10, 41, CLASSIC, "host/runtime-us-east.quantum-computing.ibm.com"),
        (15, 56, "hub", "body/hub"),
        (15, 76, "group", "body/group"),
        (15, 97, "project", "body/project"),
        (16, 19, "start_session", "body/start_session"),
        (16, 61, "circuits", "params/circuits"),
        (17, 72, "/jobs", "route/post-jobs"),
        (18, 22, "x-access-token", "header/x-access-token"),
        (22, 73, '/jobs/" + id + "/results', "route/get-jobs-id-results"),
        (23, 22, "Authorization", "header/x-access-token"),
    ],
    "submit.m": [
        (2, 9, "https://api.quantum-computing.ibm.com/runtime", "host/api.quantum-computing.ibm.com"),
        (3, 19, "https://auth.quantum-computing.ibm.com/api/users/loginWithToken", "route/post-users-loginwithtoken"),
        (3, 93, "apiToken", "body/apiToken"),
        (4, 40, "x-access-token", "header/x-access-token"),
        (5, 16, "programId", "body/programId"),
        (5, 40, "hub", "body/hub"),
        (5, 56, "group", "body/group"),
        (5, 73, "project", "body/project"),
        (6, 23, "/jobs", "route/post-jobs"),
        (7, 25, "/jobs/", "route/get-jobs-id"),
        (8, 26, "/jobs/' job.id '/results", "route/get-jobs-id-results"),
    ],
    "poll.js": [
        (1, 15, CLASSIC, "host/runtime-us-east.quantum-computing.ibm.com"),
        (5, 38, "/jobs", "route/post-jobs"),
        (7, 17, "X-Access-Token", "header/x-access-token"),
        (8, 51, "hub", "body/hub"),
        (8, 66, "project", "body/project"),
        (8, 84, "start_session", "body/start_session"),
        (
            14,
            25,
            "wss://runtime-us-east.quantum-computing.ibm.com/stream/jobs/${id}",
            "route/get-stream-jobs-id",
        ),
        (18, 24, "/analytics/usage-grouped", "route/get-analytics-usage-grouped"),
    ],
    "pipeline.sh": [
        (3, 6, CLASSIC, "host/runtime-us-east.quantum-computing.ibm.com"),
        (5, 25, "https://auth.quantum-computing.ibm.com/api/users/loginWithToken", "route/post-users-loginwithtoken"),
        (6, 46, "apiToken", "body/apiToken"),
        (7, 20, "/jobs", "route/post-jobs"),
        (7, 31, "x-access-token", "header/x-access-token"),
        (8, 9, "programId", "body/programId"),
        (8, 33, "hub", "body/hub"),
        (8, 49, "group", "body/group"),
        (8, 66, "project", "body/project"),
        (9, 17, "/jobs/${ID}/results", "route/get-jobs-id-results"),
        (9, 42, "x-access-token", "header/x-access-token"),
        (10, 25, "/programs/mine-1234", "route/delete-programs-id"),
        (11, 15, "/backends", "route/get-backends"),
        (11, 25, "provider", "query/provider"),
    ],
    "guide.md": [
        (3, 10, "qiskit-ibmq-provider", "sdk/package/qiskit-ibmq-provider"),
        (3, 44, "IBMQ.load_account", "sdk/name/qiskit.IBMQ.load_account"),
        (5, 26, "/jobs", "route/post-jobs"),
        (5, 36, CLASSIC, "host/runtime-us-east.quantum-computing.ibm.com"),
        (6, 16, "/jobs/{id}/results", "route/get-jobs-id-results"),
        (9, 32, 'channel="ibm_quantum"', "sdk/value/channel=ibm_quantum"),
    ],
    "config.yml": [
        (2, 3, "channel: ibm_quantum", "sdk/setting/channel: ibm_quantum"),
        (3, 8, "https://auth.quantum-computing.ibm.com/api", "host/auth.quantum-computing.ibm.com"),
    ],
    "calls.http": [
        (1, 6, "https://us-east.quantum-computing.cloud.ibm.com/jobs", "route/post-jobs"),
        (4, 28, "max_session_ttl", "body/max_session_ttl"),
        (7, 5, "https://us-east.quantum-computing.cloud.ibm.com/jobs/{{id}}/type", "route/get-jobs-id-type"),
    ],
    "submit_jobs.py": [
        (10, 9, CLASSIC, "host/runtime-us-east.quantum-computing.ibm.com"),
        (11, 9, "https://auth.quantum-computing.ibm.com/api", "host/auth.quantum-computing.ibm.com"),
        (16, 36, "/users/loginWithToken", "route/post-users-loginwithtoken"),
        (16, 67, "apiToken", "body/apiToken"),
        (26, 31, "x-access-token", "header/x-access-token"),
        (30, 14, "programId", "body/programId"),
        (31, 14, "hub", "body/hub"),
        (32, 14, "group", "body/group"),
        (33, 14, "project", "body/project"),
        (34, 25, "circuits", "params/circuits"),
        (34, 48, "run_options", "params/run_options"),
        (35, 14, "start_session", "body/start_session"),
        (37, 46, "/jobs", "route/post-jobs"),
        (41, 51, "/jobs/{}/results", "route/get-jobs-id-results"),
        (47, 34, "https://api.quantum-computing.ibm.com/runtime/backends", "route/get-backends"),
        (47, 89, "provider", "query/provider"),
        (50, 34, "https://api.quantum-computing.ibm.com/facade/v1/jobs", "route/get-jobs"),
        (53, 41, "/analytics/usage-grouped-by-date", "route/get-analytics-usage-grouped-by-date"),
        (56, 46, "/sessions", "route/post-sessions"),
        (56, 76, "max_session_ttl", "body/max_session_ttl"),
        (59, 47, "/programs/{}/data", "route/put-programs-id-data"),
    ],
    "follow_job.py": [
        (6, 9, "runtime-us-east.quantum-computing.ibm.com", "host/runtime-us-east.quantum-computing.ibm.com"),
        (10, 17, "Authorization", "header/x-access-token"),
        (11, 37, "wss://{}/stream/jobs/{}", "route/get-stream-jobs-id"),
    ],
    "with_provider.py": [
        (1, 20, "IBMQ", "sdk/name/qiskit.IBMQ"),
        (1, 42, "execute", "sdk/name/qiskit.execute"),
        (2, 35, "least_busy", "sdk/module/qiskit.providers.ibmq"),
        (3, 43, "Options", "sdk/name/qiskit_ibm_runtime.Options"),
        (5, 1, "IBMQ.load_account", "sdk/name/qiskit.IBMQ.load_account"),
        (6, 12, "IBMQ.get_provider", "sdk/name/qiskit.IBMQ.get_provider"),
        (8, 1, "provider.runtime.upload_program", "sdk/method/upload_program"),
        (10, 41, "ibm_quantum", "sdk/value/channel=ibm_quantum"),
        (10, 55, 'instance="ibm-q/open/main"', "sdk/value/instance=hub/group/project"),
        (11, 44, "ibm_quantum", "sdk/value/channel=ibm_quantum"),
        (15, 1, "execute", "sdk/name/qiskit.execute"),
        (16, 14, "service=service", "sdk/keyword/service"),
        (17, 23, "session=session", "sdk/keyword/session"),
        (17, 48, "Options", "sdk/name/qiskit_ibm_runtime.Options"),
        (18, 23, "circuits=circuit", "sdk/keyword/circuits"),
        (18, 50, "quasi_dists", "sdk/attribute/quasi_dists"),
        (19, 27, "session=session", "sdk/keyword/session"),
        (20, 19, "circuits=circuit", "sdk/keyword/circuits"),
        (20, 37, 'observables="ZZ"', "sdk/keyword/observables"),
        (20, 55, "parameter_values=[]", "sdk/keyword/parameter_values"),
    ],
    "clean.py": [],
    "clean.md": [],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_use_in_a_sample_is_found_with_line_and_column(name: str) -> None:
    findings = scan([SAMPLES / name])
    assert places(findings) == EXPECTED[name]
    lines = (SAMPLES / name).read_text(encoding="utf-8").splitlines()
    for finding in findings:
        # A hole is shown as `{}`; what stands before it is the file's own text.
        shown = finding.found.partition("{}")[0]
        assert lines[finding.line - 1][finding.column - 1 :].startswith(shown)


def test_every_finding_says_what_it_becomes_and_links_to_the_page() -> None:
    for finding in scan([SAMPLES]):
        assert finding.becomes
        assert re.fullmatch(r"qrr docs migration#[a-z0-9-]+", finding.link)
        assert finding.rule in RULES


def test_a_notebook_is_read_cell_by_cell() -> None:
    found = [(one.cell, *place) for one, place in zip(*two(scan([SAMPLES / "runs.ipynb"])), strict=True)]
    api = "https://api.quantum-computing.ibm.com/runtime"
    assert found == [
        (1, 3, 26, "/jobs", "route/post-jobs"),
        (1, 3, 36, CLASSIC, "host/runtime-us-east.quantum-computing.ibm.com"),
        (2, 2, 11, "x-access-token", "header/x-access-token"),
        (2, 2, 35, f"{api}/jobs", "route/get-jobs"),
        (2, 6, 9, api, "host/api.quantum-computing.ibm.com"),
        (3, 1, 31, "/jobs/{}", "route/get-jobs-id"),
        (4, 2, 16, f"{api}/programs/bell-1", "route/delete-programs-id"),
        (5, 1, 10, "programId", "body/programId"),
        (5, 1, 34, "hub", "body/hub"),
        (5, 1, 50, "project", "body/project"),
        (5, 2, 23, "/jobs", "route/post-jobs"),
    ]


def two(findings: list[Finding]) -> tuple[list[Finding], list[tuple[int, int, str, str]]]:
    return findings, places(findings)


def test_findings_in_a_notebook_have_the_line_of_the_file() -> None:
    lines = (SAMPLES / "runs.ipynb").read_text(encoding="utf-8").splitlines()
    for finding in scan([SAMPLES / "runs.ipynb"]):
        shown = json.dumps(finding.found.partition("{}")[0])[1:-1]
        assert shown in lines[finding.file_line - 1]


@pytest.mark.parametrize("minor", [0, 5])
def test_notebooks_with_sources_in_one_string_and_old_formats_are_read(tmp_path: Path, minor: int) -> None:
    cell = {"cell_type": "code", "source": f"x = 1\nurl = '{CLASSIC}/jobs'", "metadata": {}, "outputs": []}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": minor}))
    assert [(one.cell, one.line, one.rule.id) for one in scan([path])] == [(1, 2, "route/get-jobs")]
    old = {"cell_type": "code", "input": [f"url = '{CLASSIC}/health'"], "language": "python", "outputs": []}
    worksheets = [{"cells": [old], "metadata": {}}]
    path.write_text(json.dumps({"worksheets": worksheets, "metadata": {}, "nbformat": 3, "nbformat_minor": 0}))
    assert [(one.cell, one.line, one.rule.id) for one in scan([path])] == [(1, 1, "route/get-health")]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
@pytest.mark.parametrize(
    "name", ["a.py", "a.sh", "a.ts", "a.kt", "a.go", "a.rb", "a.cs", "a.R", "a.jl", ".env", "a.toml"]
)
def test_every_host_is_found_in_every_language(tmp_path: Path, name: str, host: Any) -> None:
    address = f"https://{host.name}{host.prefix}"
    (tmp_path / name).write_text(f'x = "{address}"\n')
    assert places(scan([tmp_path])) == [(1, 6, address, f"host/{host.name}")]


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.serves == "runtime"], ids=lambda route: route.anchor
)
@pytest.mark.parametrize("spelling", ["", "/facade/v1", "/runtime"])
def test_every_route_is_found_in_python_and_in_a_shell(tmp_path: Path, route: Any, spelling: str) -> None:
    path = spelling + re.sub(r"\{\w+\}", "{name}", route.path)
    verb = route.method.lower()
    python = f'import requests\nrequests.{verb}(f"{CLASSIC}{path}")\n'
    assert rules_in(tmp_path, "a.py", python) == [f"route/{route.anchor}"]
    named = f'import requests\nB = "{CLASSIC}"\nrequests.request("{route.method}", B + f"{path}")\n'
    assert rules_in(tmp_path, "b.py", named)[1:] == [f"route/{route.anchor}"]
    shell = f'B={CLASSIC}\ncurl -X {route.method} "$B{path.replace("{name}", "$NAME")}"\n'
    assert rules_in(tmp_path, "a.sh", shell)[1:] == [f"route/{route.anchor}"]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_is_found_in_a_call_and_nowhere_else(tmp_path: Path, field: Any) -> None:
    call = f'import requests\nrequests.post("{CLASSIC}/jobs", json={{"{field.name}": 1}})\n'
    assert f"{field.where}/{field.name}" in rules_in(tmp_path, "a.py", call)
    elsewhere = f'import requests\nrequests.post("https://example.org/jobs", json={{"{field.name}": 1}})\n'
    assert rules_in(tmp_path, "b.py", elsewhere) == []


@pytest.mark.parametrize(
    "text",
    [
        'import requests\nrequests.get("https://example.org/programs")\n',
        'B = "https://quantum.cloud.ibm.com/api/v1"\nget(B + "/jobs", headers={"x-access-token": 1})\n',
        'url = "https://x-runtime-us-east.quantum-computing.ibm.com.example.org"\n',
        f'# {CLASSIC}/jobs\nproject = {{"project": 1, "group": 2}}\n',
        "from qiskit.primitives import Sampler\nSampler(options={}).run(circuits=[]).result().quasi_dists\n",
        'from qiskit_ibm_runtime import SamplerV2\nSamplerV2(mode=1).run([1])\nchannel = "ibm_quantum_platform"\n',
    ],
)
def test_uses_that_are_not_classic_are_not_found(tmp_path: Path, text: str) -> None:
    assert rules_in(tmp_path, "a.py", text) == []


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("a.m", "options = weboptions('HeaderFields', {'x-access-token' token});", ["header/x-access-token"]),
        ("a.m", "r = webwrite(url, 'programId', id, 'hub', 'h');", ["body/programId", "body/hub"]),
        ("a.R", "GET(url, add_headers(`x-access-token`=id))", ["header/x-access-token"]),
        ("a.R", 'POST(url, body=list(apiToken=token, hub = "h"), encode="json")', ["body/apiToken", "body/hub"]),
        ("a.jl", 'HTTP.get(url; headers=["x-access-token" => id])', ["header/x-access-token"]),
        ("a.ps1", '$headers = @{ "x-access-token" = $id }', ["header/x-access-token"]),
        ("a.java", 'request.header("x-access-token", id);', ["header/x-access-token"]),
        ("a.go", 'request.Header.Set("x-access-token", id)', ["header/x-access-token"]),
        ("a.rb", "headers = { 'x-access-token' => id }", ["header/x-access-token"]),
        ("a.sh", "apiToken=$1; group=users", []),
        ("a.md", 'the "hub" is the first part, and "x-access-token" == id compares it', []),
    ],
)
def test_headers_and_keys_are_found_as_each_language_writes_them(
    tmp_path: Path, name: str, line: str, found: list[str]
) -> None:
    (tmp_path / name).write_text(f'url = "{CLASSIC}";\n{line}\n')
    assert [rule for number, _, _, rule in places(scan([tmp_path])) if number == 2] == found


def test_paths_that_only_the_classic_api_has_need_no_host(tmp_path: Path) -> None:
    text = 'post(base + "/users/loginWithToken")\nget(base + "/facade/v1/jobs")\nget(base + "/jobs")\n'
    assert rules_in(tmp_path, "a.py", text) == ["route/post-users-loginwithtoken", "route/get-jobs", "route/get-jobs"]


def test_a_path_that_begins_with_v1_is_not_classic(tmp_path: Path) -> None:
    text = f'x = "{CLASSIC}"\nget(base + "/v1/jobs")\nget(base + "/api/v1/jobs")\n'
    assert rules_in(tmp_path, "a.py", text) == ["host/runtime-us-east.quantum-computing.ibm.com"]


def test_names_are_followed_over_cells_parameters_and_the_environment(tmp_path: Path) -> None:
    text = (
        "import os\n"
        f'HOST = os.environ.get("HOST", "{CLASSIC}")\n'
        "JOBS = f'{HOST}/jobs'\n"
        "def submit(session, url=JOBS):\n"
        "    session.post(url, json=dict(programId='sampler', hub='a'))\n"
    )
    (tmp_path / "a.py").write_text(text)
    assert [(one.line, one.rule.id) for one in scan([tmp_path])] == [
        (2, "host/runtime-us-east.quantum-computing.ibm.com"),
        (3, "route/get-jobs"),
        (5, "body/programId"),
        (5, "body/hub"),
    ]


def test_python_that_does_not_parse_is_searched_as_text(tmp_path: Path) -> None:
    path = tmp_path / "old.py"
    path.write_text(f'print "x"\nurllib2.urlopen("{CLASSIC}/jobs/1/type")\n')
    scanner = Scanner()
    assert [one.rule.id for one in scanner.scan([path])] == ["route/get-jobs-id-type"]
    assert "searched as text" in scanner.skipped[0].why
    assert "line 1" in scanner.skipped[0].why


def test_python_in_an_unknown_encoding_is_searched_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# \xe9\n" + f'x = "{CLASSIC}"\n'.encode())
    scanner = Scanner()
    assert len(scanner.scan([tmp_path])) == 1
    assert "encoding" in scanner.skipped[0].why


def test_lines_of_a_cell_that_only_look_like_magics_are_python(tmp_path: Path) -> None:
    source = f'x = ("{CLASSIC}/jobs/%s/type"\n% 1)\n'
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    scanner = Scanner()
    assert [one.rule.id for one in scanner.scan([tmp_path])] == ["route/get-jobs-id-type"]
    assert scanner.skipped == []


def test_folders_of_installed_programs_are_skipped(tmp_path: Path) -> None:
    for folder in (".git", "node_modules/x", ".cache", "env/lib", "src/deep"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text(f'x = "{CLASSIC}"\n')
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "src" / "data.bin").write_text(CLASSIC)
    assert [one.path for one in scan([tmp_path])] == [tmp_path / "src/deep/a.py"]
    assert len(scan([tmp_path / ".cache", tmp_path / "src/data.bin"])) == 2, "what is named is read"


def test_circular_links_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text(CLASSIC)
    (tmp_path / "again.sh").symlink_to("a.sh")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "self.sh").symlink_to("self.sh")
    scanner = Scanner()
    assert [one.path.name for one in scanner.scan([tmp_path, tmp_path])] == ["a.sh"]
    assert [one.path.name for one in scanner.skipped] == ["self.sh"]


def test_files_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "binary.py").write_bytes(b"\0\1\2" + CLASSIC.encode())
    with (tmp_path / "huge.txt").open("wb") as huge:
        huge.truncate(LARGEST + 1)
    (tmp_path / "gone.sh").symlink_to("nowhere")
    (tmp_path / "broken.ipynb").write_text(f'{{"cells": [{{"source": "{CLASSIC}"')
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(tmp_path)
    listener.bind("socket.sh")
    scanner = Scanner()
    findings = scanner.scan([tmp_path])
    listener.close()
    assert [one.path.name for one in findings] == ["broken.ipynb"]
    names = {one.path.name: one.why for one in scanner.skipped}
    assert set(names) == {"binary.py", "huge.txt", "gone.sh", "broken.ipynb", "socket.sh"}
    assert "binary" in names["binary.py"]
    assert "MB" in names["huge.txt"]
    assert "not a notebook" in names["broken.ipynb"]


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf", b"# -*- coding: latin-1 -*-\n# \xe9\n", b"# \xe9 in no encoding\n", b"\r\n"]
)
def test_encodings_make_no_difference(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.py").write_bytes(content + f'x = "{CLASSIC}"\n'.encode())
    assert [one.found for one in scan([tmp_path])] == [CLASSIC]


WORDS = f"""
{CLASSIC} /jobs /users/loginWithToken x-access-token "hub":1 {{ }} " ' f" \\ ( ) + %s $A = IBMQ import
qiskit_ibm_runtime channel= ibm_quantum
"""
SCRAPS = st.sampled_from([*WORDS.split(), " ", "\n", "\r", "\f", "# qrr: x", "def f("])


@given(st.one_of(st.text(max_size=200), st.lists(SCRAPS, max_size=25).map("".join)))
def test_a_scan_accepts_any_text(text: str) -> None:
    skipped: list[Skipped] = []
    languages: tuple[Language, ...] = ("python", "notebook", "text")
    for language in languages:
        lines = re.split(r"\r\n|\r|\n", text)
        for finding in Examined(Source(Path("a"), language, text, "utf-8"), on_skip=skipped.append).findings():
            assert finding.becomes
            assert 1 <= finding.line <= len(lines)


# The command


def test_the_command_prints_places_and_ends_with_1() -> None:
    result = qrr(str(SAMPLES / "config.yml"))
    assert result.exit_code == 1
    assert f"{SAMPLES / 'config.yml'}:2:3: channel: ibm_quantum -> " in result.stdout
    assert "qrr docs migration#sdk-setting-channel-ibm-quantum" in result.stdout
    assert "2 classic uses in 1 file" in result.stderr


def test_nothing_found_is_0_and_wrong_use_is_2(tmp_path: Path) -> None:
    assert qrr(str(SAMPLES / "clean.py"), str(tmp_path)).exit_code == 0
    assert qrr(str(tmp_path / "nowhere")).exit_code == 2
    assert qrr("--json", "--sarif", str(tmp_path)).exit_code == 2
    assert qrr().exit_code == 2


def test_json_has_findings_and_skipped_files(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "runs.ipynb", tmp_path)
    (tmp_path / "b.py").write_bytes(b"\0")
    result = qrr("--json", str(tmp_path))
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["findings"] == [one.to_dict() for one in scan([tmp_path])]
    assert document["findings"][0]["cell"] == 1
    assert [one["path"] for one in document["skipped"]] == [str(tmp_path / "b.py")]
    assert document["fixed"] == []
    assert "b.py" in result.stderr


def test_sarif_has_what_code_hosts_need() -> None:
    result = qrr("--sarif", str(SAMPLES))
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document == sarif(scan([SAMPLES]))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules) == len(RULES)
    for rule in rules:
        assert rule["helpUri"].startswith("https://")
        assert rule["shortDescription"]["text"]
        assert "qrr docs migration#" in rule["help"]["markdown"]
    assert len(run["results"]) == len(scan([SAMPLES]))
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("none", "note", "warning", "error")
        assert one["message"]["text"]
        (location,) = one["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert location["physicalLocation"]["artifactLocation"]["uri"]
    assert run["columnKind"] == "unicodeCodePoints"


def test_the_command_line_starts_without_the_extra() -> None:
    script = (
        "import sys\n"
        "sys.modules['libcst'] = sys.modules['nbformat'] = None\n"
        "from qiskit_runtime_rest.cli.app import app\n"
        f"app(['legacy', 'scan', {str(SAMPLES)!r}])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "qiskit-runtime-rest[legacy]" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_libcst_is_loaded_by_the_scan_only() -> None:
    script = "import sys\nimport qiskit_runtime_rest.cli.app\nassert not {'libcst', 'nbformat'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-c", script], check=True)
