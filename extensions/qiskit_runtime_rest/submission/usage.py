"""What the instance has left, looked at before a job that says how much it may take."""

from __future__ import annotations

from qiskit_runtime_api.api import instances as instances_api

from ..base.callers import warn
from ..base.forks import Lock
from ..errors import ApiError, SubmissionWarning, TransportError
from ..http.calls import fetch, json_object
from ..plans.clock import Clock
from ..plans.plan import Plan
from .request import JobRequest

__all__ = ["UsageWatch"]

FRESH_SECONDS = 60.0


class UsageWatch:
    """Warns of submissions that may take more QPU time than the instance has left; asks once a minute at most."""

    def __init__(self, clock: Clock) -> None:
        """Knows nothing yet."""
        self._clock = clock
        self._lock = Lock()
        self._left: float | None = None
        self._asked_at: float | None = None

    def warn_if_over(self, request: JobRequest) -> Plan[None]:
        """Issue a `SubmissionWarning` if `request` names a `max_execution_time` above what is left.

        Source: operation `get_usage`. An answer that does not come is no reason not to submit.
        """
        if request.max_execution_time is None:
            return
        left = yield from self._seconds_left()
        if left is not None and request.max_execution_time > left:
            warn(
                f"the job may take {request.max_execution_time:g} s of QPU time, and the instance has {left:g} s left "
                "in this period: the service may refuse it, or end it early.",
                SubmissionWarning,
            )

    def _seconds_left(self) -> Plan[float | None]:
        now = self._clock.monotonic()
        with self._lock:
            fresh = self._asked_at is not None and now - self._asked_at < FRESH_SECONDS
            if fresh:
                return self._left
            self._asked_at = now
        try:
            usage = json_object((yield from fetch(instances_api.get_instance_usage, budget=0.0)))
        except (ApiError, TransportError):
            return None
        limit, used = usage.get("usage_limit_seconds"), usage.get("usage_consumed_seconds")
        self._left = None
        if isinstance(limit, int | float) and isinstance(used, int | float):
            self._left = max(0.0, limit - used)
        return self._left
