from __future__ import annotations

import json
import shlex
import signal
import sqlite3
import ssl
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from .conftest import HANG_SECONDS, Process, Run


def test_it_prints_its_address_and_ends_cleanly(process: Process, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    options = ("--seed", "3", "--pace", "hold", "--allow-host", "lab.example", "--json")
    child = process("emulator", "serve", "--ready-file", str(ready), *options)
    assert child.stdout is not None
    address = json.loads(child.stdout.readline())
    assert json.loads(ready.read_text()) == address
    assert address["pid"] == child.pid
    health = f"{address['url']}/_emulator/health"
    statuses = {host: httpx.get(health, headers={"Host": host}).status_code for host in ("lab.example", "evil.example")}
    assert statuses == {"lab.example": 200, "evil.example": 403}
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 0
    assert not ready.exists()


def test_with_a_proxy_programs_find_it_behind_the_names_of_the_real_services(process: Process, tmp_path: Path) -> None:
    ready, files = tmp_path / "ready.json", tmp_path / "files"
    options = ("--ready-file", str(ready), "--json", "--allow-host", "lab.example", "--instance", "my-instance")
    child = process("emulator", "serve", "--proxy", "--proxy-files", str(files), *options)
    assert child.stdout is not None
    address = json.loads(child.stdout.readline())
    assert json.loads(ready.read_text()) == address
    assert address["environment"]["HTTPS_PROXY"] == address["proxy"]
    assert address["ca_file"] == str(files / "ca.pem")
    trusted = ssl.create_default_context(cafile=address["ca_file"])
    with httpx.Client(proxy=address["proxy"], verify=trusted) as client:
        assert client.get("https://quantum.cloud.ibm.com/api/v1/versions").status_code == 200
        assert client.get("https://auth.quantum-computing.ibm.com/api/version").status_code < 500
    assert httpx.get(f"{address['url']}/_emulator/health", headers={"Host": "lab.example"}).status_code == 200
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 0
    assert not ready.exists()
    assert (files / "ca.pem").exists()


def test_the_lines_to_export_are_enough_to_work_with(process: Process, qrr: Run, environ: pytest.MonkeyPatch) -> None:
    child = process("emulator", "serve", "--pace", "seconds:1,immediate")
    assert child.stdout is not None
    for _ in range(4):
        export, assignment = shlex.split(child.stdout.readline())
        assert export == "export"
        environ.setenv(*assignment.split("=", 1))
    result = qrr("doctor")
    assert result.exit_code == 0, result.output
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 0
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [("--pace", "soon"), ("--pace", "hold,soon"), ("--workers", "0"), ("--port", "70000"), ("--proxy-port", "8080")],
)
def test_a_wrong_option_ends_with_status_2(qrr: Run, arguments: tuple[str, str]) -> None:
    assert qrr("emulator", "serve", *arguments).exit_code == 2


def test_an_address_that_is_taken_ends_with_status_1(process: Process) -> None:
    first = process("emulator", "serve", "--json")
    assert first.stdout is not None
    port = json.loads(first.stdout.readline())["url"].rpartition(":")[2]
    second = process("emulator", "serve", "--port", port)
    _, err = second.communicate(timeout=HANG_SECONDS)
    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in err


@pytest.mark.parametrize(
    ("option", "path", "reason", "advice"),
    [
        ("--state", "no-folder/state.db", "unable to open database file", "Name a file in a folder that exists"),
        ("--state", ".", "it is not a regular file", "Name another file"),
        ("--state", "notes.txt", "a file of another program", "Name another file"),
        ("--state", "other.db", "a file of another program", "Name another file"),
        ("--ready-file", "no-folder/ready.json", "cannot be written", "no-folder is not a folder"),
        ("--ready-file", ".", "is a directory", "--ready-file"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_status_2(
    qrr: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, path: str, reason: str, advice: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("These are notes. " * 9)
    with closing(sqlite3.connect("other.db")) as other:
        other.execute("CREATE TABLE things (name)")
    result = qrr("emulator", "serve", option, path)
    assert result.exit_code == 2
    shown = " ".join(result.stderr.replace("│", " ").split())
    assert path in shown
    assert reason in shown
    assert advice in shown
    assert "report" not in shown


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that is not writable")
def test_a_ready_file_that_cannot_be_written_is_named(process: Process) -> None:
    child = process("emulator", "serve", "--ready-file", "/proc/ready.json")
    _, err = child.communicate(timeout=HANG_SECONDS)
    assert child.returncode == 1
    assert "Cannot write /proc/ready.json: " in err
