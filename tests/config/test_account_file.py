"""The account file of IBM's SDK: the chosen account, and broken files."""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from qiskit_runtime_rest import ConfigurationError
from qiskit_runtime_rest.config.account_file import default_path, read_account, read_accounts

from ..fixtures.loopback import API_KEY, CRN

PLATFORM = {"channel": "ibm_quantum_platform", "token": API_KEY, "instance": CRN, "url": "https://cloud.ibm.com"}
CLOUD = {**PLATFORM, "channel": "ibm_cloud", "token": "cloud-key"}
CLASSIC = {**PLATFORM, "channel": "ibm_quantum", "instance": "ibm-q/open/main"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.json"


def save(path: Path, accounts: Any) -> Path:
    path.write_text(json.dumps(accounts), encoding="utf-8")
    return path


def test_the_default_path_is_that_of_ibms_sdk(home: Path) -> None:
    assert default_path() == home / ".qiskit" / "qiskit-ibm.json"


def test_a_missing_file_has_no_account(path: Path) -> None:
    assert read_account(path) is None


@pytest.mark.parametrize(
    ("accounts", "chosen"),
    [
        ({"default-ibm-quantum-platform": PLATFORM}, "default-ibm-quantum-platform"),
        ({"default-ibm-cloud": CLOUD}, "default-ibm-cloud"),
        ({"default-ibm-cloud": CLOUD, "default-ibm-quantum-platform": PLATFORM}, "default-ibm-quantum-platform"),
        ({"default-ibm-quantum": CLASSIC, "default-ibm-cloud": CLOUD}, "default-ibm-cloud"),
        ({"default-ibm-cloud": CLOUD, "mine": {**PLATFORM, "is_default_account": True}}, "mine"),
        ({"mine": {**PLATFORM, "is_default_account": False}}, "mine"),
        ({"mine": PLATFORM}, "mine"),
        ({"mine": PLATFORM, "other": PLATFORM}, "other"),  # IBM's SDK takes the last one
        ({"mine": PLATFORM, "default-ibm-cloud": CLOUD}, "mine"),
        ({"mine": CLOUD}, None),
        ({"default-ibm-cloud": "not an object"}, None),
    ],
)
def test_the_default_account_is_the_marked_one_or_the_one_of_a_default_name(
    path: Path, accounts: Any, chosen: str | None
) -> None:
    account = read_account(save(path, accounts))
    assert (account.name if account else None) == chosen


def test_an_account_is_found_by_name(path: Path) -> None:
    account = read_account(save(path, {"default-ibm-cloud": CLOUD, "mine": PLATFORM}), name="mine")
    assert account is not None
    assert (account.name, account.api_key, account.instance) == ("mine", API_KEY, CRN)


def test_a_channel_narrows_the_choice(path: Path) -> None:
    accounts = {"default-ibm-quantum-platform": PLATFORM, "default-ibm-cloud": CLOUD}
    account = read_account(save(path, accounts), channel="ibm_cloud")
    assert account is not None
    assert account.api_key == "cloud-key"


def test_the_error_of_an_unknown_name_lists_the_others(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no account 'nope'.*default-ibm-cloud, mine"):
        read_account(save(path, {"mine": PLATFORM, "default-ibm-cloud": CLOUD}), name="nope")


@pytest.mark.parametrize("name", [None, "default-ibm-quantum"])
def test_the_error_of_the_retired_channel_says_what_to_do(path: Path, name: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"retired.*Create an API key on IBM Quantum Platform"):
        read_account(save(path, {"default-ibm-quantum": CLASSIC}), name=name)


def test_all_fields_of_an_account_are_read(path: Path) -> None:
    saved = {**PLATFORM, "verify": False, "private_endpoint": True, "proxies": {"urls": {"https": "http://proxy:1"}}}
    account = read_account(save(path, {"default-ibm-cloud": saved}))
    assert account is not None
    assert (account.url, account.verify, account.private_endpoint) == ("https://cloud.ibm.com", False, True)
    assert account.proxies == {"https": "http://proxy:1"}


@pytest.mark.parametrize(
    "entry",
    [
        {"token": None, "instance": None, "url": None, "verify": None, "proxies": None, "private_endpoint": None},
        {"token": 1, "instance": ["x"], "url": {}, "verify": 1, "private_endpoint": "yes"},
        {},
    ],
)
def test_fields_of_another_type_count_as_absent(path: Path, entry: dict[str, Any]) -> None:
    account = read_account(save(path, {"mine": entry}), name="mine")
    assert account is not None
    assert (account.api_key, account.instance, account.url, account.verify) == (None, None, None, None)
    assert account.private_endpoint is False
    assert account.proxies == {}


def test_the_path_of_a_ca_bundle_is_read(path: Path) -> None:
    account = read_account(save(path, {"mine": {**PLATFORM, "verify": "/etc/company.pem"}}))
    assert account is not None
    assert account.verify == "/etc/company.pem"


def test_all_accounts_are_listed_with_the_default_one(path: Path) -> None:
    found, default = read_accounts(save(path, {"old": CLASSIC, "a": PLATFORM, "b": {**CLOUD}}))
    assert ([one.name for one in found], default) == (["a", "b"], "a")


@pytest.mark.parametrize("proxies", [[], "http://proxy", {"urls": "http://proxy"}, {"urls": [1]}])
def test_proxies_of_another_shape_are_refused(path: Path, proxies: Any) -> None:
    saved = save(path, {"mine": {**PLATFORM, "proxies": proxies}})
    if proxies:
        with pytest.raises(ConfigurationError, match="'proxies' must be an object with 'urls'"):
            read_account(saved, name="mine")
    else:
        assert read_account(saved, name="mine") is not None


def test_the_error_of_an_ntlm_proxy_says_what_to_do(path: Path) -> None:
    proxies = {"urls": {"https": "http://proxy:1"}, "username_ntlm": "me", "password_ntlm": "sesame"}
    with pytest.raises(ConfigurationError, match=r"NTLM.*local proxy") as caught:
        read_account(save(path, {"mine": {**PLATFORM, "proxies": proxies}}), name="mine")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (f'{{"mine": {{"token": "{API_KEY}",}}'.encode(), "is not JSON"),
        (b"", "is not JSON"),
        (f"token={API_KEY}".encode(), "is not JSON"),
        (f'["{API_KEY}"]'.encode(), "must be a JSON object"),
        (f'{{"token": "{API_KEY}"}}\xff'.encode("latin-1"), "cannot read|is not JSON"),
        (b"[" * 200_000, "is not JSON"),
    ],
    ids=["broken", "empty", "not-json", "list", "not-utf8", "too-deep"],
)
def test_the_error_of_a_broken_file_has_its_path_and_no_keys(path: Path, content: bytes, complaint: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        read_account(path)
    assert str(path) in str(caught.value)
    error: BaseException | None = caught.value
    while error is not None:
        assert API_KEY not in "".join(traceback.format_exception(error))
        assert API_KEY not in repr(vars(error))
        assert API_KEY not in str(getattr(error, "doc", "")) + str(getattr(error, "object", ""))
        error = error.__cause__ or error.__context__


def test_a_file_written_with_a_byte_order_mark_is_read(path: Path) -> None:
    path.write_text(json.dumps({"mine": PLATFORM}), encoding="utf-8-sig")
    assert read_account(path, name="mine") is not None


def test_a_folder_instead_of_the_file_is_a_configuration_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigurationError, match="cannot read the account file"):
        read_account(path)


def test_a_pipe_in_place_of_the_file_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(ConfigurationError, match="it is not a regular file"):
        read_account(path)


def test_the_api_key_is_not_in_the_repr(path: Path) -> None:
    account = read_account(
        save(path, {"mine": {**PLATFORM, "proxies": {"urls": {"http": "http://u:sesame@p"}}}}), name="mine"
    )
    assert API_KEY not in repr(account)
    assert "sesame" not in repr(account)
