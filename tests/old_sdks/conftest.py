"""A gateway with TLS in front of the embedded service, the programs' outcomes, and the table at the end."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qiskit_runtime_rest.base.serving import ThreadedServer, listen, url_of
from qiskit_runtime_rest.legacy.gateway.server import gateway_app, gateway_server
from qiskit_runtime_rest.legacy.translation.translator import Translator
from qiskit_runtime_rest.testing import Emulator

from .environments import prepared
from .sdks import SDKS, Sdk

PROGRAMS = Path(__file__).with_name("programs")
LONGEST_SECONDS = 240
STEP = "STEP "

Outcomes = dict[str, dict[str, Any]]
TABLE: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(pace="immediate", workers=1) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gateway's certificate and key in one file: the SDKs open WebSockets with TLS only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway under test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "gateway.pem"
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return file


@pytest.fixture(scope="session")
def gateway(emulator: Emulator, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a gateway with two instances: one of the plan Open, with few devices, and a paid one."""
    settings = {"base_url": emulator.base_url, "iam_url": emulator.iam_url, "instance": emulator.instance}
    translator = Translator(
        settings=settings | {"submissions_per_minute": None},
        instances={"ibm-q/open/main": emulator.instances["emulator-open"], "a/b/c": emulator.instance},
        store=tmp_path_factory.mktemp("store") / "legacy.sqlite",
    )
    listener = listen("127.0.0.1", 0)
    url = url_of(listener).replace("http:", "https:")
    server = ThreadedServer(
        listener,
        functools.partial(gateway_server, gateway_app(translator), certificate=certificate),
        name="gateway for old SDKs",
    )
    yield url
    server.close()


@pytest.fixture(scope="session")
def run_program(
    emulator: Emulator, gateway: str, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Sdk], Outcomes | RuntimeError]:
    """Run the program of an SDK in its environment, once; return why it cannot be installed, if so."""

    @functools.cache
    def run(sdk: Sdk) -> Outcomes | RuntimeError:
        try:
            python = prepared(sdk.name, sdk.requirements)
        except RuntimeError as error:
            return error
        emulator.reset()
        trust = {name: str(certificate) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}
        program: list[str | Path] = [python, "-W", "ignore", PROGRAMS / f"{sdk.program}.py", gateway, emulator.api_key]
        return reported(program, home=tmp_path_factory.mktemp("home"), **trust)

    return run


def reported(command: Sequence[str | Path], *, home: Path, **variables: str) -> Outcomes:
    """Run a program; the outcomes of its steps."""
    ours = {name for name in os.environ if name.startswith(("QISKIT", "IBM", "IAM", "PYTHON"))}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    ran = subprocess.run(
        command,
        env=environment | variables | {"HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    lines = [json.loads(line.removeprefix(STEP)) for line in ran.stdout.splitlines() if line.startswith(STEP)]
    outcomes = {one.pop("step"): one for one in lines}
    assert outcomes, ran.stderr[-3000:]
    return outcomes


@pytest.fixture
def outcomes(sdk: Sdk, run_program: Callable[[Sdk], Outcomes | RuntimeError]) -> Outcomes:
    found = run_program(sdk)
    if isinstance(found, RuntimeError):
        raise found
    return found


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what the table shows: the last phase that says something about a step."""
    given = dict(report.user_properties)
    if "sdk" in given and (report.when == "call" or report.skipped):
        outcome = {"passed": "ok"}.get(report.outcome, report.outcome)
        TABLE.setdefault(str(given["sdk"]), {})[str(given["step"])] = outcome


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a row for each SDK, and the steps that failed."""
    for sdk in SDKS:
        steps = TABLE.get(sdk.name)
        if steps:
            good = sum(outcome == "ok" for outcome in steps.values())
            others = "".join(f"  {name}: {outcome}" for name, outcome in steps.items() if outcome != "ok")
            terminalreporter.write_line(f"{sdk.name:15} {good:2} of {len(sdk.steps):2} steps{others}")
