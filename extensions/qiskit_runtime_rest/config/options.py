"""The arguments of `Settings`, apart from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from ..errors import ContractViolation

if TYPE_CHECKING:
    import ssl
    from datetime import date
    from pathlib import Path

    from qiskit_runtime_api.http_library import httpx

__all__ = ["Primitives", "SettingsOptions", "Validate"]

Validate: TypeAlias = Literal["responses", "warn"] | Callable[[ContractViolation], object]
"""What to do with a response that breaks the contract: raise, warn, or call a function."""

Primitives: TypeAlias = Literal["service", "executor"]
"""Which program runs a primitive: the service's own, or `executor`, with the rest of the work in the client."""


class SettingsOptions(TypedDict, total=False):
    """The arguments of `Settings`, which the clients take as well; each is optional.

    Keys:
        account: the name of an account in the account file.
        account_path: the account file, in place of the one in the user's home.
        and the attributes of `Settings`, which describe the other keys.
    """

    api_key: str | None
    token: str | None
    instance: str | None
    base_url: str | None
    iam_url: str | None
    api_version: str | date | None
    timeout: float | httpx.Timeout | None
    verify: bool | str | Path | ssl.SSLContext | None
    submissions_per_minute: float | str | None
    proxies: Mapping[str, str] | None
    application: str | None
    save_to: str | Path | None
    token_cache: bool | str | Path | None
    validate: Validate | Literal["off"] | None
    primitives: Primitives | None
    account: str | None
    account_path: str | Path | None
    allow_insecure_http: bool
