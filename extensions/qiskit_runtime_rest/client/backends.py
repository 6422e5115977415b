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

    def status(self, *, timeout: float | None = None) -> BackendStatus:
        """State and queue length now. Raises: ApiError. Source: operation `get_backend_status`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._status(), timeout)

    def configuration(self, *, timeout: float | None = None) -> BackendConfiguration:
        """Native gates, coupling map and more. Raises: ApiError. Source: operation `get_backend_configuration`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._configuration(), timeout)

    def properties(self, *, timeout: float | None = None) -> BackendProperties | None:
        """Calibration data of qubits and gates; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._properties(), timeout)


class AsyncBackend(Awaited, BackendLogic):
    """A backend of an `AsyncRuntimeClient`."""

    async def status(self, *, timeout: float | None = None) -> BackendStatus:
        """State and queue length now. Raises: ApiError. Source: operation `get_backend_status`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._status(), timeout)

    async def configuration(self, *, timeout: float | None = None) -> BackendConfiguration:
        """Native gates, coupling map and more. Raises: ApiError. Source: operation `get_backend_configuration`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._configuration(), timeout)

    async def properties(self, *, timeout: float | None = None) -> BackendProperties | None:
        """Calibration data of qubits and gates; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._properties(), timeout)


class Backends(Blocking, BackendsLogic["Backend"]):
    """`client.backends` of a `RuntimeClient`."""

    _backend = Backend

    def list(self, *, timeout: float | None = None) -> Listing[Backend]:
        """The backends of the instance. Raises: ApiError, TransportError. Source: operation `list_backends`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._list(), timeout)

    def get(self, name: str, *, timeout: float | None = None) -> Backend:
        """The backend called `name`, found in the list.

        Raises: NotFound (with the names there are), ApiError, TransportError. Source: operation `list_backends`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._get(name), timeout)

    def least_busy(self, *, min_num_qubits: int = 1, timeout: float | None = None) -> Backend:
        """The device with the fewest waiting jobs, of those that are online and have at least `min_num_qubits` qubits.

        Simulators are left out.

        Raises: InvalidInput, NotFound (none is online), ApiError, TransportError. Source: operation `list_backends`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._least_busy(min_num_qubits=min_num_qubits), timeout)

    def status(self, name: str, *, timeout: float | None = None) -> BackendStatus:
        """State and queue length of backend `name` now. Raises: ApiError. Source: operation `get_backend_status`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._status(name), timeout)

    def configuration(self, name: str, *, timeout: float | None = None) -> BackendConfiguration:
        """What backend `name` is. Raises: ApiError. Source: operation `get_backend_configuration`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._configuration(name), timeout)

    def properties(self, name: str, *, timeout: float | None = None) -> BackendProperties | None:
        """Calibration data of backend `name`; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return self._run(self._properties(name), timeout)


class AsyncBackends(Awaited, BackendsLogic["AsyncBackend"]):
    """`client.backends` of an `AsyncRuntimeClient`."""

    _backend = AsyncBackend

    async def list(self, *, timeout: float | None = None) -> Listing[AsyncBackend]:
        """The backends of the instance. Raises: ApiError, TransportError. Source: operation `list_backends`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._list(), timeout)

    async def get(self, name: str, *, timeout: float | None = None) -> AsyncBackend:
        """The backend called `name`, found in the list.

        Raises: NotFound (with the names there are), ApiError, TransportError. Source: operation `list_backends`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._get(name), timeout)

    async def least_busy(self, *, min_num_qubits: int = 1, timeout: float | None = None) -> AsyncBackend:
        """The device with the fewest waiting jobs, of those that are online and have at least `min_num_qubits` qubits.

        Simulators are left out.

        Raises: InvalidInput, NotFound (none is online), ApiError, TransportError. Source: operation `list_backends`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._least_busy(min_num_qubits=min_num_qubits), timeout)

    async def status(self, name: str, *, timeout: float | None = None) -> BackendStatus:
        """State and queue length of backend `name` now. Raises: ApiError. Source: operation `get_backend_status`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._status(name), timeout)

    async def configuration(self, name: str, *, timeout: float | None = None) -> BackendConfiguration:
        """What backend `name` is. Raises: ApiError. Source: operation `get_backend_configuration`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._configuration(name), timeout)

    async def properties(self, name: str, *, timeout: float | None = None) -> BackendProperties | None:
        """Calibration data of backend `name`; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.

        `timeout`: seconds for all of it; None: as the time-outs and the `RetryPolicy` of the client say.
        """
        return await self._run(self._properties(name), timeout)
