"""Backends: list them, and read their status, configuration and properties.

Generated from logic/backends.py by `make generate`: change it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .logic.backends import BackendLogic, BackendsLogic
from .logic.public import Awaited, Blocking

if TYPE_CHECKING:
    from qiskit_runtime_api.models import BackendConfiguration, BackendProperties, BackendStatus

    from .listing import Listing
__all__ = ["AsyncBackend", "AsyncBackends", "Backend", "Backends"]


class Backend(Blocking, BackendLogic):
    """A backend of a `RuntimeClient`."""

    def status(self) -> BackendStatus:
        """State and queue length now. Raises: ApiError. Source: operation `get_backend_status`."""
        return self._run(self._status())

    def configuration(self) -> BackendConfiguration:
        """Native gates, coupling map and more. Raises: ApiError. Source: operation `get_backend_configuration`."""
        return self._run(self._configuration())

    def properties(self) -> BackendProperties | None:
        """Calibration data of qubits and gates; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.
        """
        return self._run(self._properties())


class AsyncBackend(Awaited, BackendLogic):
    """A backend of an `AsyncRuntimeClient`."""

    async def status(self) -> BackendStatus:
        """State and queue length now. Raises: ApiError. Source: operation `get_backend_status`."""
        return await self._run(self._status())

    async def configuration(self) -> BackendConfiguration:
        """Native gates, coupling map and more. Raises: ApiError. Source: operation `get_backend_configuration`."""
        return await self._run(self._configuration())

    async def properties(self) -> BackendProperties | None:
        """Calibration data of qubits and gates; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.
        """
        return await self._run(self._properties())


class Backends(Blocking, BackendsLogic["Backend"]):
    """`client.backends` of a `RuntimeClient`."""

    _backend = Backend

    def list(self) -> Listing[Backend]:
        """The backends of the instance. Raises: ApiError, TransportError. Source: operation `list_backends`."""
        return self._run(self._list())

    def get(self, name: str) -> Backend:
        """The backend called `name`, found in the list.

        Raises: NotFound (with the names there are), ApiError, TransportError. Source: operation `list_backends`.
        """
        return self._run(self._get(name))

    def least_busy(self, *, min_num_qubits: int = 1) -> Backend:
        """The device with the fewest waiting jobs, of those that are online and have at least `min_num_qubits` qubits.

        Simulators are left out.

        Raises: NotFound (none is online), ApiError, TransportError. Source: operation `list_backends`.
        """
        return self._run(self._least_busy(min_num_qubits=min_num_qubits))

    def status(self, name: str) -> BackendStatus:
        """State and queue length of backend `name` now. Raises: ApiError. Source: operation `get_backend_status`."""
        return self._run(self._status(name))

    def configuration(self, name: str) -> BackendConfiguration:
        """What backend `name` is. Raises: ApiError. Source: operation `get_backend_configuration`."""
        return self._run(self._configuration(name))

    def properties(self, name: str) -> BackendProperties | None:
        """Calibration data of backend `name`; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.
        """
        return self._run(self._properties(name))


class AsyncBackends(Awaited, BackendsLogic["AsyncBackend"]):
    """`client.backends` of an `AsyncRuntimeClient`."""

    _backend = AsyncBackend

    async def list(self) -> Listing[AsyncBackend]:
        """The backends of the instance. Raises: ApiError, TransportError. Source: operation `list_backends`."""
        return await self._run(self._list())

    async def get(self, name: str) -> AsyncBackend:
        """The backend called `name`, found in the list.

        Raises: NotFound (with the names there are), ApiError, TransportError. Source: operation `list_backends`.
        """
        return await self._run(self._get(name))

    async def least_busy(self, *, min_num_qubits: int = 1) -> AsyncBackend:
        """The device with the fewest waiting jobs, of those that are online and have at least `min_num_qubits` qubits.

        Simulators are left out.

        Raises: NotFound (none is online), ApiError, TransportError. Source: operation `list_backends`.
        """
        return await self._run(self._least_busy(min_num_qubits=min_num_qubits))

    async def status(self, name: str) -> BackendStatus:
        """State and queue length of backend `name` now. Raises: ApiError. Source: operation `get_backend_status`."""
        return await self._run(self._status(name))

    async def configuration(self, name: str) -> BackendConfiguration:
        """What backend `name` is. Raises: ApiError. Source: operation `get_backend_configuration`."""
        return await self._run(self._configuration(name))

    async def properties(self, name: str) -> BackendProperties | None:
        """Calibration data of backend `name`; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.
        """
        return await self._run(self._properties(name))
