"""What somebody who waits is told about a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .queues import Queue, WaitTime
from .states import JobSnapshot

__all__ = ["Notify", "StatusCallback", "StatusUpdate"]


class StatusUpdate(str):
    """A job's status word, with what else was known when it was seen.

    Attributes:
        job_id: the job.
        waited: seconds since the wait began.
        estimated_running_time_seconds: the service's estimate of the time on the QPU, or None.
        position: of a queued job, its place, from 1, among the queued jobs of its backend that the wait sees in the
            instance's list; others may be before it. None when the job was read by itself.
        queue_length: jobs of everybody that wait for its backend, or None.
        wait_time: how long jobs have lately waited for its backend, or None.

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
        """The update for `snapshot`, seen `waited` seconds after the wait began; `queue`: that of its backend."""
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
    """Tell the caller's `callback`; one that returns an awaitable is awaited by tasks."""

    callback: Callable[[Any], Any]
    update: object

    def perform(self, _connection: object) -> None:
        """Call it."""
        self.callback(self.update)

    async def perform_async(self, _connection: object) -> None:
        """Call it, and await what it returns if that can be awaited."""
        outcome = self.callback(self.update)
        if inspect.isawaitable(outcome):
            await outcome
