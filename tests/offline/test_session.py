"""Programs of this process and of others, with the services behind their names."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.offline import Offline
from qiskit_runtime_rest.testing import Emulator, offline

from ..fixtures.offline_programs import CRN, KEY, URL, Program
from ..fixtures.service import BELL

PYTHON = """
import json, urllib.request, urllib.error
import httpx, requests
print(requests.get("URL/versions").status_code, httpx.get("URL/versions").status_code)
print(urllib.request.urlopen("URL/versions").status)
try:
    urllib.request.urlopen("https://foreign.example/")
except urllib.error.URLError as error:
    print(error.reason)
"""


def test_python_libraries_reach_the_services_and_nothing_else(program: Program) -> None:
    printed = program(sys.executable, "-c", PYTHON.replace("URL/", f"{URL}/")).splitlines()
    assert printed[:2] == ["200 200", "200"]
    assert "qrr offline refuses foreign.example:443: it is not a host of the Qiskit Runtime services" in printed[2]


def test_this_process_can_be_the_program(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", KEY)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", CRN)
    monkeypatch.setenv("QISKIT_IBM_URL", "http://elsewhere.example")
    before = dict(os.environ)
    with offline(seed=1, workers=1) as services:
        assert services.emulator is not None
        assert urllib.request.urlopen(f"{URL}/versions").status == 200
        with RuntimeClient() as client:
            job = client.sampler([BELL], backend="ibm_fez", shots=8)
            assert job.result()[0].data["c"].num_shots == 8
        with pytest.raises(httpx.ProxyError, match="qrr offline refuses"):
            httpx.get("https://foreign.example/")
        assert httpx.get(services.emulator.url + "/_emulator/health").status_code == 200
        recorded = json.dumps([one.as_json() for one in services.emulator.requests])
        files = list(Path(os.environ["SSL_CERT_FILE"]).parent.iterdir())
    assert dict(os.environ) == before
    assert KEY not in recorded
    assert not any(file.exists() for file in files)
    assert services.report().refused == {"foreign.example:443": 1}


@pytest.mark.parametrize("host", ["quantum.cloud.ibm.com", "runtime-us-east.quantum-computing.ibm.com"])
def test_a_request_for_another_host_in_the_tunnel_of_a_known_one_is_refused_and_counted(home: Path, host: str) -> None:
    with offline(seed=1, workers=1) as services:
        with httpx.Client() as client:
            answers = [client.get(f"https://{host}/", headers={"Host": name}) for name in ("foreign.example", "")]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert services.report().refused == {"foreign.example": 1, "(no name)": 1}


def test_no_private_key_is_left_in_a_file(services: Offline) -> None:
    folder = Path(services.environment({})["SSL_CERT_FILE"]).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not [file for file in folder.rglob("*") if file.is_file() and b"PRIVATE KEY" in file.read_bytes()]


def test_a_token_is_given_only_to_programs_that_have_none(services: Offline, home: Path) -> None:
    assert services.emulator is not None
    assert services.environment({})["QISKIT_IBM_TOKEN"] == services.emulator.api_key
    assert services.environment({"QISKIT_IBM_TOKEN": KEY})["QISKIT_IBM_TOKEN"] == KEY
    (home / ".qiskit").mkdir()
    (home / ".qiskit" / "qiskit-ibm.json").write_text("{}")
    assert "QISKIT_IBM_TOKEN" not in services.environment({})


def test_options_of_java_and_node_are_kept(services: Offline) -> None:
    given = {"JAVA_TOOL_OPTIONS": "-Dx=y", "NODE_OPTIONS": "--no-warnings", "IAM_URL": "http://elsewhere.example"}
    environment = services.environment(given)
    assert environment["JAVA_TOOL_OPTIONS"].startswith("-Dx=y -Dhttp.proxyHost=")
    assert '-Dhttp.nonProxyHosts="localhost|127.0.0.1|[::1]" ' in environment["JAVA_TOOL_OPTIONS"]  # not 127.a.example
    assert environment["NODE_OPTIONS"].startswith("--no-warnings --require ")
    assert "IAM_URL" not in environment
    assert (
        services.environment({"QISKIT_IBM_URL": "https://cloud.ibm.com"})["QISKIT_IBM_URL"] == "https://cloud.ibm.com"
    )


def test_the_classic_hosts_are_there(home: Path) -> None:
    with offline(workers=1):
        auth = "https://auth.quantum-computing.ibm.com/api/users/loginWithToken"
        token = httpx.post(auth, json={"apiToken": KEY}).json()["id"]
        classic = "https://runtime-us-east.quantum-computing.ibm.com"
        assert "devices" in httpx.get(f"{classic}/backends", headers={"x-access-token": token}).json()


def test_live_passes_requests_on_to_where_the_settings_say(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "qiskit_runtime_rest")
    with Emulator(workers=1) as real:
        monkeypatch.setenv("QISKIT_IBM_TOKEN", real.api_key)
        monkeypatch.setenv("QISKIT_IBM_INSTANCE", real.instance)
        monkeypatch.setenv("QISKIT_IBM_URL", real.base_url)
        monkeypatch.setenv("IAM_URL", real.iam_url)
        with offline(live=True) as services:
            assert services.emulator is None
            with RuntimeClient() as client:
                assert "ibm_fez" in [backend.name for backend in client.backends.list()]
            with pytest.raises(httpx.ProxyError, match="qrr offline refuses"):
                httpx.get("https://foreign.example/")
        assert [one.operation for one in real.requests] == ["create_token", "list_backends"]
    assert services.report().answered == {"iam.cloud.ibm.com": 1, "quantum.cloud.ibm.com": 1}
    assert real.api_key not in caplog.text


def test_the_fixture_puts_the_service_behind_its_names(ibm_quantum_offline: Emulator) -> None:
    assert httpx.get(f"{URL}/versions").status_code == 200
    assert [one.operation for one in ibm_quantum_offline.requests] == ["get_versions"]
