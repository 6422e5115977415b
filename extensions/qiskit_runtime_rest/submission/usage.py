"""The usage of the instance: what is left, and when its period ends. Source: operation `get_usage` of the contract."""

from __future__ import annotations

from qiskit_runtime_api.api import instances as instances_api

from ..base.callers import warn
from ..base.forks import Lock
from ..base.json_members import member_object, member_text
from ..errors import ApiError, QuotaExceeded, SubmissionWarning, TransportError
from ..http.calls import fetch, json_object
from ..plans.clock import Clock
from ..plans.plan import Plan

__all__ = ["UsageWatch", "add_reset_time"]

FRESH_SECONDS = 60.0


class UsageWatch:
    """Warns of submissions that may take more QPU time than the instance has left; reads it once a minute at most."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is sent yet."""
        self._clock = clock
        self._lock = Lock()
        self._left: float | None = None
        self._asked_at: float | None = None

    def warn_if_over(self, seconds: float) -> Plan[None]:
        """Issue a `SubmissionWarning` if `seconds`, a job's `max_execution_time`, are more than what is left.

        A failure to read the usage is ignored: it does not prevent the submission.
        """
        left = yield from self._seconds_left()
        if left is not None and seconds > left:
            warn(
                f"the job may take {seconds:g} s of QPU time, and the instance has {left:g} s left in this period: the "
                "service may refuse it, or end it early.",
                SubmissionWarning,
            )

    def _seconds_left(self) -> Plan[float | None]:
        now = self._clock.monotonic()
        with self._lock:
            if self._asked_at is not None and now - self._asked_at < FRESH_SECONDS:
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


def add_reset_time(error: QuotaExceeded) -> Plan[None]:
    """Add to `error` when the usage period ends, if the service says so."""
    try:
        usage = json_object((yield from fetch(instances_api.get_instance_usage, budget=0.0)))
    except (ApiError, TransportError):
        return
    ends = member_text(member_object(usage, "usage_period"), "end_time")
    if ends is not None:
        error.resets_at = ends
        error.args = (f"{error} The usage period ends at {ends}.",)
