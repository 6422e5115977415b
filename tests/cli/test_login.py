from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from qiskit_runtime_rest.config.account_file import read_account, save_account
from qiskit_runtime_rest.errors import ConfigurationError
from qiskit_runtime_rest.testing import Emulator

from .conftest import Run

NAME = "default-ibm-quantum-platform"
OTHER = {"channel": "ibm_cloud", "token": "key-of-another", "instance": "crn:x", "plans_preference": ["open"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".qiskit" / "qiskit-ibm.json"


def entries(path: Path) -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = json.loads(path.read_text())
    return loaded


def write(path: Path, accounts: dict[str, object]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(accounts))


def test_a_key_from_a_pipe_is_tried_and_saved_for_the_owner_only(qrr: Run, service: Emulator, path: Path) -> None:
    result = qrr("login", stdin=f"{service.api_key}\n")
    assert (result.exit_code, result.stdout) == (0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert entries(path)[NAME] == {
        "channel": "ibm_quantum_platform",
        "instance": service.instance,
        "private_endpoint": False,
        "token": service.api_key,
        "url": service.base_url,
        "verify": True,
    }


def test_what_was_saved_is_enough_to_work_with(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator, path: Path
) -> None:
    assert qrr("login", stdin=service.api_key).exit_code == 0
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL"):
        environ.delenv(name)
    assert qrr("usage").exit_code == 0


def test_ibms_sdk_reads_what_was_saved(qrr: Run, service: Emulator, path: Path) -> None:
    from qiskit_ibm_runtime.accounts import AccountManager

    qrr("login", stdin=service.api_key)
    account = AccountManager.get(filename=str(path))
    assert (account.channel, account.token, account.instance) == (
        "ibm_quantum_platform",
        service.api_key,
        service.instance,
    )


def test_without_an_instance_the_only_one_is_taken_and_of_several_one_is_named(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator, path: Path
) -> None:
    environ.delenv("QISKIT_IBM_INSTANCE")
    several = qrr("login", stdin=service.api_key)
    assert several.exit_code == 2
    assert "--instance with the name of one: 'emulator" in several.stderr
    item = {"crn": service.instance, "name": "only-one"}
    service.faults.add("search_resources", status=200, body={"items": [item]})
    assert qrr("login", stdin=service.api_key).exit_code == 0
    assert entries(path)[NAME]["instance"] == service.instance


def test_an_instance_is_found_by_its_name(qrr: Run, service: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "accounts.json"
    arguments = ("--instance", "emulator-open", "--account-file", str(file))
    assert qrr("login", *arguments, stdin=service.api_key).exit_code == 0
    assert entries(file)[NAME]["instance"] == service.instances["emulator-open"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    unknown = qrr("login", "--instance", "no-such-name", "--account", "x", stdin=service.api_key)
    assert unknown.exit_code == 2
    assert "'emulator-open'" in unknown.stderr


def test_a_saved_account_in_another_file_is_enough_to_work_with(
    qrr: Run, environ: pytest.MonkeyPatch, service: Emulator, tmp_path: Path
) -> None:
    file = str(tmp_path / "accounts.json")
    assert qrr("login", "--account-file", file, stdin=service.api_key).exit_code == 0
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL"):
        environ.delenv(name)
    assert qrr("usage", "--account-file", file).exit_code == 0


def test_accounts_are_listed_without_their_keys(qrr: Run, service: Emulator, path: Path) -> None:
    assert "no accounts" in qrr("accounts").stderr
    write(path, {"mine": OTHER, NAME: {"channel": "ibm_quantum_platform", "token": "a-secret-key"}})
    text = qrr("accounts").stdout
    assert "mine" in text
    assert "a-secret-key" not in text
    first, second = map(json.loads, qrr("accounts", "--json").stdout.splitlines())
    assert (first["account"], first["default"], first["instance"]) == ("mine", False, "crn:x")
    assert (second["account"], second["default"], second["has_api_key"]) == (NAME, True, True)


def test_other_accounts_stay_as_they_are(qrr: Run, service: Emulator, path: Path) -> None:
    write(path, {"mine": OTHER, NAME: {"token": "old"}})
    refused = qrr("login", stdin=service.api_key)
    assert refused.exit_code == 2
    assert "--overwrite" in refused.stderr
    assert entries(path)[NAME] == {"token": "old"}
    result = qrr("login", "--account", "second", "--json", stdin=service.api_key)
    assert json.loads(result.stdout)["default"] is False
    assert qrr("login", "--overwrite", stdin=service.api_key).exit_code == 0
    assert list(entries(path)) == ["mine", NAME, "second"]
    assert entries(path)["mine"] == OTHER


@pytest.mark.parametrize("key", ["wrong-key", "", "two words\x07"])
def test_a_key_that_does_not_work_is_neither_saved_nor_shown(qrr: Run, path: Path, key: str) -> None:
    result = qrr("login", stdin=f"{key}\n")
    assert result.exit_code in (1, 2)
    assert not path.exists()
    assert not key or key not in result.output


def test_an_instance_that_does_not_exist_is_not_saved(qrr: Run, service: Emulator, path: Path) -> None:
    other = service.instance.replace(":67", ":00")
    assert qrr("login", "--instance", other, stdin=service.api_key).exit_code == 1
    assert qrr("login", "--instance", "hub/group/project", stdin=service.api_key).exit_code == 2
    assert not path.exists()


def test_the_default_mark_moves_only_when_that_is_asked_for(qrr: Run, service: Emulator, path: Path) -> None:
    write(path, {"mine": {**OTHER, "is_default_account": True}})
    assert "--account" in qrr("login", stdin=service.api_key).stderr
    assert qrr("login", "--account", "new", "--default", stdin=service.api_key).exit_code == 2
    result = qrr("login", "--account", "new", "--default", "--overwrite", "--json", stdin=service.api_key)
    assert json.loads(result.stdout)["default"] is True
    assert [name for name, entry in entries(path).items() if entry.get("is_default_account")] == ["new"]
    assert entries(path)["mine"] == OTHER
    assert qrr("login", "--account", "new", "--overwrite", stdin=service.api_key).exit_code == 0
    assert entries(path)["new"]["is_default_account"] is True


def test_a_file_that_cannot_be_read_is_left_alone(qrr: Run, service: Emulator, path: Path) -> None:
    write(path, {})
    path.write_text("{broken")
    assert qrr("login", "--overwrite", stdin=service.api_key).exit_code == 2
    assert path.read_text() == "{broken"


def test_saving_follows_a_symbolic_link_and_tightens_the_mode(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.json"
    real.write_text("{}")
    real.chmod(0o644)
    path.parent.mkdir()
    path.symlink_to(real)
    save_account(path, name="a", api_key="key", instance="crn:x")
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    account = read_account(path, name="a")
    assert account is not None
    assert account.api_key == "key"


def test_a_save_that_fails_leaves_no_draft_and_no_secret_in_the_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigurationError, match="No space left") as caught:
        save_account(path, name="a", api_key="key-that-stays-hidden", instance="crn:x")
    assert "key-that-stays-hidden" not in str(caught.value)
    assert list(path.parent.iterdir()) == []
