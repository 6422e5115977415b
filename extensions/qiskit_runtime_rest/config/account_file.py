"""The account file of IBM's SDK: read accounts, and save an account in the SDK's format."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.files import make_private_folder, write_atomically
from ..base.secret import Secret
from ..errors import ConfigurationError

__all__ = [
    "DEFAULT_NAME",
    "SavedAccount",
    "check_can_save",
    "default_path",
    "read_account",
    "read_accounts",
    "save_account",
]

CHANNELS = ("ibm_quantum_platform", "ibm_cloud")
DEFAULT_NAME = "default-ibm-quantum-platform"
"""Name of the default account if no account is marked as the default."""

DEFAULT_NAMES = (DEFAULT_NAME, "default-ibm-cloud")
DEFAULT_MARK = "is_default_account"
RETIRED_CHANNEL = "ibm_quantum"
RETIRED_NAME = "default-ibm-quantum"
PLATFORM_URL = "https://cloud.ibm.com"


@dataclass(frozen=True, kw_only=True)
class SavedAccount:
    """One account of the file. `repr` does not show the API key."""

    name: str
    api_key: str | None = field(repr=False)
    instance: str | None
    url: str | None
    verify: bool | str | None
    private_endpoint: bool
    proxies: Mapping[str, str] = field(repr=False)


def default_path() -> Path:
    """`~/.qiskit/qiskit-ibm.json`."""
    return Path.home() / ".qiskit" / "qiskit-ibm.json"


def check_channel(channel: str) -> None:
    """Refuse the channel of the classic platform."""
    if channel == RETIRED_CHANNEL:
        raise ConfigurationError(
            f"channel {channel!r} was retired with the classic platform. Create an API key on IBM Quantum "
            "Platform, use channel 'ibm_quantum_platform', and set the instance's CRN."
        )


def read_account(path: Path, *, name: str | None = None, channel: str | None = None) -> SavedAccount | None:
    """The account `name`, or the default account (of `channel`, if given); None if there is none.

    The default is the one that IBM's SDK takes: the account that is marked, else the one with the default name, else
    the last one of the channel.

    Raises:
        ConfigurationError: unreadable file, no account of that name, or one of the retired channel.
    """
    accounts = _load(path)
    chosen = name or _default_name(accounts, channel)
    if chosen is None:
        return None
    entry = accounts.get(chosen)
    if not isinstance(entry, dict):
        known = ", ".join(sorted(accounts)) or "none"
        raise ConfigurationError(f"no account {chosen!r} in {path} (accounts there: {known}).")
    check_channel(str(entry.get("channel", "")))
    return _account(chosen, entry, path)


def read_accounts(path: Path) -> tuple[list[SavedAccount], str | None]:
    """All accounts, and the name of the default one. Accounts of the retired channel are left out.

    Raises:
        ConfigurationError: the file cannot be read, or an account has a form that cannot be used.
    """
    accounts = _load(path)
    entries = {
        name: entry
        for name, entry in accounts.items()
        if isinstance(entry, dict) and entry.get("channel") != RETIRED_CHANNEL
    }
    return [_account(name, entry, path) for name, entry in entries.items()], _default_name(entries, None)


def check_can_save(path: Path, *, name: str, overwrite: bool = False, set_as_default: bool = False) -> None:
    """Check in advance that `save_account` can save the account.

    Raises:
        ConfigurationError: the file cannot be read, holds an account `name` already, or has another default.
    """
    if not overwrite:
        _refuse_to_overwrite(_load(path), path, name=name, set_as_default=set_as_default)


def save_account(
    path: Path,
    *,
    name: str,
    api_key: str,
    instance: str,
    url: str | None = None,
    overwrite: bool = False,
    set_as_default: bool = False,
) -> None:
    """Save an account. Other accounts stay unchanged; the file is replaced in one step, readable only by its owner.

    Args:
        path: the file; it and its folder are created if needed.
        name: name of the account, such as `DEFAULT_NAME`.
        api_key: IBM Cloud API key; stored in plain text, as IBM's SDK does.
        instance: the instance's CRN.
        url: base URL, if it is not the one for the CRN.
        overwrite: replace an account of this name (the default stays the default), or another default.
        set_as_default: mark it as the default account.

    Raises:
        ConfigurationError: as for `check_can_save`, or the file cannot be written.
    """
    accounts = _load(path)
    if not overwrite:
        _refuse_to_overwrite(accounts, path, name=name, set_as_default=set_as_default)
    replaced = accounts.get(name)
    entry: dict[str, Any] = {
        "channel": CHANNELS[0],
        "instance": instance,
        "private_endpoint": False,
        "token": api_key,
        "url": url or PLATFORM_URL,
        "verify": True,
    }
    if set_as_default:
        for other in accounts.values():
            if isinstance(other, dict):
                other.pop(DEFAULT_MARK, None)
    if set_as_default or (isinstance(replaced, dict) and replaced.get(DEFAULT_MARK)):
        entry[DEFAULT_MARK] = True
    _write(path, {**accounts, name: entry})


def _refuse_to_overwrite(accounts: Mapping[str, Any], path: Path, *, name: str, set_as_default: bool) -> None:
    if name in accounts:
        raise ConfigurationError(
            f"{path} already has an account {name!r}: choose another name, or overwrite it (--overwrite)."
        )
    marked = [other for other, entry in accounts.items() if isinstance(entry, dict) and entry.get(DEFAULT_MARK)]
    if set_as_default and marked:
        raise ConfigurationError(
            f"the default account in {path} is {marked[0]!r}: overwrite that choice (--overwrite), or keep it."
        )


def _write(path: Path, accounts: Mapping[str, Any]) -> None:
    try:
        make_private_folder(path.parent)
        write_atomically(path, json.dumps(accounts, indent=4))
    except OSError as error:
        raise ConfigurationError(f"cannot write the account file {path}: {error.strerror}.") from error


def _load(path: Path) -> dict[str, Any]:
    broken = None
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is not a regular file")
        # Editors on Windows write a byte order mark before the text.
        accounts = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"cannot read the account file {path}: {error}") from error
    except (ValueError, RecursionError) as error:
        broken = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
    if broken is not None:
        # Raised outside of `except`: the decoder's error contains the text with the keys, and would be the context.
        raise ConfigurationError(f"the account file {path} is not JSON ({broken}).")
    if not isinstance(accounts, dict):
        raise ConfigurationError(f"the account file {path} must be a JSON object with one entry per account.")
    return accounts


def _default_name(accounts: Mapping[str, Any], channel: str | None) -> str | None:
    entries = {
        name: entry
        for name, entry in accounts.items()
        if isinstance(entry, dict) and channel in (None, entry.get("channel"))
    }
    for name, entry in entries.items():
        if entry.get(DEFAULT_MARK):
            return name
    wanted = channel or CHANNELS[0]
    of_channel = [name for name, entry in entries.items() if entry.get("channel", CHANNELS[0]) == wanted]
    named = [name for name in DEFAULT_NAMES if name in of_channel]
    if of_channel:
        return (named or of_channel[::-1])[0]
    return next((name for name in (*DEFAULT_NAMES, RETIRED_NAME) if name in entries), None)


def _account(name: str, entry: Mapping[str, Any], path: Path) -> SavedAccount:
    proxies = entry.get("proxies") or {}
    if not isinstance(proxies, dict) or not isinstance(proxies.get("urls", {}), dict):
        raise ConfigurationError(f"account {name!r} in {path}: 'proxies' must be an object with 'urls'.")
    if proxies.get("username_ntlm"):
        raise ConfigurationError(
            f"account {name!r} in {path} has an NTLM proxy, which this client does not support: pass your own "
            "httpx.Auth as auth=..., or run a local proxy that supports NTLM and set its URL in proxies.urls."
        )
    return SavedAccount(
        name=name,
        api_key=_secret(entry.get("token")),
        instance=_text(entry.get("instance")),
        url=_text(entry.get("url")),
        verify=entry["verify"] if isinstance(entry.get("verify"), bool) else _text(entry.get("verify")),
        private_endpoint=entry.get("private_endpoint") is True,
        proxies={str(scheme): str(url) for scheme, url in proxies.get("urls", {}).items()},
    )


def _secret(value: object) -> Secret | None:
    text = _text(value)
    return None if text is None else Secret(text)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
