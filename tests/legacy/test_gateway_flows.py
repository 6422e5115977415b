"""Classic scripts run through `qrr legacy gateway` with only hosts and key changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_runtime_rest.legacy.table import HOSTS
from qiskit_runtime_rest.testing import Emulator

SCRIPTS = Path(__file__).parent / "scripts"
LONGEST_SECONDS = 600


@pytest.fixture
def served(emulator: Emulator, tmp_path: Path) -> Iterator[str]:
    """The URL of a gateway in a separate process."""
    yield from serve(emulator, tmp_path)


def serve(emulator: Emulator, folder: Path, *options: str) -> Iterator[str]:
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "qiskit_runtime_rest", "legacy", "gateway", "--ready-file", str(ready)]
    connection = ["--base-url", emulator.base_url, "--iam-url", emulator.iam_url, "--instance", emulator.instance]
    with subprocess.Popen(
        [*command, *connection, "--store", str(folder / "legacy.sqlite"), "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    ) as process:
        try:
            assert process.stdout is not None
            announced = json.loads(process.stdout.readline())["url"]
            assert json.loads(ready.read_text())["url"] == announced
            yield announced
        finally:
            process.terminate()
            assert process.wait(timeout=LONGEST_SECONDS) == 0
            assert not ready.exists()


def run_with_another_host(script: str, url: str, emulator: Emulator, folder: Path) -> str:
    """Run a script with the hosts replaced by the gateway, and the key by a valid one."""
    text = (SCRIPTS / script).read_text()
    for host in HOSTS:
        text = text.replace(f"https://{host.name}", url).replace(f"wss://{host.name}", url.replace("http", "ws", 1))
    text = text.replace("MY_API_TOKEN", emulator.api_key)
    assert not re.search(r"ibm\.com", text)
    # A newer version of `websockets` renamed this argument.
    changed = folder / script
    changed.write_text(text.replace("extra_headers=", "additional_headers="))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(changed)],
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_classic_flow_from_login_to_logout(served: str, emulator: Emulator, tmp_path: Path) -> None:
    printed = run_with_another_host("classic_flow.py", served, emulator, tmp_path).splitlines()
    assert "backend: ibm_fez True" in printed
    assert "same session: True" in printed
    assert "heard: True True 1000" in printed
    assert "state: Completed Completed None" in printed
    assert "results: 2 [1000, 1000]" in printed
    assert printed[-1] == "after logout: 401 1201"


def test_the_oldest_flow_waits_while_there_is_no_result(emulator: Emulator, tmp_path: Path) -> None:
    for url in serve(emulator, tmp_path, "--era", "2021"):
        printed = run_with_another_host("oldest_flow.py", url, emulator, tmp_path)
        assert printed.splitlines() == ["programs: list", "result: 200 All done!"]
