"""Waiting for one job to end, as a plan."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qiskit_runtime_api.api import jobs as jobs_api

from ..answers import retry_after
from ..connection.calls import fetch, json_object
from ..effects import Clock, Plan, Sleep
from ..errors import (
    ApiError,
    NotFound,
    RateLimited,
    ServerError,
    TransportError,
    UnexpectedAnswer,
    WaitStopped,
    WaitTimeout,
)
from .pace import Pace
from .states import JobSnapshot

__all__ = ["StatusCallback", "StatusUpdate", "wait"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

PASSING = (TransportError, RateLimited, ServerError, UnexpectedAnswer, NotFound)
PATIENCE = 5
"""So many looks in a row may fail, each with all its retries, before the wait gives up."""


class StatusUpdate(str):
    """A job's status word, with what else was known when it was seen.

    Attributes:
        job_id: the job.
        waited: seconds since the wait began.
        estimated_running_time_seconds: the service's estimate of the time on the QPU, or None.
    """

    __slots__ = ("estimated_running_time_seconds", "job_id", "waited")

    job_id: str
    waited: float
    estimated_running_time_seconds: float | None

    @classmethod
    def of(cls, snapshot: JobSnapshot, *, waited: float) -> StatusUpdate:
        """The update for `snapshot`, seen `waited` seconds after the wait began."""
        update = cls(snapshot.status)
        update.job_id = snapshot.job_id
        update.waited = waited
        update.estimated_running_time_seconds = snapshot.estimated_running_time_seconds
        return update


StatusCallback = Callable[[StatusUpdate], Any]


@dataclass(frozen=True)
class Notify:
    """Tell the caller's `callback`; one that returns an awaitable is awaited by tasks."""

    callback: StatusCallback
    update: StatusUpdate

    def perform(self, _io: object) -> None:
        """Call it."""
        self.callback(self.update)

    async def perform_async(self, _io: object) -> None:
        """Call it, and await what it returns if that can be awaited."""
        outcome = self.callback(self.update)
        if inspect.isawaitable(outcome):
            await outcome


def wait(
    job_id: str,
    *,
    clock: Clock,
    pace: Pace,
    timeout: float | None = None,
    on_status: StatusCallback | None = None,
    stop: threading.Event | None = None,
) -> Plan[dict[str, Any]]:
    """Look at the job until it ends; the outcome is its last JSON, whether it completed or failed.

    Raises:
        WaitTimeout: `timeout` seconds passed; the job goes on.
        WaitStopped: `stop` was set; the job goes on.
        ApiError, TransportError: the service could not be asked, for long.
    """
    began = changed = clock.monotonic()
    deadline = None if timeout is None else began + timeout
    status, failures, warned = None, 0, False
    while True:
        asked_to_wait = None
        budget = None if deadline is None else max(0.0, deadline - clock.monotonic())
        try:
            response = yield from fetch(jobs_api.get_job, budget=budget, id=job_id, exclude_params=True)
            job = json_object(response)
        except PASSING as failure:
            failures += 1
            if failures >= PATIENCE or (isinstance(failure, NotFound) and status is None and failures > 1):
                raise
            asked_to_wait = failure.retry_after if isinstance(failure, ApiError) else None
            log.warning("waiting for job %s goes on after: %s", job_id, failure)
        else:
            failures = 0
            asked_to_wait = retry_after(response)
            snapshot = JobSnapshot.from_json(job)
            now = clock.monotonic()
            if snapshot.status != status:
                status, changed = snapshot.status, now
                if on_status is not None:
                    yield Notify(on_status, StatusUpdate.of(snapshot, waited=now - began))
            if snapshot.is_final:
                return job
            if not snapshot.is_known and not warned:
                warned = True
                log.warning("job %s has a status this version does not know: %s; waiting on", job_id, status)
        now = clock.monotonic()
        if stop is not None and stop.is_set():
            raise WaitStopped(job_id=job_id, status=status)
        if deadline is not None and now >= deadline:
            raise WaitTimeout(job_id=job_id, status=status, waited=now - began)
        interval = pace.interval(now - changed, retry_after=asked_to_wait)
        yield Sleep(interval if deadline is None else min(interval, deadline - now), stop)
