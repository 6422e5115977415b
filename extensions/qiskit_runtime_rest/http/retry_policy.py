"""How often a failed request is sent again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..arguments import FUNCTION, NOT_NEGATIVE, POSITIVE, WHOLE, check

__all__ = ["RetryPolicy"]

CHECKS = {
    "attempts": WHOLE,
    "seconds": NOT_NEGATIVE,
    "first": POSITIVE,
    "longest": POSITIVE,
    "longest_retry_after": NOT_NEGATIVE,
    "random": FUNCTION,
}
MOST_DOUBLINGS = 64
"""Of a delay; far more than any bound allows."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with full jitter, within a budget.

    Attributes:
        attempts: how often a request is sent at most, the first time included.
        seconds: no retry begins later than this after the first attempt began.
        first, longest: upper bounds of the first delay and of any delay, in seconds; the bound doubles in between.
        longest_retry_after: a longer `Retry-After` is cut to this many seconds.
        random: gives a number in [0, 1); a parameter so that tests decide.
    """

    attempts: int = 6
    seconds: float = 120.0
    first: float = 0.5
    longest: float = 20.0
    longest_retry_after: float = 60.0
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        """Refuse values that cannot work. Raises: InvalidInput."""
        check(vars(self), CHECKS)

    def delay(self, attempt: int, *, elapsed: float, retry_after: float | None) -> float | None:
        """Seconds to wait after failed `attempt` (from 1), `elapsed` seconds after the first began; None: give up."""
        if attempt >= self.attempts:
            return None
        bound = min(self.longest, self.first * 2.0 ** min(attempt - 1, MOST_DOUBLINGS))
        wait = self.random() * bound
        if retry_after is not None:
            wait += min(retry_after, self.longest_retry_after)
        return wait if elapsed + wait <= self.seconds else None

    def within(self, seconds: float) -> RetryPolicy:
        """This policy with a budget of at most `seconds`."""
        return replace(self, seconds=min(self.seconds, seconds))
