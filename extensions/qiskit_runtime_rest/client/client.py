"""The clients: everything that the service offers, from one object.

Generated from logic/client.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .logic.client import AsyncClientLogic, SyncClientLogic
from .submit import AsyncSubmissions, Submissions

if TYPE_CHECKING:
    from typing import Any

    from qiskit_runtime_api.models import InstanceUsage
__all__ = ["AsyncRuntimeClient", "RuntimeClient"]


class RuntimeClient(Submissions, SyncClientLogic):
    """Client for scripts and threads, which may share it. Close it, or use it in a `with` statement."""

    def usage(self, *, timeout: float | None = None) -> InstanceUsage | None:
        """As `instances.usage`: what is used and allowed, or None. Raises: ApiError. Source: `get_usage`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._usage(), timeout)

    def versions(self, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """The API versions of the service: objects with `version`, and with `status` and `sunset_date` if known.

        The state file keeps them, for the warning before a version is switched off.

        Raises: ApiError, TransportError. Source: operation `get_versions`; older versions of it list plain texts.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._versions(), timeout)


class AsyncRuntimeClient(AsyncSubmissions, AsyncClientLogic):
    """Client for tasks: as `RuntimeClient`, awaited. Close it, or use it in an `async with` statement."""

    async def usage(self, *, timeout: float | None = None) -> InstanceUsage | None:
        """As `instances.usage`: what is used and allowed, or None. Raises: ApiError. Source: `get_usage`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._usage(), timeout)

    async def versions(self, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """The API versions of the service: objects with `version`, and with `status` and `sunset_date` if known.

        The state file keeps them, for the warning before a version is switched off.

        Raises: ApiError, TransportError. Source: operation `get_versions`; older versions of it list plain texts.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._versions(), timeout)
