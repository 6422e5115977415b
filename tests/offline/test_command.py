from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qiskit_runtime_rest.cli.app import app

KEY = "a-key-of-a-user-0123456789abcdef"
ASKING = """
import sys, urllib.request
print(urllib.request.urlopen("https://quantum.cloud.ibm.com/api/v1/versions").status)
try:
    urllib.request.urlopen("http://foreign.example/" + sys.argv[1])
except OSError as error:
    print(error.code)
sys.exit(int(sys.argv[2]))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start `qrr offline` as a process. It is killed at the end of the test."""
    monkeypatch.setenv("QISKIT_IBM_TOKEN", KEY)
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "qiskit_runtime_rest", "offline", *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield run
    for child in started:
        child.kill()
        child.communicate()


def test_output_and_exit_status_are_the_commands_and_the_report_follows(start: Start) -> None:
    child = start("--seed", "3", "--", sys.executable, "-c", ASKING, KEY, "7")
    out, err = child.communicate()
    assert (child.returncode, out) == (7, "200\n403\n")
    assert "connections to the embedded services: quantum.cloud.ibm.com 1." in err
    assert "refused: foreign.example:80 1." in err
    assert KEY not in err


LISTING = """
import json, sys, urllib.parse, urllib.request
grant = urllib.parse.urlencode({"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "any"}).encode()
token = json.load(urllib.request.urlopen("https://iam.cloud.ibm.com/identity/token", grant))["access_token"]
headers = {"Authorization": f"Bearer {token}", "Service-CRN": sys.argv[1], "IBM-API-Version": "2026-04-15"}
asked = urllib.request.Request("https://quantum.cloud.ibm.com/api/v1/backends", headers=headers)
print([device["name"] for device in json.load(urllib.request.urlopen(asked))["devices"]])
"""
CRN = f"crn:v1:bluemix:public:quantum-computing:us-east:a/{'0a' * 16}:00000000-0000-0000-0000-000000000001::"


STATUS = """
import json, sys, urllib.parse, urllib.request
grant = urllib.parse.urlencode({"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "any"}).encode()
token = json.load(urllib.request.urlopen("https://iam.cloud.ibm.com/identity/token", grant))["access_token"]
headers = {"Authorization": f"Bearer {token}", "Service-CRN": sys.argv[1], "Content-Type": "application/json"}
url = "https://quantum.cloud.ibm.com/api/v1/jobs"
job = json.dumps({"program_id": "sampler", "backend": "ibm_fez", "params": {"version": 2, "pubs": []}}).encode()
made = json.load(urllib.request.urlopen(urllib.request.Request(url, job, headers)))["id"]
for _ in range(3):
    print(json.load(urllib.request.urlopen(urllib.request.Request(f"{url}/{made}", headers=headers)))["status"])
"""


def test_jobs_can_stay_in_the_queue(start: Start) -> None:
    child = start("--pace", "hold", "--", sys.executable, "-c", STATUS, CRN)
    assert child.communicate()[0] == "Queued\n" * 3


def test_the_devices_can_be_chosen(start: Start) -> None:
    child = start("--device", "lab=ibm_brisbane", "--device", "ibm_fez", "--", sys.executable, "-c", LISTING, CRN)
    assert child.communicate()[0] == "['lab', 'ibm_fez']\n"
    wrong = start("--device", "lab=ibm_never", "--", "true")
    assert "There is no snapshot 'ibm_never'" in wrong.communicate()[1]
    assert wrong.returncode == 2


def test_the_report_can_be_a_file(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    child = start("--report", str(file), "--", sys.executable, "-c", ASKING, KEY, "0")
    _, err = child.communicate()
    assert (child.returncode, err) == (0, f"the report is in {file}.\n")
    assert json.loads(file.read_text()) == {
        "live": False,
        "answered": {"quantum.cloud.ibm.com": 1},
        "refused": {"foreign.example:80": 1},
    }


def test_the_report_says_that_nothing_arrived(start: Start) -> None:
    child = start("--json", "--", shutil.which("true") or "true")
    _, err = child.communicate()
    assert json.loads(err) == {"live": False, "answered": {}, "refused": {}}
    _, err = start("true").communicate()
    assert "no connection to the embedded services: the program sent no requests" in err


WAITING = "import sys, signal; print('ready', flush=True); signal.pause()"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, 137)])
def test_a_signal_ends_the_command_and_then_all(start: Start, number: signal.Signals, status: int) -> None:
    child = start("--", sys.executable, "-c", f"import os\nprint(os.getpid(), flush=True)\n{WAITING}")
    assert child.stdout is not None
    command = int(child.stdout.readline())
    assert child.stdout.readline() == "ready\n"
    if number == signal.SIGTERM:
        child.send_signal(number)  # it is sent on
    else:
        os.kill(command, number)
    child.communicate()
    assert child.returncode == status


def test_ctrl_c_is_for_the_command(start: Start) -> None:
    source = "import signal, sys\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(5))\n" + WAITING
    child = start("--", sys.executable, "-c", f"import os\nprint(os.getpid(), flush=True)\n{source}")
    assert child.stdout is not None
    command = int(child.stdout.readline())
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    os.kill(command, signal.SIGINT)  # as a terminal does, which sends it to both
    _, err = child.communicate()
    assert child.returncode == 5
    assert "Traceback" not in err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("mode", "status"), [(None, 127), (0o600, 126)])
def test_a_command_that_cannot_be_run_has_the_status_of_a_shell(tmp_path: Path, mode: int | None, status: int) -> None:
    file = tmp_path / "command"
    if mode is not None:
        file.write_text("")
        file.chmod(mode)
    result = CliRunner().invoke(app, ["offline", "--", str(file)])
    assert result.exit_code == status
    assert "cannot be run" in result.output


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--live", "--seed", "1", "--", "true"),
        ("--live", "--pace", "hold", "--", "true"),
        ("--era", "1999", "--", "true"),
        ("--pace", "soon", "--", "true"),
    ],
)
def test_wrong_use_has_status_2(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["offline", *arguments]).exit_code == 2
