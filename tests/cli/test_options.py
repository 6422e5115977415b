from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from qiskit_runtime_rest.cli.exit_status import DEBUG
from qiskit_runtime_rest.testing import Emulator

from .conftest import Run


def test_options_of_the_connection_win_over_the_environment(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator
) -> None:
    environ.setenv("QISKIT_IBM_INSTANCE", "hub/group/project")
    assert qrr("usage").exit_code == 2
    other = service.instances["emulator-open"]
    assert json.loads(qrr("usage", "--instance", other, "--json").stdout)["instance_id"] == other


def test_an_instance_may_be_given_by_name(qrr: Run, service: Emulator) -> None:
    found = json.loads(qrr("usage", "--instance", "emulator-open", "--json").stdout)
    assert found["instance_id"] == service.instances["emulator-open"]
    unknown = qrr("usage", "--instance", "emulator-opne")
    assert unknown.exit_code == 2
    assert "emulator-open" in unknown.stderr


def test_a_proxy_and_a_ca_bundle_are_options(qrr: Run, tmp_path: Path) -> None:
    refused = qrr("usage", "--proxy", "gopher://proxy:1")
    assert refused.exit_code == 2
    assert "the proxy for 'all'" in refused.stderr
    assert qrr("usage", "--proxy", "http://127.0.0.1:9").exit_code == 1
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("no certificate")
    broken = qrr("usage", "--ca-bundle", str(bundle))
    assert broken.exit_code == 2
    assert "readable CA bundle" in broken.stderr


def test_without_an_api_key_it_says_where_one_comes_from(qrr: Run, environ: pytest.MonkeyPatch) -> None:
    environ.delenv("QISKIT_IBM_TOKEN")
    result = qrr("backends")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "QISKIT_IBM_TOKEN" in result.stderr


def test_debug_logs_show_no_secret(qrr: Run, service: Emulator) -> None:
    before = logging.getLogger("httpx").level
    result = qrr("--debug", "wait", "no-such-job")  # the fixture looks for secrets
    assert not DEBUG.get()  # the next command of this process is another one
    assert logging.getLogger("httpx").level == before
    assert "Traceback" in result.stderr


def test_an_account_file_that_is_named_must_exist(qrr: Run, tmp_path: Path) -> None:
    result = qrr("jobs", "--account-file", str(tmp_path / "gone.json"))
    assert result.exit_code == 2
    assert f"there is no account file {tmp_path / 'gone.json'}" in result.stderr
