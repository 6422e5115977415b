"""What stands for the live service on loopback, for clients of any make: a recorder or a replay that runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .serve import HOST
from .services import IAM, RUNTIME, environment

if TYPE_CHECKING:
    from ..client.client import AsyncRuntimeClient, RuntimeClient

__all__ = ["Loopback"]

NO_PROXY = ("NO_PROXY", "no_proxy")
"""Where clients of various makes look for hosts that are reached without a proxy."""


@frozen(kw_only=True)
class Loopback:
    """Where it is, and what to log in with."""

    url: str
    """The server's root."""
    api_key: str | None = field(repr=False)
    """For a replay: one that is no secret; any other is as good."""
    instance: str | None = field(repr=False)
    """A CRN; for a replay the first that was recorded, as it is in the cassette; any other is as good."""
    missed: Sequence[str] = ()
    """What was asked of a replay and not recorded, and what is nearest to it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads clients of any make here, and past the proxies of this environment: variables by name."""
        own = {"QISKIT_IBM_TOKEN": self.api_key, "QISKIT_IBM_INSTANCE": self.instance}
        given = {name: value for name, value in own.items() if value is not None}
        return {**environment(self.url), **given, **dict.fromkeys(NO_PROXY, _past_proxies())}

    @property
    def base_url(self) -> str:
        """What comes before `/v1`."""
        return f"{self.url}{RUNTIME.prefix}"

    @property
    def iam_url(self) -> str:
        """What comes before `/identity/token`."""
        return f"{self.url}{IAM.prefix}"

    def connect(self, **choices: Any) -> RuntimeClient:
        """A client of it, whatever the environment says; `choices` are those of `RuntimeClient`."""
        from ..client.client import RuntimeClient

        return RuntimeClient(**{**self._settings, **choices})

    def connect_async(self, **choices: Any) -> AsyncRuntimeClient:
        """A client of it, whatever the environment says; `choices` are those of `AsyncRuntimeClient`."""
        from ..client.client import AsyncRuntimeClient

        return AsyncRuntimeClient(**{**self._settings, **choices})

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "api_key": self.api_key,
            "instance": self.instance,
            "base_url": self.base_url,
            "iam_url": self.iam_url,
            "verify": False,  # It speaks http; loading certificates would take longer than most tests.
        }


def _past_proxies() -> str:
    """The hosts that are reached without a proxy, and this one."""
    given = ",".join(os.environ.get(name, "") for name in NO_PROXY).split(",")
    hosts = dict.fromkeys([host.strip() for host in given if host.strip()] + [HOST])
    return "*" if "*" in hosts else ",".join(hosts)
