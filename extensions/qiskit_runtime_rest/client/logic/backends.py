"""Backends: list them, and read their status, configuration and properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qiskit_runtime_api.api import backends as backends_api
from qiskit_runtime_api.http_library import httpx

from ...arguments import positive_whole
from ...base.html import facts_table
from ...base.json_members import member_count, member_number, member_object, member_text
from ...base.text import also_half_built, printable
from ...errors import ConfigurationError, InvalidInput, NotFound
from ...http import Connection
from ...http.calls import call, fetch, json_object
from ...http.error_mapping import modelled, unexpected_answer
from ...plans.plan import Plan
from ..listing import Listing
from .public import public

if TYPE_CHECKING:
    from qiskit_runtime_api.models import BackendConfiguration, BackendProperties, BackendStatus, Device

__all__ = ["B", "BackendLogic", "BackendsLogic", "near_name"]

B = TypeVar("B", bound="BackendLogic")


class BackendLogic:
    """A backend, as the list of backends describes it.

    Attributes:
        name: such as `ibm_fez`.
        raw: its JSON in the list (only `name` where an old API version lists bare names).
    """

    def __init__(self, connection: Connection, raw: Mapping[str, Any]) -> None:
        """Made by `client.backends`."""
        self._connection = connection
        self.name: str = raw["name"]
        self.raw = dict(raw)

    @also_half_built
    def __repr__(self) -> str:
        """Name, qubits and queue."""
        facts = [self.name, f"{self.num_qubits} qubits" if self.num_qubits else "", self.state or ""]
        return printable(f"<{type(self).__name__} {', '.join(fact for fact in facts if fact)}>")

    def facts(self) -> dict[str, Any]:
        """What the list of backends says of it: for tables of backends."""
        metrics, processor = (member_object(self.raw, name) for name in ("performance_metrics", "processor_type"))
        return {
            "name": self.name,
            "qubits": self.num_qubits,
            "state": self.state,
            "queue": self.queue_length,
            "2-qubit error": member_number(member_object(metrics, "two_q_error_median"), "value"),
            "readout error": member_number(member_object(metrics, "readout_error_median"), "value"),
            "processor": " r".join(str(processor[name]) for name in ("family", "revision") if processor.get(name)),
        }

    def _repr_html_(self) -> str:
        return facts_table(self.facts())

    @property
    def num_qubits(self) -> int | None:
        """Number of qubits, if known."""
        return member_count(self.raw, "qubits")

    @property
    def state(self) -> str | None:
        """`online`, `paused` or `offline` when it was listed, if known."""
        return member_text(member_object(self.raw, "status"), "name")

    @property
    def queue_length(self) -> int | None:
        """Number of waiting jobs when it was listed, if known."""
        return member_count(self.raw, "queue_length")

    @property
    def details(self) -> Device:
        """The entry of the list, as the generated model `Device`.

        Raises:
            ConfigurationError: the API version lists backends by their names only.
            UnexpectedAnswer: the entry does not match the contract; it is in `raw`.
        """
        from qiskit_runtime_api.models import Device

        if "status" not in self.raw:
            raise ConfigurationError(
                f"API version {self._connection.settings.api_version} lists only the name of backend {self.name}: "
                "use a newer api_version, or call status(), configuration() or properties()."
            )
        return modelled(Device, self.raw, what=f"backend {self.name}")

    @public("backends.get_backend_status")
    def _status(self) -> Plan[BackendStatus]:
        """State and queue length now. Raises: ApiError. Source: operation `get_backend_status`."""
        status: BackendStatus = yield from call(backends_api.get_backend_status, id=self.name)
        return status

    @public("backends.get_backend_configuration")
    def _configuration(self) -> Plan[BackendConfiguration]:
        """Native gates, coupling map and more. Raises: ApiError. Source: operation `get_backend_configuration`."""
        configuration: BackendConfiguration = yield from call(backends_api.get_backend_configuration, id=self.name)
        return configuration

    @public("backends.get_backend_properties")
    def _properties(self) -> Plan[BackendProperties | None]:
        """Calibration data of qubits and gates; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.
        """
        properties: BackendProperties | None = yield from call(backends_api.get_backend_properties, id=self.name)
        return properties


class BackendsLogic(Generic[B]):
    """`client.backends`."""

    _backend: type[B]

    def __init__(self, connection: Connection) -> None:
        """Made by the client."""
        self._connection = connection

    @also_half_built
    def __repr__(self) -> str:
        """Instance and host."""
        return f"<{type(self).__name__} {self._connection.origin}>"

    @public("backends.list_backends")
    def _list(self) -> Plan[Listing[B]]:
        """The backends of the instance. Raises: ApiError, TransportError. Source: operation `list_backends`."""
        _, backends = yield from self._listed()
        return Listing(backends)

    @public("backends.list_backends")
    def _get(self, name: str) -> Plan[B]:
        """The backend called `name`, found in the list.

        Raises: NotFound (with the names there are), ApiError, TransportError. Source: operation `list_backends`.
        """
        response, backends = yield from self._listed()
        for backend in backends:
            if backend.name == name:
                return backend
        names = sorted(backend.name for backend in backends)
        raise NotFound(
            f"this instance has no backend {name!r}",
            status=httpx.codes.NOT_FOUND,
            solution=f"{near_name(name, names)}It has: {', '.join(names) or 'none'}.",
            method=response.request.method,
            url=str(response.request.url),
        )

    @public("backends.list_backends")
    def _least_busy(self, *, min_num_qubits: int = 1) -> Plan[B]:
        """The device with the fewest waiting jobs, of those that are online and have at least `min_num_qubits` qubits.

        Simulators are left out.

        Raises: InvalidInput, NotFound (none is online), ApiError, TransportError. Source: operation `list_backends`.
        """
        positive_whole(min_num_qubits, "min_num_qubits")
        response, backends = yield from self._listed()
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

    @public("backends.get_backend_status")
    def _status(self, name: str) -> Plan[BackendStatus]:
        """State and queue length of backend `name` now. Raises: ApiError. Source: operation `get_backend_status`."""
        status: BackendStatus = yield from call(backends_api.get_backend_status, id=_checked(name))
        return status

    @public("backends.get_backend_configuration")
    def _configuration(self, name: str) -> Plan[BackendConfiguration]:
        """What backend `name` is. Raises: ApiError. Source: operation `get_backend_configuration`."""
        configuration: BackendConfiguration = yield from call(backends_api.get_backend_configuration, id=_checked(name))
        return configuration

    @public("backends.get_backend_properties")
    def _properties(self, name: str) -> Plan[BackendProperties | None]:
        """Calibration data of backend `name`; None for a device without.

        Raises: ApiError. Source: operation `get_backend_properties`.
        """
        properties: BackendProperties | None = yield from call(backends_api.get_backend_properties, id=_checked(name))
        return properties

    def _listed(self) -> Plan[tuple[httpx.Response, list[B]]]:
        response = yield from fetch(backends_api.list_backends)
        devices = json_object(response).get("devices")
        if not isinstance(devices, list):
            raise unexpected_answer(response, "the response contains no list of devices")
        # API version 2024-01-01 lists bare names.
        entries = [{"name": device} if isinstance(device, str) else device for device in devices]
        if not all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries):
            raise unexpected_answer(response, "the response lists a device without a name")
        return response, [self._backend(self._connection, entry) for entry in entries]


def near_name(name: object, names: Iterable[str]) -> str:
    """The question whether the nearest of `names` was meant, with a blank at its end; empty if none is near."""
    import difflib

    near = difflib.get_close_matches(str(name), list(names), n=1)
    return f"Did you mean {near[0]!r}? " if near else ""


def _checked(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"backend={name!r}: expected a backend name, such as those of client.backends.list().")
    return name
