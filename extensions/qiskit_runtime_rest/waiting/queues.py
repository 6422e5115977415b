"""How long the backends' queues are, asked seldom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qiskit_runtime_api.api import backends as backends_api

from ..base.json_members import member_count, member_number, member_text
from ..errors import ApiError, TransportError
from ..http.calls import fetch, json_object
from ..plans.clock import Clock
from ..plans.plan import Plan

__all__ = ["Queue", "Queues", "WaitTime"]

FRESH_SECONDS = 60.0


@dataclass(frozen=True)
class WaitTime:
    """Seconds that jobs have lately spent in a queue: their mean; half, and 95 of 100, waited no longer than so.

    Source: schema `DeviceWaitTime` of the contract.
    """

    average: float | None
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Queue:
    """The queue of a backend. `length`: jobs in it; `wait_time`: how long they wait. None: the service does not say."""

    length: int | None
    wait_time: WaitTime | None


class Queues:
    """The queues of all backends by name, as the service told them a minute ago at most."""

    def __init__(self, clock: Clock) -> None:
        """Knows nothing yet."""
        self._clock = clock
        self._asked_at: float | None = None
        self._queues: Mapping[str, Queue] = {}

    @property
    def are_fresh(self) -> bool:
        """Whether `look` sends nothing."""
        return self._asked_at is not None and self._clock.monotonic() - self._asked_at < FRESH_SECONDS

    def look(self) -> Plan[Mapping[str, Queue]]:
        """The queues by the backends' names; none where the service does not tell. Source: operation `list_backends`.

        Nobody waits for them to wait for a job: they are asked for once, without retries, and no failure is raised.
        """
        if not self.are_fresh:
            from qiskit_runtime_api.models import ListBackendsFields

            self._asked_at = self._clock.monotonic()
            fields = ListBackendsFields.WAIT_TIME_SECONDS
            try:
                listed = json_object((yield from fetch(backends_api.list_backends, budget=0.0, fields=fields)))
            except (ApiError, TransportError):
                listed = {}
            devices = listed.get("devices")
            named = {member_text(device, "name"): device for device in (devices if isinstance(devices, list) else [])}
            self._queues = {name: _queue(device) for name, device in named.items() if name is not None}
        return self._queues


def _queue(device: Mapping[str, Any]) -> Queue:
    spent = device.get("wait_time_seconds")
    return Queue(
        length=member_count(device, "queue_length"),
        wait_time=WaitTime(*(member_number(spent, name) for name in ("average", "p50", "p95")))
        if isinstance(spent, Mapping)
        else None,
    )
