"""Limit how fast jobs are submitted: below the service's limit for a user, counted over the user's processes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..base.forks import Lock
from ..config.state_file import State, StateBusy
from ..errors import ConfigurationError
from ..plans.clock import Clock

__all__ = ["SubmissionLimiter"]

log = logging.getLogger("qiskit_runtime_rest.submission")

WINDOW_SECONDS = 60.0


class SubmissionLimiter:
    """Reserves a moment for each submission, so that no minute has more than `per_minute` of them.

    Counts the submissions of all threads and tasks that share it, and through the state file those of all processes
    of `user`. If the file cannot be written, it logs a warning and counts this process alone.
    """

    def __init__(self, per_minute: float | None, *, user: str, state: State, clock: Clock) -> None:
        """`per_minute`: None for no limit. `user`: a digest of the user for whom the service counts."""
        self.per_minute = per_minute or 0.0
        self._at_once = max(1, int(self.per_minute))
        self._user = user
        self._state: State | None = state
        self._clock = clock
        self._lock = Lock()
        self._own: list[float] = []

    @property
    def is_off(self) -> bool:
        """Whether there is no limit."""
        return not self.per_minute

    def reserve(self) -> float:
        """Reserve the next moment; returns the seconds until then."""
        with self._lock:
            if self._state is not None:
                try:
                    return self._reserve_shared(self._state)
                except StateBusy as error:
                    log.warning("this submission is counted in this process only: %s", error)
                except ConfigurationError as error:
                    log.warning("submissions are limited in this process only: %s", error)
                    self._state = None
            now = self._clock.time()
            at = self._next(now, self._own)
            self._own = [*self._own[-self._at_once :], at]
            return at - now

    def _reserve_shared(self, state: State) -> float:
        now = self._clock.time()
        with state.transaction(optional=True) as file:
            file.execute("DELETE FROM pace WHERE user = ? AND at < ?", (self._user, now - self._window))
            rows = file.execute("SELECT at FROM pace WHERE user = ? ORDER BY at", (self._user,)).fetchall()
            at = self._next(now, [row["at"] for row in rows])
            file.execute("INSERT INTO pace VALUES (?, ?)", (self._user, at))
        return at - now

    @property
    def _window(self) -> float:
        return WINDOW_SECONDS * self._at_once / self.per_minute

    def _next(self, now: float, reserved: Sequence[float]) -> float:
        """The first moment from `now` with fewer than the limit of `reserved` ones (in order) in the window before."""
        if len(reserved) < self._at_once:
            return now
        # Later moments were reserved before the machine's clock was set back: the reservations fill fewer windows.
        last = now + self._window * (len(reserved) // self._at_once + 1)
        return min(max(now, reserved[-self._at_once] + self._window), last)
