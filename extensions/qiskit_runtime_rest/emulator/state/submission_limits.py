"""The service's limits on submissions. Each is off by default."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from ..errors import TOO_MANY_PENDING_JOBS, TOO_MANY_REQUESTS, ServiceError

if TYPE_CHECKING:
    from .clock import Clock

__all__ = ["SubmissionLimits"]

_WINDOW_SECONDS = 60.0


class SubmissionLimits:
    """A limit of jobs per minute for each user, and of pending jobs for each instance."""

    def __init__(self, *, clock: Clock, per_minute: int | None, pending_jobs: int | None) -> None:
        """`None` for no limit."""
        self._clock = clock
        self._per_minute = per_minute
        self._pending_jobs = pending_jobs
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)

    def reset(self) -> None:
        """Forget all submissions."""
        self._recent.clear()

    def check(self, *, user_id: str, pending: int) -> None:
        """Check both limits; raises `ServiceError` 1202 (with Retry-After) or 3458."""
        if self._pending_jobs is not None and pending >= self._pending_jobs:
            raise ServiceError(TOO_MANY_PENDING_JOBS, f"{pending} jobs are pending; the limit is {self._pending_jobs}.")
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

    def count(self, *, user_id: str) -> None:
        """Count a submitted job."""
        if self._per_minute is not None:
            self._recent[user_id].append(self._clock.now())
