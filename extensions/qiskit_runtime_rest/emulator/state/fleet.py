"""The devices of the service, and the condition that each of them is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen, validators

from .. import devices
from ..json_text import json_text

if TYPE_CHECKING:
    from ..devices import Device

__all__ = ["Condition", "Fleet"]

STATUSES = ("online", "paused", "offline")


@frozen(kw_only=True)
class Condition:
    """How a device is. Tests set it; by default all is well."""

    status: str = field(default="online", validator=validators.in_(STATUSES))
    """`paused`: its jobs stay in the queue. `offline`: it takes no jobs."""
    reason: str | None = field(default=None, validator=validators.optional(validators.instance_of(str)))
    queue_length: int = field(default=0, validator=[validators.instance_of(int), validators.ge(0)])
    """Jobs of others in its queue, besides those of this service."""

    @property
    def message(self) -> str:
        """The reason, or a word for the status."""
        return self.reason or ("available" if self.status == "online" else "maintenance")

    @cached_property
    def described(self) -> str:
        """What the list of devices says of it, as JSON."""
        return json_text({"name": self.status, "reason": self.message})


class Fleet:
    """All devices by name, and for each the mock device that clients use for `dry_run`."""

    def __init__(self, chosen: Sequence[Device] = ()) -> None:
        """The devices that the user chose; without any, those of today."""
        self._devices = {device.name: device for device in chosen or map(devices.get, devices.PRESENT)}
        mocks = (devices.load(_mock_name(one.name), one.snapshot, mock=True) for one in self._devices.values())
        self._mocks = {mock.name: mock for mock in mocks if mock.name not in self._devices}
        self._retired = frozenset() if chosen else frozenset(devices.names()) - self._devices.keys()
        self._conditions: dict[str, Condition] = {}

    def __contains__(self, name: object) -> bool:
        """Whether there is a device, not a mock, of that name."""
        return name in self._devices

    def __iter__(self) -> Iterator[str]:
        """The names of the devices, without mocks."""
        return iter(self._devices)

    def __getitem__(self, name: str) -> Device:
        """The device, mock device or retired device of that name; raises `KeyError`."""
        device = self._devices.get(name) or self._mocks.get(name) or self.retired(name)
        if device is None:
            raise KeyError(f"there is no device {name}")
        return device

    def mock(self, name: str) -> Device | None:
        """The mock device of a device."""
        return self._mocks.get(_mock_name(name))

    def retired(self, name: str) -> Device | None:
        """A device of the past, if the user chose no devices: not listed, but there for programs that name it."""
        return devices.get(name) if name in self._retired else None

    def condition(self, name: str) -> Condition:
        """How the device is."""
        return self._conditions.get(name, _WELL)

    def set(self, name: str, changes: Mapping[str, Any]) -> None:
        """Change a device's condition; the fields of `Condition` that are not given stay.

        Raises:
            ValueError: there is no such device or field, or a value is wrong.
        """
        if name not in self._devices:
            raise ValueError(f"There is no device {name!r}; there are {', '.join(self)}.")
        try:
            self._conditions[name] = evolve(self.condition(name), **changes)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error.args[0]}") from None

    def reset(self) -> None:
        """All is well again."""
        self._conditions.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The devices with their conditions, as the control plane lists them."""
        return [
            {
                "name": name,
                "status": (condition := self.condition(name)).status,
                "reason": condition.reason,
                "queue_length": condition.queue_length,
            }
            for name in self
        ]


_WELL = Condition()


def _mock_name(name: str) -> str:
    """The name that qiskit-ibm-runtime derives for `dry_run`: `mock_fez` for `ibm_fez`."""
    return re.sub(r"^[^_]+", "mock", name)
