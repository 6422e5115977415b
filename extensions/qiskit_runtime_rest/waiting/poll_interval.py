"""How long to wait between two looks at a job."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PollInterval"]


@dataclass(frozen=True, kw_only=True)
class PollInterval:
    """Adaptive: a job that is new in its status is looked at often, one that has long been in it seldom.

    Attributes:
        shortest, longest: bounds of the interval, in seconds.
        share: the interval as a share of that age, so that a change is seen at most this much late.
        jitter: each interval is varied by up to this share, within the bounds, so that many waits do not meet.
        random: gives a number in [0, 1); a parameter so that tests decide.
    """

    shortest: float = 0.25
    longest: float = 15.0
    share: float = 0.2
    jitter: float = 0.1
    random: Callable[[], float] = random.random

    def interval(self, age: float, *, retry_after: float | None = None) -> float:
        """Seconds until the next look at a job `age` seconds in its status; never less than the service asks for."""
        steady = min(self.longest, max(self.shortest, age * self.share))
        # Bounding the range, not what is drawn from it, keeps long waits from meeting at the longest interval.
        least = max(min(self.shortest, steady), steady * (1.0 - self.jitter))
        most = min(self.longest, steady * (1.0 + self.jitter))
        return max(least + (most - least) * self.random(), retry_after or 0.0)
