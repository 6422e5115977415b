"""How long a wait goes on, and what it bears of the service meanwhile."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from ..base.text import printable
from ..errors import (
    ApiError,
    ClientClosed,
    InvalidInput,
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
from .poll_interval import PollInterval

__all__ = ["LOOKS_FOR_MISSING", "PASSING", "WaitBudget", "check_timeout"]

log = logging.getLogger("qiskit_runtime_rest.waiting")

PASSING = (TransportError, RateLimited, ServerError, UnexpectedAnswer, NotFound)
PATIENCE_SECONDS = 900.0
"""So long the service may fail to say how things are, each look with all its retries, before a wait without a deadline
gives up; one with a deadline goes on until then, since the jobs do."""

LOOKS_FOR_MISSING = 5
"""So many looks in a row may find no such job (or session) before the wait gives it up; two if it was never seen."""


def check_timeout(timeout: float | None) -> None:
    """Refuse what is no number of seconds.

    Raises:
        InvalidInput: a text, a negative number, NaN.
    """
    if timeout is not None and not (isinstance(timeout, int | float) and timeout >= 0):
        raise InvalidInput(f"timeout={timeout!r}: pass seconds, 0 or more, or None to wait as long as it takes.")


class WaitBudget:
    """The deadline of one wait, its stop event, and what the service's answers and failures mean for it."""

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
            InvalidInput: `timeout` is no number of seconds.
        """
        check_timeout(timeout)
        self.clock = clock
        self.stop = stop
        self.poll_interval = poll_interval
        self._began = self._answered_at = clock.monotonic()
        self._deadline = None if timeout is None else self._began + timeout
        self._looked_at: float | None = None
        self._failure: ApiError | TransportError | None = None
        self._asked_to_wait = 0.0

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
    def look(self, what: str) -> Iterator[None]:
        """Around the requests of one look at `what`: failures that pass, and `stop`, end the look, and not the wait.

        Raises: ApiError, TransportError (it does not pass, or has not for long).
        """
        self._failure, self._asked_to_wait = None, 0.0
        try:
            with stopped_by(self.stop):
                yield
        except ClientClosed:
            raise
        except PASSING as failure:
            self.bear(failure, what)
        finally:
            self._looked_at = self.clock.monotonic()

    def bear(self, failure: ApiError | TransportError, what: str) -> None:
        """Go on after `failure`, or raise it when there was nothing else for long."""
        if self._deadline is None and self.clock.monotonic() - self._answered_at >= PATIENCE_SECONDS:
            raise failure
        self._failure = failure
        self._asked_to_wait = max(self._asked_to_wait, getattr(failure, "retry_after", None) or 0.0)
        log.warning("waiting for %s goes on after: %s", printable(what), failure)

    def answered(self, response: httpx.Response) -> None:
        """Take note of an answer that could be used."""
        self._answered_at = self.clock.monotonic()
        self._asked_to_wait = max(self._asked_to_wait, retry_after(response) or 0.0)

    def pause(self, *, changed: float, left: dict[str, Any]) -> Plan[None]:
        """Sleep until the next look is due; the first is at once.

        Args:
            changed: the moment, on the clock, from which what is waited for is as it is.
            left: what is still waited for, as arguments of `WaitTimeout` and `WaitStopped`.

        Raises: WaitTimeout, WaitStopped.
        """
        if self._looked_at is None:
            return
        if self.stop is not None and self.stop.is_set():
            raise WaitStopped(**left)
        if self._deadline is not None and self._looked_at >= self._deadline:
            raise WaitTimeout(**left, waited=self.waited) from self._failure
        age = self._looked_at - changed
        due = self._looked_at + self.poll_interval.interval(age, retry_after=self._asked_to_wait or None)
        now = self.clock.monotonic()
        seconds = (due if self._deadline is None else min(due, self._deadline)) - now
        if seconds > 0:
            yield Sleep(seconds, self.stop)
