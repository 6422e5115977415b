from __future__ import annotations

import datetime
import json
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from qiskit_runtime_rest.cli.doctor import EXTRAS, all_checks, clock_check
from qiskit_runtime_rest.cli.options import ServiceOptions
from qiskit_runtime_rest.config.account_file import save_account
from qiskit_runtime_rest.testing import Emulator

from .conftest import Run


def verdicts(qrr: Run, *arguments: str, status: int) -> dict[str, list[str]]:
    result = qrr("doctor", "--json", *arguments)
    assert result.exit_code == status, result.output
    document = json.loads(result.stdout)
    assert document["ok"] is (status == 0)
    found: dict[str, list[str]] = {}
    for check in document["checks"]:
        found.setdefault(check["name"], []).append(check["verdict"])
    return found


@pytest.fixture
def unused() -> Iterator[str]:
    """An address where connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_all_is_well(qrr: Run) -> None:
    found = verdicts(qrr, status=0)
    assert {verdict for each in found.values() for verdict in each} == {"ok"}
    assert {"API key", "instance", "service", "version", "clock", "token", "access", "extra emulator"} <= set(found)
    lines = qrr("doctor").stdout.splitlines()
    assert all(line.startswith("ok ") for line in lines)


def test_it_says_where_each_setting_comes_from(qrr: Run, environ: pytest.MonkeyPatch, service: Emulator) -> None:
    text = qrr("doctor", "--base-url", service.base_url + "/", "--api-version", "2025-05-01").stdout
    assert "not shown (from QISKIT_IBM_TOKEN)" in text
    assert "(from QISKIT_IBM_INSTANCE)" in text
    assert f"{service.base_url}/ (from --base-url)" in text
    assert "(from IAM_URL)" in text
    assert "2025-05-01 (from --api-version)" in text


def test_it_says_which_settings_come_from_an_account(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / ".qiskit" / "qiskit-ibm.json"
    save_account(path, name="mine", api_key=service.api_key, instance=service.instance, url=service.base_url)
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL"):
        environ.delenv(name)
    assert qrr("doctor", "--account", "mine").stdout.count("(from account 'mine')") == 3
    path.chmod(0o644)
    assert verdicts(qrr, "--account", "mine", status=0)["account file"] == ["warn"]
    assert verdicts(qrr, "--account", "no-such-account", status=1)["settings"] == ["fail"]


def test_a_wrong_key_fails_at_iam_and_is_not_shown(qrr: Run, environ: pytest.MonkeyPatch) -> None:
    environ.setenv("QISKIT_IBM_TOKEN", "wrong-key")
    found = verdicts(qrr, status=1)
    assert (found["token"], found["service"]) == (["fail"], ["ok"])
    assert "access" not in found
    result = qrr("doctor")
    assert "BXNIM0415E" in result.stdout
    assert "wrong-key" not in result.output


def test_an_instance_that_does_not_exist_fails_at_the_service(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator
) -> None:
    found = verdicts(qrr, "--instance", service.instance.replace(":67", ":00"), status=1)
    assert (found["token"], found["access"]) == (["ok"], ["fail"])


def test_a_host_that_refuses_connections_fails(qrr: Run, environ: pytest.MonkeyPatch, unused: str) -> None:
    found = verdicts(qrr, "--base-url", f"{unused}/api", status=1)
    assert (found["service"], found["token"], found["access"]) == (["fail"], ["ok"], ["fail"])
    found = verdicts(qrr, "--iam-url", unused, status=1)
    assert (found["service"], found["token"]) == (["ok"], ["fail"])


def test_missing_settings_fail_before_anything_is_sent(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator
) -> None:
    environ.delenv("QISKIT_IBM_TOKEN")
    environ.delenv("QISKIT_IBM_INSTANCE")
    service.clear_requests()
    found = verdicts(qrr, status=1)
    assert (found["API key"], found["instance"]) == (["fail"], ["fail"])
    assert service.requests == []


def test_an_api_version_is_judged_by_what_the_service_says(qrr: Run) -> None:
    assert verdicts(qrr, "--api-version", "2020-01-01", status=1)["version"] == ["fail"]


@pytest.mark.parametrize(
    ("date", "verdict", "word"),
    [
        ("Fri, 20 Nov 2026 11:00:00 GMT", "warn", "3600 s ahead of"),
        ("Fri, 20 Nov 2026 12:02:00 GMT", "warn", "120 s behind"),
        ("Fri, 20 Nov 2026 12:00:05 GMT", "ok", "within"),
        ("yesterday", "warn", "not a date"),
    ],
)
def test_a_clock_that_differs_from_the_services_is_a_warning(date: str, verdict: str, word: str) -> None:
    check = clock_check(date, now=datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC))
    assert (check.verdict, word in check.text) == (verdict, True)


def test_it_shows_the_outlook_of_the_pinned_version(qrr: Run) -> None:
    text = qrr("doctor", "--api-version", "2025-01-01").stdout
    assert "2025-01-01 is pinned: " in text
    assert "2027-01-01" in text
    assert "qrr contract drift --from 2025-01-01 --to 2026-04-15" in text
    assert "[additive] GET /v1/jobs/{id}/metrics: response 200: circuits_execution_time_ns: added" in text
    assert "2026-04-15 is pinned, and the latest: no end is known." in qrr("doctor").stdout


def test_the_time_of_the_checks_is_an_argument(qrr: Run, environ: pytest.MonkeyPatch) -> None:
    def verdict(day: str) -> str:
        now = datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00")
        checks = all_checks(ServiceOptions(api_version="2024-01-01"), now=now)
        return next(check.verdict for check in checks if check.name == "version")

    assert (verdict("2026-06-01"), verdict("2027-01-02")) == ("warn", "fail")


def test_it_checks_every_extra() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert {*EXTRAS, "all", "dev", "docs"} == set(project["optional-dependencies"])


@pytest.mark.parametrize(
    ("variable", "value", "check", "advice"),
    [
        ("QISKIT_IBM_INSTANCE", "crn:v1:broken", "settings", "Copy the CRN"),
        ("QISKIT_IBM_INSTANCE", "no-such-name", "service", "The API key can see: 'emulator"),
        ("QISKIT_IBM_URL", "not a url", "settings", "expected an http"),
        ("QISKIT_IBM_URL", "http://elsewhere.invalid/api", "settings", "Use an https:// URL"),
        ("IAM_URL", "https://[broken", "settings", "expected an http"),
        ("QISKIT_IBM_TOKEN", "a\x07key", "settings", "copy it again"),
        ("QISKIT_IBM_CHANNEL", "ibm_quantum", "settings", "Create an API key"),
        ("QRR_SUBMISSIONS_PER_MINUTE", "many", "settings", "positive number"),
        ("QRR_VALIDATE", "perhaps", "settings", "expected 'responses'"),
        ("HTTP_PROXY", "gopher://proxy:1", "access", "HTTP_PROXY"),
        ("SSL_CERT_FILE", "/nowhere/bundle.pem", "access", "SSL_CERT_FILE='/nowhere/bundle.pem'"),
        ("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem", "settings", "correct the path"),
        ("SSL_CERT_FILE", "/", "access", "SSL_CERT_FILE='/'"),
        ("NO_PROXY", "localhost,fd00::/999", "access", "NO_PROXY: 'fd00::/999' is not a host"),
        ("QISKIT_IBM_INSTANCE", "ibm-q/open/main", "settings", "hub/group/project"),
        ("QISKIT_IBM_TOKEN", "Schl\u00fcssel", "settings", "copy it again"),
        ("QISKIT_IBM_TOKEN", "0" * 128, "token", "create a new one on IBM Quantum Platform"),
        ("IAM_URL", "ftp://iam.invalid", "settings", "expected an http"),
        ("IAM_URL", "http://iam.invalid", "settings", "Use an https:// URL"),
        ("QISKIT_IBM_URL", "https://user:word@quantum.cloud.ibm.com/api", "settings", "leave them out"),
        ("QISKIT_IBM_URL", "https://runtime-us-east.quantum-computing.ibm.com", "settings", "Leave the URL out"),
        ("QRR_PRIMITIVES", "both", "settings", "expected 'service' or 'executor'"),
    ],
)
def test_it_survives_a_broken_setting_and_says_what_to_do(
    qrr: Run, environ: pytest.MonkeyPatch, variable: str, value: str, check: str, advice: str
) -> None:
    if variable == "QISKIT_IBM_CHANNEL":
        environ.delenv("QISKIT_IBM_TOKEN")
    environ.delenv("SSL_CERT_FILE", raising=False)
    environ.delenv("SSL_CERT_DIR", raising=False)
    environ.setenv(variable, value)
    result = qrr("doctor", "--json")
    assert result.exit_code == 1, result.output
    failed = {each["name"]: each["text"] for each in json.loads(result.stdout)["checks"] if each["verdict"] == "fail"}
    assert advice in failed[check]
    assert "Error:" not in str(failed)  # the name of a class is no advice


def test_a_broken_account_file_is_named(qrr: Run, environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_text("{")
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE"):
        environ.delenv(name)
    result = qrr("doctor", "--account-file", str(path))
    assert result.exit_code == 1
    assert f"{path} is not JSON" in result.stdout


def test_an_instance_may_be_given_by_name(qrr: Run, service: Emulator) -> None:
    text = qrr("doctor", "--instance", "emulator-open").stdout
    assert f"its CRN is {service.instances['emulator-open']}" in text


def test_every_broken_setting_is_named_and_the_service_is_still_asked(qrr: Run, environ: pytest.MonkeyPatch) -> None:
    environ.setenv("QRR_VALIDATE", "maybe")
    environ.setenv("QRR_SUBMISSIONS_PER_MINUTE", "many")
    environ.delenv("SSL_CERT_FILE", raising=False)
    environ.delenv("SSL_CERT_DIR", raising=False)
    environ.setenv("REQUESTS_CA_BUNDLE", "/gone/bundle.pem")
    result = qrr("doctor", "--json")
    assert result.exit_code == 1
    checks = json.loads(result.stdout)["checks"]
    failed = [check["text"] for check in checks if check["verdict"] == "fail"]
    assert sorted(text.rpartition("(from ")[2].rstrip(")") for text in failed) == [
        "QRR_SUBMISSIONS_PER_MINUTE",
        "QRR_VALIDATE",
        "REQUESTS_CA_BUNDLE",
    ]
    assert next(check for check in checks if check["name"] == "access")["verdict"] == "ok"


def test_nothing_is_sent_elsewhere_when_the_address_is_broken(qrr: Run, environ: pytest.MonkeyPatch) -> None:
    environ.setenv("QISKIT_IBM_URL", "nonsense")
    checks = {check["name"]: check for check in json.loads(qrr("doctor", "--json").stdout)["checks"]}
    assert checks["settings"]["text"].endswith("(from QISKIT_IBM_URL)")
    assert not {"service", "token", "access"} & checks.keys()


def test_an_account_file_that_is_not_needed_is_checked_too(qrr: Run, tmp_path: Path) -> None:
    path = tmp_path / ".qiskit" / "qiskit-ibm.json"
    path.parent.mkdir()
    path.write_text("{")
    checks = {check["name"]: check for check in json.loads(qrr("doctor", "--json").stdout)["checks"]}
    assert checks["account file"]["verdict"] == "fail"
    assert checks["access"]["verdict"] == "ok"


def test_a_base_url_without_its_path_is_said(qrr: Run, environ: pytest.MonkeyPatch, service: Emulator) -> None:
    environ.setenv("QISKIT_IBM_URL", service.base_url.removesuffix("/api"))
    checks = {check["name"]: check for check in json.loads(qrr("doctor", "--json").stdout)["checks"]}
    assert "ends in /api" in checks["service"]["text"]


def test_an_address_of_iam_where_something_else_answers_is_said(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator
) -> None:
    environ.setenv("IAM_URL", f"{service.iam_url}/elsewhere")
    checks = {check["name"]: check for check in json.loads(qrr("doctor", "--json").stdout)["checks"]}
    assert "Check IAM_URL" in checks["token"]["text"]


def test_saved_accounts_that_cannot_work_are_named(qrr: Run, tmp_path: Path) -> None:
    def verdict(path: Path) -> tuple[str, str]:
        checks = json.loads(qrr("doctor", "--account-file", str(path), "--json").stdout)["checks"]
        return next((check["verdict"], check["text"]) for check in checks if check["name"] == "account file")

    path = tmp_path / "accounts.json"
    assert verdict(path) == ("fail", f"none at {path}; `qrr login` creates it.")
    path.write_text('{"mine": {"token": 3}}')
    assert verdict(path) == ("warn", "account 'mine' has no API key: `qrr login --account mine --overwrite` saves one.")
