"""Notify the caller of a job's status, with the queue of its backend."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qiskit_runtime_api.api import backends as backends_api

from ..base.json_members import member_count, member_number, member_text
from ..errors import ApiError, TransportError
from ..http.calls import fetch, json_object
from ..plans.clock import Clock
from ..plans.deadline import end_by
from ..plans.plan import Plan
from .job_states import JobSnapshot

__all__ = ["Notify", "Queues", "StatusCallback", "StatusUpdate", "WaitTime"]

FRESH_SECONDS = 60.0
"""Queues are listed again after this many seconds."""


@dataclass(frozen=True)
class WaitTime:
    """Seconds that recent jobs spent in a queue: mean, median, 95th percentile.

    Source: schema `DeviceWaitTime` of the contract.
    """

    average: float | None
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Queue:
    """The queue of a backend. `length`: jobs in it; `wait_time`: how long they wait. None: unknown."""

    length: int | None
    wait_time: WaitTime | None


class Queues:
    """The queues of all backends by name, at most a minute old."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is sent yet."""
        self._clock = clock
        self._asked_at: float | None = None
        self._queues: Mapping[str, Queue] = {}

    @property
    def are_fresh(self) -> bool:
        """Whether `read` sends nothing."""
        return self._asked_at is not None and self._clock.monotonic() - self._asked_at < FRESH_SECONDS

    def read(self) -> Plan[Mapping[str, Queue]]:
        """The queues by the backends' names; empty if they are unknown. Source: operation `list_backends`.

        A wait for a job must not depend on them: one request, without retries, and failures are not raised.
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


class StatusUpdate(str):
    """A job's status word, with what else was known when it was read.

    Attributes:
        job_id: the job.
        waited: seconds since the wait began.
        estimated_running_time_seconds: the service's estimate of the time on the QPU, or None.
        position: of a queued job, its place, from 1, among the queued jobs of its backend in the instance's list;
            jobs of other instances may be before it. None when the job was read by itself.
        queue_length: jobs of all users that wait for its backend, or None.
        wait_time: how long recent jobs waited for its backend, or None.

    The last two come with Queued only. Source: schemas `Job` and `Device` of the contract.
    """

    __slots__ = ("estimated_running_time_seconds", "job_id", "position", "queue_length", "wait_time", "waited")

    job_id: str
    waited: float
    estimated_running_time_seconds: float | None
    position: int | None
    queue_length: int | None
    wait_time: WaitTime | None

    @classmethod
    def of(
        cls, snapshot: JobSnapshot, *, waited: float, position: int | None = None, queue: Queue | None = None
    ) -> StatusUpdate:
        """The update for `snapshot`, read `waited` seconds after the wait began; `queue`: that of its backend."""
        update = cls(snapshot.status)
        update.job_id = snapshot.job_id
        update.waited = waited
        update.estimated_running_time_seconds = snapshot.estimated_running_time_seconds
        update.position = position
        update.queue_length = queue.length if queue is not None else None
        update.wait_time = queue.wait_time if queue is not None else None
        return update


StatusCallback = Callable[[StatusUpdate], Any]


@dataclass(frozen=True)
class Notify:
    """Call the caller's `callback`, for which there is no deadline; tasks await the awaitable that it may return."""

    callback: Callable[[Any], Any]
    update: object

    def perform(self, _connection: object) -> None:
        """Call it."""
        with end_by(None):
            self.callback(self.update)

    async def perform_async(self, _connection: object) -> None:
        """Call it, and await what it returns if that is awaitable."""
        with end_by(None):
            outcome = self.callback(self.update)
            if inspect.isawaitable(outcome):
                await outcome
