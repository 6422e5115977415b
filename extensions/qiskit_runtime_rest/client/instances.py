"""The instance: its plan, its limits and its usage.

Generated from logic/instances.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .logic.instances import InstancesLogic
from .logic.public import Awaited, Blocking

if TYPE_CHECKING:
    from qiskit_runtime_api.models import Instance, InstanceConfiguration, InstanceUsage
__all__ = ["AsyncInstances", "Instances"]


class Instances(Blocking, InstancesLogic):
    """`client.instances` of a `RuntimeClient`: the instance of its settings."""

    def get(self, *, timeout: float | None = None) -> Instance:
        """The instance's plan and backends. Raises: ApiError. Source: operation `get_instance`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._get(), timeout)

    def configuration(self, *, timeout: float | None = None) -> InstanceConfiguration:
        """The instance's limit.

        Deprecated by the service. IBM Cloud Resource Controller replaces it: `GET /v2/resource_instances/{crn}` has the
        limit as `extensions.instance_limit_seconds`, and `PATCH` there sets it.

        Warns: DeprecationWarning.
        Raises: ApiError. Source: operation `get_instance_configuration`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._configuration(), timeout)

    def usage(self, *, timeout: float | None = None) -> InstanceUsage | None:
        """What is used and allowed, in seconds of QPU time and in resource units; None if the service does not know.

        Raises: ApiError. Source: operation `get_usage`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._usage(), timeout)


class AsyncInstances(Awaited, InstancesLogic):
    """`client.instances` of an `AsyncRuntimeClient`: the instance of its settings."""

    async def get(self, *, timeout: float | None = None) -> Instance:
        """The instance's plan and backends. Raises: ApiError. Source: operation `get_instance`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._get(), timeout)

    async def configuration(self, *, timeout: float | None = None) -> InstanceConfiguration:
        """The instance's limit.

        Deprecated by the service. IBM Cloud Resource Controller replaces it: `GET /v2/resource_instances/{crn}` has the
        limit as `extensions.instance_limit_seconds`, and `PATCH` there sets it.

        Warns: DeprecationWarning.
        Raises: ApiError. Source: operation `get_instance_configuration`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._configuration(), timeout)

    async def usage(self, *, timeout: float | None = None) -> InstanceUsage | None:
        """What is used and allowed, in seconds of QPU time and in resource units; None if the service does not know.

        Raises: ApiError. Source: operation `get_usage`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._usage(), timeout)
