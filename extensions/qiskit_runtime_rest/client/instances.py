"""The instance: its plan, its limits, what it has used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_runtime_api.api import instances as instances_api

from ..http import Connection
from ..http.calls import call
from ..plans.faces import AsyncFace, SyncFace, operation
from ..plans.plan import Plan

if TYPE_CHECKING:
    from qiskit_runtime_api.models import Instance, InstanceConfiguration, InstanceUsage

__all__ = ["AsyncInstances", "Instances", "get_usage"]


class InstancesOperations:
    """`client.instances`: of the instance that the client speaks for."""

    def __init__(self, connection: Connection) -> None:
        """Made by the client."""
        self._connection = connection

    def __repr__(self) -> str:
        """Which instance on which host; never a secret."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @operation
    def get(self) -> Plan[Instance]:
        """The instance's plan and backends. Raises: ApiError. Source: operation `get_instance`."""
        instance: Instance = yield from call(instances_api.get_instance)
        return instance

    @operation
    def configuration(self) -> Plan[InstanceConfiguration]:
        """The instance's limit. Raises: ApiError. Source: operation `get_instance_configuration`."""
        configuration: InstanceConfiguration = yield from call(instances_api.get_instance_configuration)
        return configuration

    @operation
    def usage(self) -> Plan[InstanceUsage]:
        """Seconds of QPU time used and allowed. Raises: ApiError. Source: operation `get_usage`."""
        return (yield from get_usage())


def get_usage() -> Plan[InstanceUsage]:
    """Seconds of QPU time used and allowed. Raises: ApiError. Source: operation `get_usage`."""
    usage: InstanceUsage = yield from call(instances_api.get_instance_usage)
    return usage


class Instances(SyncFace, InstancesOperations):
    """`client.instances` of a `RuntimeClient`."""


class AsyncInstances(AsyncFace, InstancesOperations):
    """`client.instances` of an `AsyncRuntimeClient`."""
