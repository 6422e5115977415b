"""How long a wait lasts, how often it asks, and which failures it survives."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qiskit_runtime_api.http_library import httpx

from ..arguments import FUNCTION, NOT_NEGATIVE, POSITIVE, SHARE, check, check_timeout
from ..base.text import printable
from ..errors import (
    ApiError,
    ClientClosed,
    NotFound,
    RateLimited,
    ServerError,
    TransportError,
    UnexpectedAnswer,
    WaitStopped,
    WaitTimeout,
)
from ..http.error_mapping import retry_after
from ..plans.clock import Clock
from ..plans.effects import Sleep, stopped_by
from ..plans.plan import Plan

__all__ = ["CHECKS_FOR_MISSING", "PollInterval", "WaitBudget"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

TRANSIENT = (TransportError, RateLimited, ServerError, UnexpectedAnswer, NotFound)
FAILING_SECONDS = 900.0
"""Without a deadline, give up after this many seconds without a usable response. With a deadline, keep trying until it.
"""

CHECKS_FOR_MISSING = 5
"""Give up a job (or session) after this many checks in a row that do not find it; after two if it was never found."""


INTERVAL_CHECKS = {
    "shortest": POSITIVE,
    "longest": POSITIVE,
    "share": NOT_NEGATIVE,
    "jitter": SHARE,
    "random": FUNCTION,
}


@dataclass(frozen=True, kw_only=True)
class PollInterval:
    """Adaptive: a job that is new in its status is checked often, one that has long been in it seldom.

    Attributes:
        shortest, longest: bounds of the interval, in seconds.
        share: the interval as a share of that age, so that a change is seen at most this much late.
        jitter: each interval is varied by up to this share, within the bounds, so that many waits do not coincide.
        random: gives a number in [0, 1); a parameter so that tests decide.
    """

    shortest: float = 0.25
    longest: float = 15.0
    share: float = 0.2
    jitter: float = 0.1
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        """Refuse values that cannot work. Raises: InvalidInput."""
        check(vars(self), INTERVAL_CHECKS)

    def interval(self, age: float, *, retry_after: float | None = None) -> float:
        """Seconds until the next check of a job `age` seconds in its status; never less than the service asks for."""
        steady = min(self.longest, max(self.shortest, age * self.share))
        # The range is bounded, not the value drawn from it, so that long waits do not all use the longest interval.
        least = max(min(self.shortest, steady), steady * (1.0 - self.jitter))
        most = min(self.longest, steady * (1.0 + self.jitter))
        return max(least + (most - least) * self.random(), retry_after or 0.0)


class WaitBudget:
    """What is left of a wait: its deadline, its stop event, and the failures that it has survived."""

    def __init__(
        self,
        *,
        clock: Clock,
        poll_interval: PollInterval,
        timeout: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """The wait begins now.

        Raises:
            InvalidInput: `timeout` is not a number of seconds.
        """
        timeout = check_timeout(timeout)
        self.clock = clock
        self.stop = stop
        self.poll_interval = poll_interval
        self._began = self._responded_at = clock.monotonic()
        self._deadline = None if timeout is None else self._began + timeout
        self._checked_at: float | None = None
        self._failure: ApiError | TransportError | None = None
        self._retry_after = 0.0

    @property
    def waited(self) -> float:
        """Seconds since the wait began."""
        return self.clock.monotonic() - self._began

    @property
    def left(self) -> float | None:
        """Seconds until the deadline; None without one."""
        return None if self._deadline is None else max(0.0, self._deadline - self.clock.monotonic())

    @property
    def is_used_up(self) -> bool:
        """Whether the deadline has passed, or the caller wants to stop."""
        return self.left == 0.0 or (self.stop is not None and self.stop.is_set())

    @contextlib.contextmanager
    def check(self, what: str) -> Iterator[None]:
        """Around the requests of one check of `what`: transient failures, and `stop`, end the check, not the wait.

        Raises: ApiError, TransportError (not transient, or for too long).
        """
        self._failure, self._retry_after = None, 0.0
        try:
            with stopped_by(self.stop):
                yield
        except ClientClosed:
            raise
        except TRANSIENT as failure:
            self.record_failure(failure, what)
        finally:
            self._checked_at = self.clock.monotonic()

    def record_failure(self, failure: ApiError | TransportError, what: str) -> None:
        """Go on after `failure`, or raise it if there were only failures for too long."""
        if self._deadline is None and self.clock.monotonic() - self._responded_at >= FAILING_SECONDS:
            raise failure
        self._failure = failure
        self._retry_after = max(self._retry_after, getattr(failure, "retry_after", None) or 0.0)
        log.warning("waiting for %s goes on after: %s", printable(what), failure)

    def record_response(self, response: httpx.Response) -> None:
        """Take note of a usable response."""
        self._responded_at = self.clock.monotonic()
        self._retry_after = max(self._retry_after, retry_after(response) or 0.0)

    def pause(self, *, changed: float, left: dict[str, Any]) -> Plan[None]:
        """Sleep until the next check is due; the first one is due at once.

        Args:
            changed: the moment, on the clock, of the last change of status.
            left: what the wait still waits for, as arguments of `WaitTimeout` and `WaitStopped`.

        Raises: WaitTimeout, WaitStopped.
        """
        if self._checked_at is None:
            return
        if self.stop is not None and self.stop.is_set():
            raise WaitStopped(**left)
        if self._deadline is not None and self._checked_at >= self._deadline:
            raise WaitTimeout(**left, waited=self.waited) from self._failure
        age = self._checked_at - changed
        due = self._checked_at + self.poll_interval.interval(age, retry_after=self._retry_after or None)
        now = self.clock.monotonic()
        seconds = (due if self._deadline is None else min(due, self._deadline)) - now
        if seconds > 0:
            yield Sleep(seconds, self.stop)
