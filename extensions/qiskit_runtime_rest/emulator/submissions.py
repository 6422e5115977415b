"""The limits on submissions that the real service has; each is off unless asked for."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from .errors import TOO_MANY_PENDING_JOBS, TOO_MANY_REQUESTS, ServiceError

if TYPE_CHECKING:
    from .clock import Clock

__all__ = ["SubmissionLimits"]

_WINDOW_SECONDS = 60.0


class SubmissionLimits:
    """So many jobs a minute and user, so many pending jobs an instance."""

    def __init__(self, *, clock: Clock, per_minute: int | None, pending_jobs: int | None) -> None:
        """`None` for no limit."""
        self._clock = clock
        self._per_minute = per_minute
        self._pending_jobs = pending_jobs
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)

    def reset(self) -> None:
        """Forget what was submitted."""
        self._recent.clear()

    def admit(self, *, user_id: str, pending: int) -> None:
        """Check both limits; raises `ServiceError` 1202 (with Retry-After) or 3458."""
        if self._pending_jobs is not None and pending >= self._pending_jobs:
            raise ServiceError(
                TOO_MANY_PENDING_JOBS, f"{pending} jobs are pending; at most {self._pending_jobs} may be."
            )
        if self._per_minute is None:
            return
        now = self._clock.now()
        recent = self._recent[user_id]
        while recent and recent[0] <= now - _WINDOW_SECONDS:
            recent.popleft()
        if len(recent) >= self._per_minute:
            wait = math.ceil(recent[0] + _WINDOW_SECONDS - now)
            raise ServiceError(
                TOO_MANY_REQUESTS,
                f"The limit is {self._per_minute} jobs a minute.",
                headers={"Retry-After": str(max(wait, 1))},
            )

    def submitted(self, *, user_id: str) -> None:
        """Count a job that was recorded."""
        if self._per_minute is not None:
            self._recent[user_id].append(self._clock.now())
