"""Backends: which there are, and what they can do now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx

from qiskit_runtime_api.api import backends as backends_api

from ..base.json_members import member_count, member_object, member_text
from ..base.text import printable
from ..errors import ConfigurationError, InvalidInput, NotFound
from ..http import Connection
from ..http.calls import call, fetch, json_object
from ..http.error_mapping import modelled, unexpected_answer
from ..plans.faces import AsyncFace, SyncFace, operation
from ..plans.plan import Plan

if TYPE_CHECKING:
    from qiskit_runtime_api.models import BackendConfiguration, BackendProperties, BackendStatus, Device

__all__ = ["AsyncBackend", "AsyncBackends", "Backend", "Backends"]


class BackendOperations:
    """One backend, as the list of backends described it.

    Attributes:
        name: such as `ibm_torino`.
        raw: its JSON in the list (only `name` where an old API version lists bare names).
    """

    def __init__(self, connection: Connection, raw: Mapping[str, Any]) -> None:
        """Made by `client.backends`."""
        self._connection = connection
        self.name: str = raw["name"]
        self.raw = dict(raw)

    def __repr__(self) -> str:
        """Name, qubits and queue."""
        facts = [self.name, f"{self.num_qubits} qubits" if self.num_qubits else "", self.state or ""]
        return printable(f"<{type(self).__name__} {', '.join(fact for fact in facts if fact)}>")

    @property
    def num_qubits(self) -> int | None:
        """Number of qubits, as far as known."""
        return member_count(self.raw, "qubits")

    @property
    def state(self) -> str | None:
        """online, paused or offline when it was listed, as far as known."""
        return member_text(member_object(self.raw, "status"), "name")

    @property
    def queue_length(self) -> int | None:
        """Jobs waiting when it was listed, as far as known."""
        return member_count(self.raw, "queue_length")

    @property
    def details(self) -> Device:
        """The entry of the list, as the generated model `Device`.

        Raises:
            ConfigurationError: the API version lists backends by their names only.
            UnexpectedAnswer: the entry is not what the contract promises; it is in `raw`.
        """
        from qiskit_runtime_api.models import Device

        if "status" not in self.raw:
            raise ConfigurationError(
                f"API version {self._connection.settings.api_version} lists only the name of backend {self.name}: "
                "use a newer api_version, or call status(), configuration() or properties()."
            )
        return modelled(Device, self.raw, what=f"backend {self.name}")

    @operation
    def status(self) -> Plan[BackendStatus]:
        """State and queue length now. Raises: ApiError. Source: operation `get_backend_status`."""
        return (yield from _status(self.name))

    @operation
    def configuration(self) -> Plan[BackendConfiguration]:
        """Native gates, coupling map and more. Raises: ApiError. Source: operation `get_backend_configuration`."""
        return (yield from _configuration(self.name))

    @operation
    def properties(self) -> Plan[BackendProperties]:
        """Calibration data of qubits and gates. Raises: ApiError. Source: operation `get_backend_properties`."""
        return (yield from _properties(self.name))


class Backend(SyncFace, BackendOperations):
    """A backend of a `RuntimeClient`."""


class AsyncBackend(AsyncFace, BackendOperations):
    """A backend of an `AsyncRuntimeClient`."""


B = TypeVar("B", Backend, AsyncBackend)


class BackendsOperations(Generic[B]):
    """`client.backends`."""

    _backend: type[B]

    def __init__(self, connection: Connection) -> None:
        """Made by the client."""
        self._connection = connection

    def __repr__(self) -> str:
        """Which instance on which host; never a secret."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @operation
    def list(self) -> Plan[list[B]]:
        """The backends of the instance. Raises: ApiError, TransportError. Source: operation `list_backends`."""
        _, backends = yield from self._list()
        return backends

    @operation
    def get(self, name: str) -> Plan[B]:
        """The backend called `name`, found in the list.

        Raises: NotFound (with the names there are), ApiError, TransportError. Source: operation `list_backends`.
        """
        response, backends = yield from self._list()
        for backend in backends:
            if backend.name == name:
                return backend
        raise NotFound(
            f"this instance has no backend {name!r}",
            status=httpx.codes.NOT_FOUND,
            solution=f"It has: {', '.join(sorted(backend.name for backend in backends)) or 'none'}.",
            method=response.request.method,
            url=str(response.request.url),
        )

    @operation
    def least_busy(self, *, min_num_qubits: int = 1) -> Plan[B]:
        """The device with the fewest jobs waiting, of those online with `min_num_qubits` at least; no simulator.

        Raises: NotFound (none is online), ApiError, TransportError. Source: operation `list_backends`.
        """
        response, backends = yield from self._list()
        fit = [
            backend
            for backend in backends
            if backend.state == "online"
            and not backend.raw.get("is_simulator")
            and (backend.num_qubits or 0) >= min_num_qubits
        ]
        if not fit:
            raise NotFound(
                f"no device of this instance with {min_num_qubits} qubits or more is online",
                status=httpx.codes.NOT_FOUND,
                solution="Try again later, or name a backend.",
                method=response.request.method,
                url=str(response.request.url),
            )
        return min(fit, key=lambda backend: (backend.queue_length or 0, -(backend.num_qubits or 0)))

    @operation
    def status(self, name: str) -> Plan[BackendStatus]:
        """State and queue length of backend `name` now. Raises: ApiError. Source: operation `get_backend_status`."""
        return (yield from _status(name))

    @operation
    def configuration(self, name: str) -> Plan[BackendConfiguration]:
        """What backend `name` is. Raises: ApiError. Source: operation `get_backend_configuration`."""
        return (yield from _configuration(name))

    @operation
    def properties(self, name: str) -> Plan[BackendProperties]:
        """Calibration data of backend `name`. Raises: ApiError. Source: operation `get_backend_properties`."""
        return (yield from _properties(name))

    def _list(self) -> Plan[tuple[httpx.Response, list_of[B]]]:
        response = yield from fetch(backends_api.list_backends)
        devices = json_object(response).get("devices")
        if not isinstance(devices, list_of):
            raise unexpected_answer(response, "the answer holds no list of devices")
        # API version 2024-01-01 lists bare names.
        entries = [{"name": device} if isinstance(device, str) else device for device in devices]
        if not all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries):
            raise unexpected_answer(response, "the answer lists a device without a name")
        return response, [self._backend(self._connection, entry) for entry in entries]


list_of = list  # the name inside the class is the operation's


def _named(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"backend {name!r} is no backend's name; client.backends.list() has those there are.")
    return name


def _status(name: str) -> Plan[BackendStatus]:
    status: BackendStatus = yield from call(backends_api.get_backend_status, id=_named(name))
    return status


def _configuration(name: str) -> Plan[BackendConfiguration]:
    configuration: BackendConfiguration = yield from call(backends_api.get_backend_configuration, id=_named(name))
    return configuration


def _properties(name: str) -> Plan[BackendProperties]:
    properties: BackendProperties = yield from call(backends_api.get_backend_properties, id=_named(name))
    return properties


class Backends(SyncFace, BackendsOperations[Backend]):
    """`client.backends` of a `RuntimeClient`."""

    _backend = Backend


class AsyncBackends(AsyncFace, BackendsOperations[AsyncBackend]):
    """`client.backends` of an `AsyncRuntimeClient`."""

    _backend = AsyncBackend
