"""Clients of several kinds are recorded, and get the same responses from a replay after the service is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from qiskit_runtime_rest import ApiError, AuthenticationError, RuntimeClient, Settings
from qiskit_runtime_rest.cassettes import judged, load, record, replay
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.service import BELL

QISKIT_SCRIPT = """
import json
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

service = QiskitRuntimeService()
backend = service.backend("ibm_fez")
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
bell = generate_preset_pass_manager(backend=backend, optimization_level=1, seed_transpiler=1).run(bell)
job = SamplerV2(mode=backend).run([bell], shots=100)
print(json.dumps([service.active_account()["instance"], job.job_id(), job.result()[0].data.meas.get_counts()]))
"""

Values = dict[str, Any]


def clean_environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}


def with_our_client(client: RuntimeClient) -> Values:
    job = client.sampler([BELL], backend="ibm_fez", shots=100, tags=["study"])
    result = job.result(timeout=600)
    found = next(iter(client.jobs.list(tags=["study"])))
    return {
        "backends": [backend.name for backend in client.backends.list()],
        "job": [job.id, found.id, str(job.status())],
        "created": job.metrics().to_dict()["timestamps"]["created"],
        "counts": result[0].counts(),
    }


def with_plain_http(environment: Mapping[str, str], api_key: str) -> Values:
    """As curl would: without a library of ours or IBM's."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": api_key}
    token = httpx.post(f"{environment['IAM_URL']}/identity/token", data=form).raise_for_status().json()
    root = environment["QISKIT_IBM_URL"] + "/v1"
    headers = {
        "Authorization": f"Bearer {token['access_token']}",
        "Service-CRN": environment["QISKIT_IBM_INSTANCE"],
        "IBM-API-Version": "2026-04-15",
    }
    with httpx.Client(headers=headers) as http:
        session = http.post(f"{root}/sessions", json={"backend": "ibm_fez", "mode": "batch"}).json()
        first = http.get(f"{root}/sessions/{session['id']}").json()["state"]
        closed = http.patch(f"{root}/sessions/{session['id']}", json={"accepting_jobs": False}).status_code
        again = http.get(f"{root}/sessions/{session['id']}").json()["state"]
        third = http.get(f"{root}/sessions/{session['id']}").json()["state"]
        missing = http.get(f"{root}/jobs/d0000000000000000000")
        versions = http.get(f"{root}/versions").json()
    return {
        "states": [first, closed, again, third],
        "missing": [missing.status_code, missing.json()["errors"][0]["code"]],
        "versions": versions,
        "token": sorted(token),
    }


def with_qiskit(environment: Mapping[str, str], home: Path) -> Any:
    command = [sys.executable, "-W", "ignore", "-c", QISKIT_SCRIPT]
    done = subprocess.run(
        command,
        env={**clean_environment(home), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class Recorded:
    """A cassette of each kind of client, and the values that it got from the service."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.plain, self.qiskit = (folder / f"{name}.har" for name in ("ours", "plain", "qiskit"))
        self.values: Values = {}
        self.said = ""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("cassettes")
    made = Recorded(folder)
    with Emulator(workers=1, seed=3) as emulator, pytest.MonkeyPatch.context() as patch:
        patch.delenv("QRR_CASSETTE_SALT", raising=False)
        settings = Settings(
            api_key=emulator.api_key, instance=emulator.instance, base_url=emulator.base_url, iam_url=emulator.iam_url
        )
        with record(made.ours, settings) as service, service.connect() as client:
            made.values["ours"] = with_our_client(client)
        with record(made.plain, settings, salt="one") as service:
            made.values["plain"] = with_plain_http(service.environment, emulator.api_key)
        environment = {
            **clean_environment(folder),
            "QISKIT_IBM_URL": emulator.base_url,
            "IAM_URL": emulator.iam_url,
            "GLOBAL_SEARCH_URL": emulator.url,
            "GLOBAL_CATALOG_URL": emulator.url,
            "QISKIT_IBM_TOKEN": emulator.api_key,
            "QISKIT_IBM_INSTANCE": emulator.instance,
        }
        command = [sys.executable, "-m", "qiskit_runtime_rest", "contract", "record", str(made.qiskit), "--"]
        done = subprocess.run(
            [*command, sys.executable, "-W", "ignore", "-c", QISKIT_SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        made.values["qiskit"] = json.loads(done.stdout.splitlines()[-1])
        made.said = done.stderr
    return made


@pytest.fixture
def upstream(emulator: Emulator) -> Settings:
    """The embedded service's address, and an account there."""
    return Settings(
        api_key=emulator.api_key, instance=emulator.instance, base_url=emulator.base_url, iam_url=emulator.iam_url
    )


@pytest.fixture
def quick(options: dict[str, Any]) -> dict[str, Any]:
    """Choices of a client that does not sleep."""
    return {name: options[name] for name in ("clock", "poll_interval", "retries")}


def test_our_client_gets_the_same_again(recorded: Recorded, quick: dict[str, Any]) -> None:
    for _ in range(2):
        with replay(recorded.ours) as service, service.connect(**quick) as client:
            assert with_our_client(client) == recorded.values["ours"]
            assert service.missed == []


def test_an_asynchronous_client_gets_the_same(recorded: Recorded, quick: dict[str, Any]) -> None:
    import asyncio

    async def counts(service: Any) -> Any:
        async with service.connect_async(**quick) as client:
            job = await client.sampler([BELL], backend="ibm_fez", shots=100, tags=["study"])
            return (await job.result(timeout=600))[0].counts()

    with replay(recorded.ours) as service:
        assert asyncio.run(counts(service)) == recorded.values["ours"]["counts"]


def test_plain_http_gets_the_same_again_in_the_same_order(recorded: Recorded) -> None:
    with replay(recorded.plain) as service:
        answers = with_plain_http(service.environment, "another key")
        assert answers == recorded.values["plain"]
        assert answers["states"][0] != answers["states"][2]
        assert service.missed == []


def test_qiskit_ibm_runtime_gets_the_same_again_with_any_key(recorded: Recorded, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "qiskit_runtime_rest", "contract", "replay", str(recorded.qiskit)]
    server = subprocess.Popen(
        [*command, "--ready-file", str(ready)],
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        exported = dict(server.stdout.readline().strip().removeprefix("export ").split("=", 1) for _ in range(7))
        assert exported.items() >= json.loads(ready.read_text())["environment"].items()
        instance, *rest = with_qiskit({**exported, "QISKIT_IBM_TOKEN": "any"}, tmp_path)
        assert rest == recorded.values["qiskit"][1:]
        assert instance == exported["QISKIT_IBM_INSTANCE"] != recorded.values["qiskit"][0]
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=600)
        assert "not recorded" not in said
        assert not ready.exists()
    finally:
        server.kill()
        server.communicate()


def test_several_cassettes_are_served_together(recorded: Recorded, quick: dict[str, Any]) -> None:
    with replay(recorded.plain, recorded.ours) as service:
        assert with_plain_http(service.environment, "key") == recorded.values["plain"]
        with service.connect(**quick) as client:
            assert with_our_client(client)["counts"] == recorded.values["ours"]["counts"]


def test_recording_reports_entries_and_violations(recorded: Recorded) -> None:
    count = len(load(recorded.qiskit))
    assert f"{count} entries are in {recorded.qiskit}" in recorded.said
    assert "0 violations" in recorded.said
    judgement = judged(load(recorded.ours))
    assert judgement.checked >= 6
    assert judgement.violations == ()


def test_a_token_of_a_replay_begins_now(recorded: Recorded) -> None:
    import time

    import jwt

    with replay(recorded.plain) as service:
        before = int(time.time())
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "x"}
        token = httpx.post(f"{service.iam_url}/identity/token", data=form).json()
        claims = jwt.decode(token["access_token"], options={"verify_signature": False})
        assert claims["exp"] == token["expiration"] >= before + token["expires_in"]
        assert claims["account"]["bss"] in str(service.instance)


def test_a_refused_key_is_refused_again(tmp_path: Path, emulator: Emulator, quick: dict[str, Any]) -> None:
    path = tmp_path / "refused.har"
    settings = Settings(
        api_key="wrong", instance=emulator.instance, base_url=emulator.base_url, iam_url=emulator.iam_url
    )

    def ask(service: Any) -> str:
        with service.connect(**quick) as client, pytest.raises(AuthenticationError) as refusal:
            client.backends.get("ibm_fez")
        return refusal.value.message

    with record(path, settings) as service:
        said = ask(service)
    with replay(path) as service:
        assert ask(service) == said


def test_a_request_that_was_not_recorded_is_an_error_that_is_not_retried(
    recorded: Recorded, quick: dict[str, Any]
) -> None:
    with replay(recorded.ours) as service, service.connect(**quick) as client:
        with pytest.raises(
            ApiError, match=r"not in the cassette \(ours\.har\): GET /v1/backends/ibm_kingston/"
        ) as error:
            client.backends.configuration("ibm_kingston")
        assert error.value.status == 421
        with pytest.raises(ApiError, match=r"another body: \$\.params\.shots was 100, and is 7"):
            client.sampler([BELL], backend="ibm_fez", shots=7, tags=["study"])
        assert len(service.missed) == 2


def test_match_path_ignores_the_body(recorded: Recorded, quick: dict[str, Any]) -> None:
    with replay(recorded.ours, match="path") as service, service.connect(**quick) as client:
        job = client.sampler([BELL], backend="ibm_fez", shots=7)
        assert job.id == recorded.values["ours"]["job"][0]


def test_the_last_response_is_repeated_or_an_error_follows(recorded: Recorded) -> None:
    def asked(service: Any, times: int) -> list[int]:
        return [httpx.get(f"{service.base_url}/v1/versions").status_code for _ in range(times)]

    with replay(recorded.plain) as service:
        assert asked(service, 3) == [200, 200, 200]
    with replay(recorded.plain, exhausted="error") as service:
        assert asked(service, 3) == [200, 421, 421]
        assert "recorded 1 times" in service.missed[0]


@pytest.fixture
def qrr(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `qrr contract` with an account of the embedded service."""
    from qiskit_runtime_rest.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QISKIT_IBM_URL", emulator.base_url)
    monkeypatch.setenv("IAM_URL", emulator.iam_url)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", emulator.api_key)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", emulator.instance)
    return lambda *arguments: CliRunner().invoke(app, ["contract", *arguments])


def test_the_status_and_the_requests_of_a_failing_command_are_kept(qrr: Callable[..., Result], tmp_path: Path) -> None:
    code = "import httpx, os, sys; httpx.get(os.environ['QISKIT_IBM_URL'] + '/v1/versions'); sys.exit(7)"
    done = qrr("record", "seven.har", "--json", "--", sys.executable, "-c", code)
    assert done.exit_code == 7
    assert json.loads(done.stdout)["exchanges"] == 1
    assert [one.target for one in load(tmp_path / "seven.har")] == ["/v1/versions"]
    assert [path.name for path in tmp_path.glob("*") if path.suffix] == ["seven.har"]


def test_a_cassette_is_only_overwritten_with_the_option(qrr: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "there.har").write_text("mine")
    done = qrr("record", "there.har", "--", "true")
    assert done.exit_code == 2
    assert "--overwrite" in done.stderr
    assert (tmp_path / "there.har").read_text() == "mine"
    code = "import httpx, os; httpx.get(os.environ['QISKIT_IBM_URL'] + '/v1/versions')"
    assert qrr("record", "there.har", "--overwrite", "--", sys.executable, "-c", code).exit_code == 0
    assert len(load(tmp_path / "there.har")) == 1


def test_without_requests_no_cassette_is_written(
    qrr: Callable[..., Result], upstream: Settings, tmp_path: Path
) -> None:
    (tmp_path / "there.har").write_text("mine")
    done = qrr("record", "there.har", "--overwrite", "--json", "--", "true")
    assert (done.exit_code, json.loads(done.stdout)["file"]) == (0, None)
    assert "no requests were sent: there.har was not written" in " ".join(done.stderr.split())
    warned = pytest.warns(UserWarning, match=r"no requests were sent: .*there\.har was not written")
    with warned, record(tmp_path / "there.har", upstream):
        pass
    assert (tmp_path / "there.har").read_text() == "mine"


def test_recording_the_result_of_a_private_job_warns(upstream: Settings, tmp_path: Path, quick: dict[str, Any]) -> None:
    warned = pytest.warns(UserWarning, match="the result of the private job")
    with warned, record(tmp_path / "private.har", upstream) as service, service.connect(**quick) as client:
        client.sampler([BELL], backend="ibm_fez", shots=10, private=True).result(timeout=600)
    assert load(tmp_path / "private.har")


def test_a_missing_command_writes_nothing(qrr: Callable[..., Result], tmp_path: Path) -> None:
    done = qrr("record", "none.har", "--", "./no-such-program")
    assert done.exit_code == 2
    assert "no-such-program cannot be run" in done.stderr
    assert not (tmp_path / "none.har").exists()


def test_a_cassette_is_checked_without_being_served(
    qrr: Callable[..., Result], recorded: Recorded, tmp_path: Path
) -> None:
    done = qrr("replay", "--check", str(recorded.ours))
    assert (done.exit_code, "0 violations" in done.stdout) == (0, True)
    spoilt = tmp_path / "spoilt.har"
    spoilt.write_text(recorded.ours.read_text().replace('\\"devices\\":', '\\"engines\\":'))
    done = qrr("replay", "--check", "--json", str(spoilt))
    assert done.exit_code == 1
    assert any("devices" in violation for violation in json.loads(done.stdout)["violations"])


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a proxy that cannot be reached."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "intranet.example")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


def test_proxies_are_not_used_for_this_machine(
    upstream: Settings, tmp_path: Path, quick: dict[str, Any], behind_a_proxy: None
) -> None:
    with record(tmp_path / "it.har", upstream) as service, service.connect(**quick) as client:
        names = [one.name for one in client.backends.list()]
    with replay(tmp_path / "it.har") as service, service.connect(**quick) as client:
        assert [one.name for one in client.backends.list()] == names
        assert service.environment["NO_PROXY"] == "intranet.example,127.0.0.1" == service.environment["no_proxy"]


def test_a_command_is_recorded_behind_a_proxy(qrr: Callable[..., Result], tmp_path: Path, behind_a_proxy: None) -> None:
    code = "import httpx, os; httpx.get(os.environ['QISKIT_IBM_URL'] + '/v1/versions').raise_for_status()"
    assert qrr("record", "it.har", "--", sys.executable, "-c", code).exit_code == 0
    assert [one.target for one in load(tmp_path / "it.har")] == ["/v1/versions"]


def test_checking_an_empty_cassette_is_wrong_use(qrr: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty.har").write_text(json.dumps({"log": {"version": "1.2", "entries": []}}))
    done = qrr("replay", "--check", "empty.har")
    assert done.exit_code == 2
    assert "there is nothing in empty.har" in done.stderr


ASKS_AND_STAYS = """
import httpx, os, signal
httpx.get(os.environ["QISKIT_IBM_URL"] + "/v1/versions")
print("asked", flush=True)
signal.pause()
"""


@pytest.mark.parametrize(
    ("ending", "command"),
    [
        *((ending, ()) for ending in ("SIGINT", "SIGTERM", "SIGHUP")),
        *((ending, ("--", sys.executable, "-c", ASKS_AND_STAYS)) for ending in ("SIGTERM", "SIGHUP")),
    ],
    ids=lambda value: value if isinstance(value, str) else "a command" if value else "alone",
)
def test_a_recording_is_kept_after_a_signal(
    emulator: Emulator, tmp_path: Path, ending: str, command: tuple[str, ...]
) -> None:
    record_it = [sys.executable, "-m", "qiskit_runtime_rest", "contract", "record", "it.har"]
    recorder = subprocess.Popen(
        [*record_it, "--base-url", emulator.base_url, "--iam-url", emulator.iam_url, *command],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # `nohup` may run the tests.
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert recorder.stdout is not None
        line = recorder.stdout.readline().strip()
        if not command:
            httpx.get(line.removeprefix("export QISKIT_IBM_URL=") + "/v1/versions")
        recorder.send_signal(getattr(signal, ending))
        recorder.communicate(timeout=600)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(recorder.pid, signal.SIGKILL)
        recorder.communicate()
    assert [one.target for one in load(tmp_path / "it.har")] == ["/v1/versions"]
