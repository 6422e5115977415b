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
    InvalidInput,
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

__all__ = ["Notify", "StatusCallback", "StatusUpdate", "check_timeout", "wait"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

PASSING = (TransportError, RateLimited, ServerError, UnexpectedAnswer, NotFound)
PATIENCE_SECONDS = 900.0
"""So long the service may fail to say how the job is, each look with all its retries, before a wait without a deadline
gives up; one with a deadline goes on until then, since the job does."""

LOOKS_FOR_MISSING = 5
"""So many looks in a row may find no such job before the wait gives up; two if it was never seen."""


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


def check_timeout(timeout: float | None) -> None:
    """Refuse what is no number of seconds.

    Raises:
        InvalidInput: a text, a negative number, NaN.
    """
    if timeout is not None and not (isinstance(timeout, int | float) and timeout >= 0):
        raise InvalidInput(f"timeout={timeout!r}: pass seconds, 0 or more, or None to wait as long as it takes.")


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
    began = changed = asked = clock.monotonic()
    deadline = None if timeout is None else began + timeout
    status, missing, warned = None, 0, False
    while True:
        asked_to_wait, unseen = None, None
        budget = None if deadline is None else max(0.0, deadline - clock.monotonic())
        try:
            response = yield from fetch(jobs_api.get_job, budget=budget, id=job_id, exclude_params=True)
            job = json_object(response)
        except PASSING as failure:
            missing = missing + 1 if isinstance(failure, NotFound) else 0
            given_up = deadline is None and clock.monotonic() - asked >= PATIENCE_SECONDS
            if given_up or missing >= (2 if status is None else LOOKS_FOR_MISSING):
                raise
            unseen = failure
            asked_to_wait = failure.retry_after if isinstance(failure, ApiError) else None
            log.warning("waiting for job %s goes on after: %s", job_id, failure)
        else:
            missing = 0
            asked_to_wait = retry_after(response)
            snapshot = JobSnapshot.from_json(job, job_id=job_id)
            now = asked = clock.monotonic()
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
            raise WaitTimeout(job_id=job_id, status=status, waited=now - began) from unseen
        interval = pace.interval(now - changed, retry_after=asked_to_wait)
        yield Sleep(interval if deadline is None else min(interval, deadline - now), stop)
