"""`qrr legacy run` answers the classic calls of the script and of its child processes, and passes the others on."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from qiskit_runtime_rest.legacy.translation.translator import Translator
from qiskit_runtime_rest.offline.children import answering_children
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import environment

SCRIPT = Path(__file__).parents[1] / "legacy" / "scripts" / "with_children.py"
CLASSIC = "https://runtime-us-east.quantum-computing.ibm.com/programs"
SECONDS = 600
NAME = {"sni_hostname": "runtime-us-east.quantum-computing.ibm.com"}
NAMED = {"Host": NAME["sni_hostname"]}


class Other(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(203)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_host() -> Iterator[str]:
    """A server that is not classic, by a name that the variables of the proxy do not exempt."""
    with ThreadingHTTPServer(("127.0.0.2", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.2:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(pace="immediate", workers=1) as emulator:
        yield emulator


@pytest.fixture
def account(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    return {
        **own,
        "HOME": str(tmp_path),
        **environment(emulator),
    }


def test_calls_of_libraries_and_child_processes_are_answered(account: dict[str, str], other_host: str) -> None:
    command = [sys.executable, "-m", "qiskit_runtime_rest", "legacy", "run", str(SCRIPT), other_host]
    ended = subprocess.run(command, env=account, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "http.client: 200",
        "urllib3: 200",
        "requests: 200",
        "urllib: 200",
        "curl: 200",
        "other: 203",
    ]
    assert "with_children.py:12: GET /programs: 200" in ended.stderr
    assert "GET /programs: 200 (3 times)" in ended.stderr


@pytest.fixture
def variables(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The variables that child processes get."""
    for name in list(os.environ):
        if name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    settings = {"base_url": emulator.base_url, "iam_url": emulator.iam_url, "api_key": emulator.api_key}
    translator = Translator(settings=settings | {"instance": emulator.instance}, store=tmp_path / "store.sqlite")
    with answering_children(translator):
        shown = subprocess.run(["/usr/bin/env"], env={"PATH": "/bin"}, capture_output=True, text=True, check=True)
        yield dict(line.split("=", 1) for line in shown.stdout.splitlines())
    ended = subprocess.run(["/usr/bin/env"], env={"PATH": "/bin"}, capture_output=True, text=True, check=True)
    assert ended.stdout == "PATH=/bin\n"


def status(proxy: str, bundle: str) -> int:
    with httpx.Client(proxy=proxy, verify=ssl.create_default_context(cafile=bundle), trust_env=False) as client:
        return client.get(CLASSIC, timeout=60).status_code


def test_the_proxy_needs_its_password(variables: dict[str, str]) -> None:
    proxy, bundle = variables["HTTPS_PROXY"], variables["SSL_CERT_FILE"]
    assert status(proxy, bundle) == 200
    bare = "http://" + proxy.partition("@")[2]
    for wrong in (bare, bare.replace("//", "//qrr:wrong@")):
        with pytest.raises(httpx.ProxyError, match="407"):
            status(wrong, bundle)


def test_what_stands_behind_the_proxy_answers_the_proxy_only(variables: dict[str, str]) -> None:
    del variables
    listening = _listening()
    assert len(listening) >= 3
    for port in listening:
        for scheme in ("http", "https"):
            try:
                with httpx.Client(verify=False, trust_env=False) as client:
                    answer = client.get(f"{scheme}://127.0.0.1:{port}/programs", headers=NAMED, extensions=NAME)
            except httpx.HTTPError:
                continue
            assert "sampler" not in answer.text


def _listening() -> list[int]:
    """The ports on which this process listens at 127.0.0.1."""
    inodes = set()
    for one in Path("/proc/self/fd").iterdir():
        target = os.readlink(one) if one.is_symlink() else ""  # noqa: PTH115
        inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].partition(":")[2], 16) for row in rows if row[3] == "0A" and row[9] in inodes]
