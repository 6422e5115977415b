"""The instance: its plan, its limits and its usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_runtime_api.api import instances as instances_api

from ...base.text import also_half_built
from ...http import Connection
from ...http.calls import call
from ...plans.plan import Plan
from .public import public

if TYPE_CHECKING:
    from qiskit_runtime_api.models import Instance, InstanceConfiguration, InstanceUsage

__all__ = ["InstancesLogic"]


class InstancesLogic:
    """`client.instances`: the instance of the client's settings."""

    def __init__(self, connection: Connection) -> None:
        """Made by the client."""
        self._connection = connection

    @also_half_built
    def __repr__(self) -> str:
        """Instance and host."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @public("instances.get_instance")
    def _get(self) -> Plan[Instance]:
        """The instance's plan and backends. Raises: ApiError. Source: operation `get_instance`."""
        instance: Instance = yield from call(instances_api.get_instance)
        return instance

    @public("instances.get_instance_configuration")
    def _configuration(self) -> Plan[InstanceConfiguration]:
        """The instance's limit.

        Deprecated by the service. IBM Cloud Resource Controller replaces it: `GET /v2/resource_instances/{crn}` has the
        limit as `extensions.instance_limit_seconds`, and `PATCH` there sets it.

        Warns: DeprecationWarning.
        Raises: ApiError. Source: operation `get_instance_configuration`.
        """
        configuration: InstanceConfiguration = yield from call(instances_api.get_instance_configuration)
        return configuration

    @public("instances.get_instance_usage")
    def _usage(self) -> Plan[InstanceUsage | None]:
        """What is used and allowed, in seconds of QPU time and in resource units; None if the service does not know.

        Raises: ApiError. Source: operation `get_usage`.
        """
        usage: InstanceUsage | None = yield from call(instances_api.get_instance_usage)
        return usage
