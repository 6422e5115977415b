"""The options of the emulated service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen, validators

from ..base.serving import host_name
from .devices import Device, chosen
from .state.progress import Progress

__all__ = ["Options"]

_positive = validators.ge(1)


def _pace(value: Progress | str | Mapping[str, Any]) -> Progress:
    return Progress.parse(value)


def _path(value: Path | str | None) -> Path | None:
    return None if value is None else Path(value)


def _devices(value: Any) -> tuple[Device, ...]:
    return chosen(value) if value != () else ()


def _names(value: Iterable[str]) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value)
    for name in names:
        if name not in (host_name(name), host_name(f"[{name}]")):
            raise ValueError(f"allow_hosts: {name!r} is not the name or address of a host.")
    return names


def _instances(value: Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


@frozen(kw_only=True)
class Options:
    """All options. The defaults give a service without limits, delays or faults."""

    pace: Progress = field(default=Progress(), converter=_pace)
    """How fast jobs move on: a text form of `emulator.state.progress`, or one for each state."""
    devices: tuple[Device, ...] = field(default=(), converter=_devices)
    """Which devices there are, as texts or a mapping (`emulator.devices.chosen`); by default those of today."""
    seed: int | None = None
    workers: int = field(default=2, validator=_positive)
    warm: bool = False
    """Start the workers with the server, so that the first job does not wait some seconds for their imports."""
    virtual_clock: bool = False
    token_seconds: int = field(default=3600, validator=_positive)
    """Lifetime of a bearer token in seconds."""
    submissions_per_minute: int | None = field(default=None, validator=validators.optional(_positive))
    """Jobs per minute that a user may submit. `None`: no limit. The service publishes 5, but does not enforce it."""
    pending_jobs: int | None = field(default=None, validator=validators.optional(_positive))
    """Jobs of an instance that may be queued or running at the same time. `None`: no limit."""
    quota_seconds: int | None = field(default=None, validator=validators.optional(validators.ge(0)))
    """QPU seconds that each instance may use: then its jobs stay in the queue. `None`: no limit."""
    refuse_over_quota: bool = False
    """Refuse the jobs of an instance that used up its limit (409), which the live service was not seen to do."""
    lenient: bool = False
    """Run circuits that devices refuse and the simulator can run: OpenQASM 2, any gate, any control flow."""
    usage_pending_seconds: float = field(default=0.0, validator=validators.ge(0))
    """How long the usage of a job that has ended is pending, with 0 seconds, as in the service for a while."""
    simulation_seconds: float = field(default=120.0, validator=validators.gt(0))
    """How long the simulation of a job may take, in seconds: one that is estimated to take longer fails at once."""
    resilience_level: int = field(default=1, validator=validators.in_(range(3)))
    """The resilience level of `estimator` jobs that name none. 1 is the service's; 0 shows the device's noise."""
    max_body_bytes: int = field(default=128 * 2**20, validator=_positive)
    recorded_requests: int = field(default=1000, validator=_positive)
    """How many of the last requests the emulator records."""
    state: Path | None = field(default=None, converter=_path)
    """The file for the state; `None`: in memory."""
    allow_hosts: tuple[str, ...] = field(default=(), converter=_names)
    """Further names by which clients may address the server (header `Host`), besides its loopback names and address."""
    on_foreign_host: Callable[[str], object] | None = None
    """Called with each header `Host` that is refused, for it names another server."""
    any_account: bool = False
    """Accept every API key, and the CRN of every instance of the service."""
    instances: tuple[str, ...] = field(default=(), converter=_instances)
    """Names or CRNs of further instances of the account, of the plan Premium."""
