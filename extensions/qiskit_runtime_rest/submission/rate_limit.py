"""How fast jobs are sent: below the service's limit for a user, counted over all the user's processes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..base.forks import Lock
from ..config.state_file import State
from ..errors import ConfigurationError
from ..plans.clock import Clock

__all__ = ["SubmissionLimiter"]

log = logging.getLogger("qiskit_runtime_rest.submission")

WINDOW_SECONDS = 60.0


class SubmissionLimiter:
    """Gives each submission its moment, so that no minute has more than `per_minute` of them.

    Shared by all threads and tasks that hold it, and by all processes of `user` through the state file. Where that
    cannot be written, this process counts alone, and says so once.
    """

    def __init__(self, per_minute: float | None, *, user: str, state: State, clock: Clock) -> None:
        """`per_minute`: None for no limit. `user`: who the service counts for, in a form that gives nothing away."""
        self.per_minute = per_minute or 0.0
        self._at_once = max(1, int(self.per_minute))
        self._user = user
        self._state: State | None = state
        self._clock = clock
        self._lock = Lock()
        self._alone: list[float] = []

    @property
    def is_off(self) -> bool:
        """Whether nothing is limited."""
        return not self.per_minute

    def reserve(self) -> float:
        """Take the next moment; the outcome is how many seconds away it is."""
        with self._lock:
            if self._state is not None:
                try:
                    return self._reserve_shared(self._state)
                except ConfigurationError as error:
                    log.warning("submissions are paced in this process only: %s", error)
                    self._state = None
            now = self._clock.time()
            at = self._next(now, self._alone)
            self._alone = [*self._alone[-self._at_once :], at]
            return at - now

    def _reserve_shared(self, state: State) -> float:
        now = self._clock.time()
        with state.transaction() as file:
            file.execute("DELETE FROM pace WHERE user = ? AND at < ?", (self._user, now - self._window))
            taken = file.execute("SELECT at FROM pace WHERE user = ? ORDER BY at", (self._user,)).fetchall()
            at = self._next(now, [row["at"] for row in taken])
            file.execute("INSERT INTO pace VALUES (?, ?)", (self._user, at))
        return at - now

    @property
    def _window(self) -> float:
        return WINDOW_SECONDS * self._at_once / self.per_minute

    def _next(self, now: float, taken: Sequence[float]) -> float:
        if len(taken) < self._at_once:
            return now
        # So many windows are taken at most; moments beyond were reserved before somebody set the clock back.
        last = now + self._window * (len(taken) // self._at_once + 1)
        return min(max(now, taken[-self._at_once] + self._window), last)
