"""The account file that IBM's SDK writes: read only, never written here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import ConfigurationError

__all__ = ["SavedAccount", "default_path", "read_account"]

CHANNELS = ("ibm_quantum_platform", "ibm_cloud")
DEFAULT_NAMES = ("default-ibm-quantum-platform", "default-ibm-cloud")
RETIRED_CHANNEL = "ibm_quantum"


@dataclass(frozen=True, kw_only=True)
class SavedAccount:
    """What the account file says under one name. The API key is left out of `repr`."""

    name: str
    api_key: str | None = field(repr=False)
    instance: str | None
    url: str | None
    verify: bool | None
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
            "Platform, use channel 'ibm_quantum_platform', and give the instance's CRN."
        )


def read_account(path: Path, *, name: str | None = None, channel: str | None = None) -> SavedAccount | None:
    """The account called `name`, or the default one (of `channel`, when given); None when there is none.

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


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the account file {path}: {error}") from error
    try:
        accounts = json.loads(text)
    except ValueError as error:
        # The decoder's error would carry the whole text, keys included: it is not chained.
        position = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "somewhere"
        raise ConfigurationError(f"the account file {path} is not JSON ({position}).") from None
    if not isinstance(accounts, dict):
        raise ConfigurationError(f"the account file {path} should hold a JSON object, one entry an account name.")
    return accounts


def _default_name(accounts: Mapping[str, Any], channel: str | None) -> str | None:
    entries = {
        name: entry
        for name, entry in accounts.items()
        if isinstance(entry, dict) and channel in (None, entry.get("channel"))
    }
    for name, entry in entries.items():
        if entry.get("is_default_account"):
            return name
    for name in (*DEFAULT_NAMES, f"default-{RETIRED_CHANNEL.replace('_', '-')}"):
        if name in entries:
            return name
    return None


def _account(name: str, entry: Mapping[str, Any], path: Path) -> SavedAccount:
    proxies = entry.get("proxies") or {}
    if not isinstance(proxies, dict) or not isinstance(proxies.get("urls", {}), dict):
        raise ConfigurationError(f"account {name!r} in {path}: 'proxies' should be an object with 'urls'.")
    if proxies.get("username_ntlm"):
        raise ConfigurationError(
            f"account {name!r} in {path} asks for an NTLM proxy, which needs an httpx.Auth of your own: pass "
            "auth=..., or run a local proxy that speaks NTLM and name it under proxies.urls."
        )
    return SavedAccount(
        name=name,
        api_key=_text(entry.get("token")),
        instance=_text(entry.get("instance")),
        url=_text(entry.get("url")),
        verify=entry["verify"] if isinstance(entry.get("verify"), bool) else None,
        private_endpoint=entry.get("private_endpoint") is True,
        proxies={str(scheme): str(url) for scheme, url in proxies.get("urls", {}).items()},
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
